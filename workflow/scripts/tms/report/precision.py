"""Digits of the numbers that readers see, and words on the floor of divergences and on rounded updates."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tms.experiments import labels
from tms.metrics.statistics import Z, wilson
from tms.report.cell_lookup import CellLookup, Reading

MAIN = "main"
WHOLE = 0.995  # an update of which more survived counts as whole
MOST_DECIMALS = 6  # float32 measures no divergence below about a millionth of a nat (`floor_words`)
# Decimals at most, by unit: of percentages and points readers ask for no more than one.
MOST = {"share": 1, "percent": 1, "count": 0}
SIGNIFICANT = 3  # digits of a number of which neither an interval nor the number of examples is known
# Of the half-width's two leading digits: up to 35 both stand, above only the first.
BOTH_LEADING = 35.5


@dataclass(frozen=True)
class Rounded:
    """A number as readers see it, and the bounds of its 95 % interval; "" where it has none."""

    value: str
    low: str = ""
    high: str = ""

    @property
    def interval(self) -> str:
        """The bounds, e.g. `58 to 73`."""
        return f"{self.low} to {self.high}" if self.low else ""


def rounded(
    reading: Reading,
    unit: str = "number",
    sign: bool = False,
    most: int = MOST_DECIMALS,
    least: int | None = None,
) -> Rounded:
    """A reading with the digits that its interval carries, and the interval over test examples.

    An interval decides the decimals by its half-width (`decimals`). Without one the number of examples does:
    a share's by Wilson's interval, another number's as if its examples spread as much as it is large. Without
    both it has three significant digits, or fewer where these are all it has. A percentage has one decimal at
    most. An interval without width, as of a number that is the same by definition, is not shown.

    Args:
        reading: what was measured; p-values, counts of seeds and the interval over seeds play no part.
        unit: `share` (printed in percent), `percent` (percent or points already), `number`, or `count` (never
            decimals).
        sign: whether a plus stands before a positive number, as of a difference; the bounds have it too.
        most: decimals at most, as where a column's numbers have as many (`column_decimals`).
        least: decimals at least, whatever the interval carries; None: no bound, so tens may be rounded.
    """
    if unit == "share":
        reading = reading.scaled(100)
    half = _half_width(reading, unit)
    places = min(decimals(half) if half else _significant(reading.value), MOST.get(unit, most), most)
    places = places if least is None else max(places, least)
    bounded = half and None not in (reading.low, reading.high)
    numbers = (reading.value, reading.low, reading.high) if bounded else (reading.value,)
    texts = [digits(number, places, sign) for number in numbers]
    if not half and "." in texts[0] and round(reading.value, places) in (0, reading.value):
        texts = [text.rstrip("0").rstrip(".") for text in texts]
    return Rounded(*texts)


def column_decimals(readings: Iterable[Reading | None], unit: str) -> int:
    """Decimals at most of the numbers of a column: of shares as many as each carries, else no bound."""
    if unit not in ("share", "percent"):
        return MOST_DECIMALS
    factor = 100 if unit == "share" else 1
    halves = [_half_width(reading.scaled(factor), unit) for reading in readings if reading]
    return max(min((decimals(half) for half in halves if half), default=MOST_DECIMALS), 0)


def decimals(half_width: float) -> int:
    """Decimals that a number carries whose 95 % interval has this half-width, in the printed unit.

    Two significant digits of the half-width where they are 10 to 35, one where it is larger: rounding moves
    no bound by more than a seventh of the half-width. Negative where tens or more are rounded.

    Source: the rule of the Particle Data Group, Review of Particle Physics, section 5.3 of the introduction.
    """
    return min(math.floor(math.log10(BOTH_LEADING / half_width)), MOST_DECIMALS)


def _half_width(reading: Reading, unit: str) -> float:
    """Half-width of a reading's interval; without one, by its number of examples; 0: neither is known."""
    if reading.low is not None and reading.high is not None:
        return (reading.high - reading.low) / 2
    if not reading.n:
        return 0.0
    if unit not in MOST or unit == "count":
        return Z * abs(reading.value) / math.sqrt(reading.n)
    low, high = wilson(min(abs(reading.value) / 100, 1.0) * reading.n, reading.n)
    return 50 * (high - low)


def _significant(value: float) -> int:
    """Decimals that give three significant digits."""
    return max(SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0) if value else 0


def digits(value: float, places: int, sign: bool = False) -> str:
    """A number with so many decimals and thousands apart; no minus before a zero, and never an exponent."""
    shown = round(value, places) + 0.0
    text = f"{shown:{'+' if sign and shown else ''},.{max(places, 0)}f}"
    return text.removeprefix("-") if not shown else text


def count(value: float) -> str:
    """A count, e.g. `1,024`."""
    return digits(value, 0)


def exact(value: float) -> str:
    """A number that was set and not measured, e.g. `0.25`, `1e-05`, `1,000,000`."""
    return count(value) if value == round(value) else f"{value:.10g}"


def p_value(p: float) -> str:
    """A p-value with two digits, e.g. `0.032`, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:#.2g}"


def p_words(p: float) -> str:
    """A p-value in words, e.g. `p = 0.032`, or `p < 0.001`."""
    return f"p {'' if p < 0.001 else '= '}{p_value(p)}"


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
