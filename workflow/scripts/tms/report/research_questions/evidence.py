"""What a verdict rests on: cells by name, differences between two methods, and the words for both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tms.config.suite import Suite
from tms.experiments import labels
from tms.experiments.cells import select
from tms.metrics.paired_tests import SIGNIFICANCE, holm

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INDISTINGUISHABLE, NOT_MEASURED = "indistinguishable", "not measured"
NORMAL_95 = 1.959963984540054  # half width of a normal's 95 % interval, in standard errors
KEY = ("experiment", "model", "method", "train_task", "checkpoint", "group", "prompts", "quantity")


class NotMeasuredError(Exception):
    """A question has no answer yet; the message says what is missing."""


@dataclass(frozen=True)
class Finding:
    """Verdict on one question, the sentence that carries its numbers, and what may turn it around."""

    verdict: str
    evidence: str
    caution: str = ""


@dataclass(frozen=True)
class Contrast:
    """A number whose sign is asked for: a difference between two methods, or a correlation.

    Args:
        label: what it is of, in words.
        value: positive where the first method is better.
        low, high: bounds of its 95 % interval over test examples.
        p_value: of the test that it is 0; None: the interval decides.
        paired: whether it was tested on the same examples. If not, it was put together from two intervals.
        seeds: bounds of its 95 % interval over seeds; None with one seed.
    """

    label: str
    value: float
    low: float
    high: float
    p_value: float | None
    paired: bool = True
    seeds: tuple[float, float] | None = None

    @property
    def direction(self) -> int:
        """1 or -1 where it differs from 0 (p < 0.05, or the interval leaves out 0), else 0."""
        if self.p_value is not None:
            differs = self.p_value < SIGNIFICANCE
        else:
            differs = not self.low <= 0 <= self.high
        return int(math.copysign(1, self.value)) if differs and self.value else 0

    def __str__(self) -> str:
        inside = f"95 % {_points(self.low)} to {_points(self.high)}"
        tested = f", {p_text(self.p_value)}" if self.p_value is not None else ""
        tested += "" if self.paired else ", unpaired"
        seeds = f", over seeds {_points(self.seeds[0])} to {_points(self.seeds[1])}" if self.seeds else ""
        return f"{self.label} {_points(self.value)} points ({inside}{tested}{seeds})"


class Evidence:
    """The cells of a model's experiments, and which of them were looked up.

    Args:
        cells: cells of any experiments.
        suite: the model's benchmarks.
    """

    def __init__(self, cells: list[dict], suite: Suite):
        self.suite, self._cells, self.used = suite, cells, []

    def find(self, experiment: str, quantity: str, **columns: str) -> dict | None:
        """The measured cell of a quantity; columns that are not given are empty. None: not measured."""
        wanted = {"train_task": "", "checkpoint": "", "group": "", "prompts": ""} | columns
        chosen = select(self._cells, experiment=experiment, quantity=quantity, **wanted)
        for cell in chosen:
            if cell["value"] is not None:
                if cell not in self.used:
                    self.used.append(cell)
                return cell
        return None

    def of_model(self, model: str) -> "Evidence":
        """The evidence of one of several models; what it looks up counts here too."""
        own = Evidence(select(self._cells, model=model), self.suite)
        own.used = self.used
        return own

    def all(self, **columns: str) -> list[dict]:
        """Every measured cell whose columns have the given values (they count as looked up)."""
        chosen = [cell for cell in select(self._cells, **columns) if cell["value"] is not None]
        self.used += [cell for cell in chosen if cell not in self.used]
        return chosen

    def methods(self, experiment: str) -> list[str]:
        """Methods with a cell in an experiment, in their order."""
        return list(dict.fromkeys(cell["method"] for cell in select(self._cells, experiment=experiment)))

    def require(self, experiment: str, *methods: str) -> None:
        """Check that an experiment has cells of these methods.

        Raises:
            NotMeasuredError: it does not; the message names them.
        """
        own = self.methods(experiment)
        if not own:
            raise NotMeasuredError(f"the model has no experiment {experiment}")
        if missing := [name for name in methods if name not in own]:
            raise NotMeasuredError(f"experiment {experiment} has no method {', '.join(missing)}")

    def contrast(
        self, first: tuple[str, str], second: tuple[str, str], quantity: str, **columns: str
    ) -> Contrast:
        """How much higher the first method is in a quantity of which more is better.

        The paired test on the same examples where the experiment of one of them holds it (`versus_{other}.…`;
        the second one's with its signs turned). Else the two intervals are put together as if they were
        independent. The examples are shared, so this makes the interval too wide and the verdict too
        cautious.

        Args:
            first, second: (experiment, method).
            quantity: a share from 0 to 1, e.g. a benchmark, `target_mean`, `forgetting`.
            columns: e.g. train_task.

        Raises:
            NotMeasuredError: a number or its interval is missing.
        """
        whose = f"{labels.method(first[1])} - {labels.method(second[1])}"
        label = f"{labels.quantity(quantity, self.suite)}, {whose}:"
        paired = self._paired(first, second, quantity, **columns)
        if paired is None and (turned := self._paired(second, first, quantity, **columns)):
            paired = _turned(turned)
        if paired:
            _, low, high = _interval(paired)
            return Contrast(label, paired["value"], low, high, paired["p_value"], True, seeds_of(paired))
        cells = [self._single(*name, quantity, **columns) for name in (first, second)]
        difference = cells[0]["value"] - cells[1]["value"]
        half = math.hypot(*(_half(*_interval(cell)[1:]) for cell in cells))
        error = half / NORMAL_95
        p_value = math.erfc(abs(difference) / error / math.sqrt(2)) if error else float(difference == 0)
        seeds = None
        if all(seeds_of(cell) for cell in cells):
            spread = math.hypot(*(_half(*seeds_of(cell)) for cell in cells))
            seeds = (difference - spread, difference + spread)
        return Contrast(label, difference, difference - half, difference + half, p_value, False, seeds)

    def _paired(
        self, first: tuple[str, str], second: tuple[str, str], quantity: str, **columns: str
    ) -> dict | None:
        return self.find(first[0], f"versus_{second[1]}.{quantity}", method=first[1], **columns)

    def _single(self, experiment: str, method: str, quantity: str, **columns: str) -> dict:
        cell = self.find(experiment, quantity, method=method, **columns)
        if cell is None:
            raise NotMeasuredError(f"no {quantity} of {method} in experiment {experiment}")
        return cell


def adjusted(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts with Holm's correction over those that are not paired.

    Paired ones are corrected already, over the table that they come from.
    """
    p_values = holm([None if contrast.paired else contrast.p_value for contrast in contrasts])
    return [
        contrast if p_value is None else replace(contrast, p_value=p_value)
        for contrast, p_value in zip(contrasts, p_values, strict=True)
    ]


def sentence(contrasts: Sequence[Contrast]) -> str:
    """All contrasts in words, with what has to be known of them."""
    text = "; ".join(map(str, contrasts))
    if {contrast.direction for contrast in contrasts} >= {1, -1}:
        text += ". The differences point both ways"
    if not all(contrast.paired for contrast in contrasts):
        text += (
            ". Differences marked unpaired combine two intervals as if independent, which errs on the side "
            "of no difference"
        )
    return f"{text}."


def seeds_of(cell: dict) -> tuple[float, float] | None:
    """Bounds of a cell's interval over seeds; None with one seed."""
    low, high = cell["seeds_low"], cell["seeds_high"]
    return None if low is None or high is None else (low, high)


def p_text(p_value: float) -> str:
    """A p-value in words."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _turned(cell: dict) -> dict:
    """A difference's cell with the other sign."""
    other = {"value": "value", "ci_low": "ci_high", "seeds_low": "seeds_high"}
    other |= {end: name for name, end in other.items()}
    return cell | {name: cell[end] and -cell[end] for name, end in other.items()}


def _interval(cell: dict) -> tuple[float, float, float]:
    if cell["ci_low"] is None or cell["ci_high"] is None:
        raise NotMeasuredError(f"{cell['quantity']} of {cell['method']} has no interval")
    return cell["value"], cell["ci_low"], cell["ci_high"]


def _half(low: float, high: float) -> float:
    return (high - low) / 2


def _points(share: float) -> str:
    """A share in points, signed; what rounds to 0 has no sign."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text
