"""The sides of a model's frontier control, as tables, figures and verdicts name them."""

from tms.config.method_kinds import SIDES
from tms.report.cell_lookup import CellLookup, Reading

EXPERIMENT = "frontier"
# TMS's rivals -> the quantity that compares their areas with TMS's, and the rival in words.
RIVALS = {
    "sft": ("area_difference", "SFT's"),
    "average": ("area_difference_average", "weight averaging's"),
}


def sides(lookup: CellLookup) -> list[str]:
    """The sides that the model's experiment has."""
    kinds = {lookup.info.kinds[method] for method in lookup.info.experiments.get(EXPERIMENT, [])}
    return [side for side in SIDES if side in kinds]


def differences(lookup: CellLookup) -> dict[str, Reading]:
    """TMS's dominated area minus that of each rival on test, where it was measured."""
    readings = {
        rival: lookup.reading(EXPERIMENT, quantity, "tms", prompts="test")
        for rival, (quantity, _) in RIVALS.items()
    }
    return {rival: reading for rival, reading in readings.items() if reading}


def selected_by(note: str, side: str) -> bool:
    """Whether the note of a point's cell says that it is on a side's front by validation.

    theta_0 anchors all sides; where only some selected it, its note names those.
    """
    return note == "selected" or side in note.removeprefix("selected: ").split(", ")
