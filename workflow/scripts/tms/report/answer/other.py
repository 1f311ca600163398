"""The best other entry: of all that is neither the base nor SFT nor TMS, the best on the validation half."""

from tms.experiments import labels
from tms.report.answer.numbers import BASE, SFT, TMS, Entry
from tms.report.cell_lookup import CellLookup
from tms.report.model_info import ModelInfo

MAIN, FRONTIER = "main", "frontier"
VALIDATION, TEST = "validation", "test"


def best_other(lookup: CellLookup) -> Entry | None:
    """The entry with the highest target score plus forgetting on the validation half; None: there is none.

    Entries are the other methods of the experiment main, and the points of the frontier (methods and the
    checkpoints of their runs). Its numbers are those of the test half, on which nothing was chosen.
    """
    scores = {place: score for place in _places(lookup) if (score := _score(lookup, *place)) is not None}
    if not scores:
        return None
    experiment, method, checkpoint = max(scores, key=scores.get)
    label = entry_label(lookup.info, method, checkpoint)
    note = (
        f"Best other entry: {label}, the best of {len(scores)} others by target score less forgetting on one "
        f"half of the examples; its numbers, and its differences in the sentence, are of the other half."
    )
    return Entry(method, label, "other", experiment, checkpoint, TEST, note)


def _places(lookup: CellLookup) -> list[tuple[str, str, str]]:
    """Experiment, method and checkpoint of each entry that may be the best other one."""
    places = {(method, ""): MAIN for method in lookup.methods(MAIN)}
    for cell in lookup.cells(FRONTIER, "target_mean", prompts=VALIDATION):
        if cell["group"] != BASE:
            places.setdefault((cell["method"], cell["checkpoint"]), FRONTIER)
    rows = {(name, "") for name in (BASE, SFT, TMS)}
    return [(place, *point) for point, place in places.items() if point not in rows]


def _score(lookup: CellLookup, experiment: str, method: str, checkpoint: str) -> float | None:
    where = {"prompts": VALIDATION, "checkpoint": checkpoint}
    target = lookup.reading(experiment, "target_mean", method, **where)
    forgetting = lookup.reading(experiment, "forgetting", method, **where)
    return target and target.value + (forgetting.value if forgetting else 0.0)


def entry_label(info: ModelInfo, method: str, checkpoint: str = "") -> str:
    """A method's name in words, with the share of its learning rate and the checkpoint of its runs."""
    kind, scale = info.kinds.get(method, method), info.scales.get(method)
    label = labels.method(method)
    if scale is not None and method.startswith(f"{kind}_lr"):
        label = f"{labels.method(kind)} at {100 * scale:.3g} % of its rate"
    elif kind == "average":
        label = f"an average of base and trained weights ({method})"
    return f"{label}, stopped at {checkpoint.replace('of', '/')} of its run" if checkpoint else label
