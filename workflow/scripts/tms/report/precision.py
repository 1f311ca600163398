"""Words on the precision behind numbers: the floor of divergences, and what rounding left of the updates."""

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup

MAIN = "main"
WHOLE = 0.995  # an update of which more survived counts as whole


def floor_words(*lookups: CellLookup) -> str:
    """The largest floor of the models' divergences, in words; empty where none was measured."""
    largest = {}
    for name in ("kl", "nll"):
        cells = [cell for lookup in lookups for cell in lookup.cells(MAIN, f"floor.{name}_per_token")]
        largest[name] = max((cell["value"] for cell in cells), default=None)
    if largest["kl"] is None:
        return ""
    return (
        f"Divergences are measured in float32; float64 reads up to {largest['kl']:.1e} nats a token less or "
        f"more in KL and {largest['nll']:.1e} in NLL, and smaller ones say nothing."
    )


def rounding_words(lookup: CellLookup, methods: list[str], experiment: str = MAIN, **columns: str) -> str:
    """The methods of whose update the rounding to the checkpoint's precision lost some, in words.

    Empty where it lost none, as in float32, or where nothing was measured.
    """
    said = []
    for method in methods:
        kept = lookup.reading(experiment, "update.surviving", method, **columns)
        changed = lookup.reading(experiment, "update.changed", method, **columns)
        if kept and changed and kept.value < WHOLE:
            said.append(
                f"{labels.method(method)} {100 * kept.value:.0f} % "
                f"({100 * changed.value:.0f} % of the weights differ from theta_0)"
            )
    if not said:
        return ""
    return (
        f"Of the update's squared norm, rounding to the checkpoint's precision kept: {', '.join(said)}. What "
        f"was lost counts as no forgetting and no gain; training.checkpoint_dtype: float32 keeps it."
    )
