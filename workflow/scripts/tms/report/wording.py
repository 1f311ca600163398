"""Values in words: for hover texts, captions and tables."""

from dataclasses import replace

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.precision import rounded

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


BARS = "Thin bars: 95 % interval over test examples; wide light bars, where drawn: 95 % interval over seeds."
EXAMPLES_ONLY = "Bars: 95 % interval over test examples; the intervals over seeds are in the hover values."
LOSSES_ONLY = (
    "F counts losses only: near 0 its estimate and its interval are biased low; see F by chance (Table 9)."
)
COLUMN_MARKS = (
    "**Bold**: best of its column; ≈: not distinguishable from the best in these runs (paired test on the "
    "same examples, Holm's correction over the table, p ≥ 0.05). A bold number beside a ≈ is not alone the "
    "best. The base is not ranked."
)
ONE_SEED = "One seed: what differs here differs for this run; another may order the methods otherwise."
