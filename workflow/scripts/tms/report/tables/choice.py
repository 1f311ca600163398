"""The table of choices: for each tolerance of forgetting the best point of each side, and which is chosen."""

from tms.experiments import labels as names
from tms.metrics.cost_table import WORK
from tms.metrics.summary import BASE
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.frontier_sides import EXPERIMENT, setting, side_name
from tms.report.precision import exact
from tms.report.tables.methods import having
from tms.report.tables.table import Column, Table

COSTS = [Column(f"cost.{name}", names.quantity(f"cost.{name}"), "count") for name in WORK]
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
    rows = []
    for lookup in having(lookups, EXPERIMENT):
        chosen = {
            cell["x"]: cell["group"]
            for cell in lookup.cells(EXPERIMENT, "chosen.target_mean", prompts="test")
        }
        rows += [
            _row(lookup, tolerance, side, side == own)
            for tolerance, own in chosen.items()
            for side in (BASE, *lookup.info.sides)
        ]
    if not rows:
        raise NotMeasuredError("experiment frontier has no choices")
    labels = {"model": "Model", "tolerance": "Forgetting, at most (points)", "side": "Side"}
    labels |= {"setting": "Best setting", "use": "Choice"}
    notes = [
        "Selected on one half of the examples and measured on the other; the intervals hold the selection, "
        "made anew in each resample. A side without a better setting within the tolerance has the base's "
        "numbers. Costs hold everything that a setting depends on, for one seed.",
    ]
    title = "What to use for a tolerated forgetting"
    return Table("choice", title, labels, [*COLUMNS, *COSTS], rows, notes)


def _row(
    lookup: CellLookup, tolerance: float, side: str, chosen: bool
) -> tuple[dict[str, str], dict[str, Reading | None]]:
    method, checkpoint, readings = BASE, "", {}
    for cell in lookup.cells(EXPERIMENT, "best.target_mean", x=tolerance, group=side):
        method, checkpoint = cell["method"], cell["checkpoint"]
        where = {"x": tolerance, "group": side, "prompts": "test", "checkpoint": checkpoint}
        readings = {
            name: lookup.reading(EXPERIMENT, f"best.{name}", method, **where)
            for name in ("target_mean", "forgetting")
        }
    if side == BASE:
        readings["target_mean"] = lookup.reading(EXPERIMENT, "target_mean", BASE, prompts="test")
    for cell in lookup.cells(EXPERIMENT, "chosen.difference", x=tolerance, group=side):
        readings["lower"] = Reading.of(cell).scaled(100)
    readings["share"] = lookup.reading(EXPERIMENT, "chosen.share", side, x=tolerance, prompts="test")
    readings |= {one.key: lookup.reading(EXPERIMENT, one.key, method) for one in COSTS if method != BASE}
    name = side_name(side)
    own = "the base" if method == BASE else setting(lookup.info, side, method, checkpoint)
    texts = {"model": lookup.info.model, "tolerance": exact(100 * tolerance)}
    return texts | {
        "side": name[:1].upper() + name[1:],
        "setting": own,
        "use": "✓" if chosen else "",
    }, readings
