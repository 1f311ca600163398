"""The table of choices: for each tolerance of forgetting the best point of each side, and which is chosen."""

from dataclasses import replace

from tms.experiments import labels as names
from tms.experiments.windows import EXPERIMENT
from tms.metrics.summary import BASE
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.frontier_sides import setting, side_name
from tms.report.precision import exact
from tms.report.tables.diagnoses import COSTS
from tms.report.tables.methods import having
from tms.report.tables.table import Column, Table

COLUMNS = [
    Column("target_mean", names.quantity("target_mean")),
    Column("forgetting", names.quantity("forgetting")),
    Column("lower", "Target below the choice's (points)", "percent"),
    Column("share", "Chosen, % of resamples"),
]


def choice(lookups: list[CellLookup]) -> Table:
    """For each tolerance the best point of each side, selected on validation and measured on test.

    Raises:
        NotMeasuredError: no model has choices.
    """
    rows = [
        _row(lookup, cell)
        for lookup in having(lookups, EXPERIMENT)
        for cell in lookup.cells(EXPERIMENT, "chosen.share")
    ]
    if not rows:
        raise NotMeasuredError("experiment frontier has no choices")
    labels = {"model": "Model", "tolerance": "Forgetting, at most (points)", "side": "Side"}
    labels |= {"setting": "Best setting", "use": "Choice"}
    notes = [
        "Selected on one half of the examples and measured on the other; differences between sides hold the "
        "selection, made anew in each resample. A side without a better setting within the tolerance has the "
        "base's numbers. Costs hold everything that a setting depends on, for one seed.",
    ]
    title = "What to use for a tolerated forgetting"
    return Table("choice", title, labels, [*COLUMNS, *COSTS], rows, notes)


def _row(lookup: CellLookup, cell: dict) -> tuple[dict[str, str], dict[str, Reading | None]]:
    """A row from the cell of how often a side is chosen, which names the side's best point."""
    side, method, checkpoint = cell["group"], cell["method"], cell["checkpoint"]
    where = {"prompts": "test", "checkpoint": checkpoint}
    readings = {
        name: lookup.reading(EXPERIMENT, name, method, **where) for name in ("target_mean", "forgetting")
    }
    readings["share"] = replace(Reading.of(cell), mark="")
    for difference in lookup.cells(EXPERIMENT, "chosen.difference", x=cell["x"], group=side):
        readings["lower"] = replace(Reading.of(difference).scaled(100), p_value=None)
    readings |= {one.key: lookup.reading(EXPERIMENT, one.key, method) for one in COSTS if method != BASE}
    name = side_name(side)
    own = setting(lookup.info, side, method, checkpoint)
    texts = {"model": lookup.info.model, "tolerance": exact(100 * cell["x"])}
    texts |= {"side": name[:1].upper() + name[1:], "setting": own, "use": "✓" if cell["mark"] else ""}
    return texts, readings
