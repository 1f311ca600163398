"""The sides of a model's frontier, as tables, figures and verdicts name them."""

from tms.experiments import labels
from tms.experiments.frontier import SFT, TMS
from tms.report.cell_lookup import CellLookup, Reading

EXPERIMENT = "frontier"


def sides(lookup: CellLookup) -> list[str]:
    """The sides that the model's experiment has."""
    return list(lookup.info.sides)


def whose(side: str) -> str:
    """A side's name before what is its own: `SFT's`."""
    return "weight averaging's" if side == "average" else f"{labels.method(side)}'s"


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
