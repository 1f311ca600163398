"""The sides of a model's frontier, as tables, figures and verdicts name them."""

from tms.experiments import labels
from tms.experiments.frontier import SFT, TMS
from tms.experiments.windows import EXPERIMENT
from tms.metrics.summary import BASE
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.model_info import ModelInfo


def sides(lookup: CellLookup) -> list[str]:
    """The sides that the model's experiment has."""
    return list(lookup.info.sides)


def side_name(side: str) -> str:
    """A side's name in a sentence."""
    of = side.removesuffix("average")
    if of == side:
        return "the base" if side == BASE else labels.method(side)
    return f"weight averaging of {labels.method(of.strip('_'))}" if of else "weight averaging"


def whose(side: str) -> str:
    """A side's name before what is its own: `SFT's`."""
    return f"{side_name(side)}'s"


def setting(info: ModelInfo, side: str, method: str, checkpoint: str = "") -> str:
    """A point of a side in words: the side, the method's own settings, and the checkpoint before its end."""
    if method == BASE:
        return side_name(BASE)
    own = info.own.get(method, "")
    at = f", at {checkpoint.replace('of', '/')} of its run" if checkpoint else ""
    return f"{side_name(side)}{f' ({own})' if own else ''}{at}"


def differences(lookup: CellLookup) -> dict[str, Reading]:
    """TMS's dominated area minus that of each other side on test, where it was measured; SFT first."""
    found = {
        cell["group"]: Reading.of(cell)
        for cell in lookup.cells(EXPERIMENT, "area_difference", method=TMS, prompts="test")
    }
    return dict(sorted(found.items(), key=lambda entry: entry[0] != SFT))


def from_sft(lookup: CellLookup) -> dict[str, Reading]:
    """The dominated area of each side but TMS minus SFT's on test, where it was measured."""
    return {
        cell["method"]: Reading.of(cell)
        for cell in lookup.cells(EXPERIMENT, "area_difference", group=SFT, prompts="test")
        if cell["method"] != TMS
    }


def selected_by(note: str, side: str) -> bool:
    """Whether the note of a point's cell says that it is on a side's front by validation.

    theta_0 anchors all sides; where only some selected it, its note names those.
    """
    return note == "selected" or side in note.removeprefix("selected: ").split(", ")
