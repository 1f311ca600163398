"""Values in words: for hover texts, captions and tables."""

from dataclasses import replace

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.precision import floor_words, rounded

PERCENT, POINTS = " %", " points"


def spoken(label: str, reading: Reading, unit: str = "") -> str:
    """A reading in words: value, interval over examples, interval over seeds.

    Args:
        unit: printed behind the value; ` %` and ` points` are of a reading in percent.
    """
    kind = "percent" if unit in (PERCENT, POINTS) else "number"
    shown = rounded(reading, kind)
    text = f"{label} {shown.value}{unit}"
    if shown.interval:
        text += f" [{shown.low}, {shown.high}]"
    if reading.over_seeds:
        low, high = reading.over_seeds
        over = rounded(replace(reading, low=low, high=high), kind)
        text += f", over seeds [{over.low}, {over.high}]"
    return text


def heading(text: str, lookup: CellLookup) -> str:
    """A figure's or table's title: what it shows, the model, the number of seeds."""
    seeds = labels.seeds(lookup.seeds)
    return f"{text} ({', '.join(filter(None, [lookup.info.model, seeds]))})"


BARS = "Thin bars: 95 % intervals over test examples; wide ones: over seeds."
ONE_SEED = "One seed: what differs here differs for this run; another may order the methods otherwise."


def how_to_read(*lookups: CellLookup) -> dict[str, str]:
    """What holds for every table and figure of these models, said in this one place: term -> sentences."""
    told = {
        "Units": "Scores and other shares are in %; their differences, changes and forgetting F in points; "
        "losses, entropies and divergences in nats; lengths in tokens.",
        "Intervals": "Beside or below a number stands its 95 % interval over test examples; in figures the "
        "thin bar is this one, and a wide light bar the 95 % interval over training seeds.",
        "Digits": "A number has the digits that its interval carries. CSV files have all, with the intervals "
        "over seeds and the numbers of examples.",
        "Bold and ≈": "Bold is the best of its column, ≈ what cannot be told from it in these runs (paired "
        "test on the same examples, Holm's correction over the rows that are trained on the same, p ≥ 0.05); "
        "a bold number beside a ≈ is not alone the best. The base is not ranked.",
        "Changes": "A number with a sign in parentheses is the change from the base.",
        "Forgetting F": "F counts losses only: near 0 its estimate and its interval are biased low. F by "
        "chance, in Table 9, is what unchanged skills would show.",
    }
    if max((lookup.seeds for lookup in lookups), default=0) == 1:
        told["Seeds"] = ONE_SEED
    if floor := floor_words(*lookups):
        told["Divergences"] = floor
    return told
