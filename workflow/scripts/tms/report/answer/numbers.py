"""The four numbers of an entry: target, kept skills, forgetting and cost, with intervals and as texts."""

import math
from dataclasses import dataclass
from functools import partial

from tms.config.suite import GENERAL
from tms.experiments import labels
from tms.metrics.statistics import Bounds
from tms.metrics.two_sources import TwoSources
from tms.mixture.checkpoints import FINAL
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.precision import count, exact, rounded

BASE, SFT, TMS = "base", "sft", "tms"
NONE = "–"
TIMES, SECONDS = "x SFT", "s"  # units of a cost
SUFFIXES = {"%": " %", "points": " points", TIMES: "×", SECONDS: " s"}


@dataclass(frozen=True)
class Entry:
    """A row of the answer, and where its cells are.

    Args:
        method: its name.
        label: its name in words.
        role: base, sft, tms or other.
        experiment: whose cells hold it.
        checkpoint: of its runs; "" for their end.
        half: half of the examples on which it is measured; "" for all of them.
        note: what has to be known of it.
    """

    method: str
    label: str
    role: str
    experiment: str
    checkpoint: str = ""
    half: str = ""
    note: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The columns of its cells."""
        return {"prompts": self.half, "checkpoint": self.checkpoint}


@dataclass(frozen=True)
class Quantity:
    """One of the numbers: how it is called, where it stands in the cells, and how it is printed.

    Args:
        name: target, kept, forgetting or cost.
        title: its column's head.
        unit: of the printed number.
        about: what it is, in a line.
        cell: its name in the cells.
        factor: from the cell's number to the printed one.
        limits: smallest and largest printed value that can be.
        sign: 1 where more is better, -1 where less is.
        where: columns of its cells, of the end of a run on all examples.
        at_base: name of theta_0's cell, where it has another; "": it is 0 by definition.
    """

    name: str
    title: str
    unit: str
    about: str
    cell: str = ""
    factor: float = 1.0
    limits: Bounds = (0.0, math.inf)
    sign: int = 1
    where: tuple[tuple[str, str], ...] = ()
    at_base: str | None = None

    @property
    def is_share(self) -> bool:
        """Whether it is a score or a change of scores, which halves of the examples and differences have."""
        return self.factor != 1.0

    def reading(self, lookup: CellLookup, entry: Entry) -> Reading | None:
        """An entry's number in the unit of its cells; None where it was not measured."""
        if entry.role == BASE and self.at_base is not None:
            return lookup.reading(entry.experiment, self.at_base, BASE) if self.at_base else Reading(0.0)
        columns = entry.columns if self.is_share else dict(self.where)
        found = lookup.reading(entry.experiment, self.cell, entry.method, **columns)
        if found is None and self.at_base:
            return lookup.reading(entry.experiment, self.at_base, entry.method)
        return found


def quantities(lookup: CellLookup, experiment: str) -> list[Quantity]:
    """Target, kept skills and forgetting: scores where the suite has them, else losses and KL."""
    suite, reading = lookup.info.suite.scored, lookup.reading
    methods = [name for name in lookup.methods(experiment) if name != BASE]

    def there(name: str, **columns: str) -> bool:
        return any(reading(experiment, name, method, **columns) for method in methods)

    nats = partial(Quantity, unit="nats a token", sign=-1)
    if there("target_mean"):
        several = ", each from the runs on it" if len(suite.targets) > 1 else ""
        about = f"mean on {labels.listed(map(labels.benchmark, suite.target_tasks))}{several}"
        target = Quantity("target", "Target score", "%", about, "target_mean", 100.0, (0.0, 100.0))
    else:
        about = "of the targets, nats a token; less is better"
        target = nats("target", "Held-out loss", about=about, cell="pld_ref.per_token")
    if there("retention_mean"):
        about = f"mean score on {labels.listed(map(labels.benchmark, suite.retention))}, never trained on"
        kept = Quantity("kept", "Kept skills", "%", about, "retention_mean", 100.0, (0.0, 100.0))
        about = "mean loss of these scores, gains not counted; 0 is best"
        lost = Quantity("forgetting", "Forgetting", "points", about, "forgetting", 100.0, (-100.0, 0.0))
        return [target, kept, lost]
    kept = nats(
        "kept",
        "Loss on general text",
        about="nats a token; less is better",
        cell="loss.per_token",
        where=(("prompts", GENERAL), ("checkpoint", FINAL)),
        at_base=f"{GENERAL}_loss",
    )
    prompts = GENERAL if there("kl.policy_base.per_token", prompts=GENERAL) else "heldout"
    moved = nats(
        "forgetting",
        "KL to the base",
        about=f"on {labels.benchmark(prompts)}, nats a token; 0 is unmoved",
        cell="kl.policy_base.per_token",
        where=(("prompts", prompts),),
        at_base="",
    )
    return [target, kept, moved]


def both(reading: Reading) -> Bounds | None:
    """A reading's 95 % interval, over examples and over seeds where it has both; None where it has none."""
    bounds = reading.over_seeds
    if reading.low is None or reading.high is None:
        return bounds
    spread = (bounds[1] - bounds[0]) / 2 if bounds else None
    return TwoSources(reading.value, (reading.low, reading.high), spread).interval


def number(quantity: Quantity, reading: Reading | None) -> dict:
    """A number as answer.json has it: value and bounds in its unit, and both as texts."""
    given = {"name": quantity.name, "title": quantity.title, "unit": quantity.unit}
    if reading is None:
        return given | {"value": None, "low": None, "high": None, "text": NONE, "interval": ""}
    shown, text, interval = reading.scaled(quantity.factor), "", ""
    bounds = both(shown)
    if bounds is None or bounds[0] == bounds[1] == shown.value:  # 0 or 1 by definition
        low = high = None
        text = count(shown.value) if quantity.unit == SECONDS else exact(float(f"{shown.value:.2g}"))
        # A time of one run may be far off on a busy machine.
        text = f"about {text}" if quantity.unit in (TIMES, SECONDS) and shown.value not in (0, 1) else text
    else:
        low, high = max(bounds[0], quantity.limits[0]), min(bounds[1], quantity.limits[1])
        # Few seeds have wide intervals, and rounded to tens two entries of a table of few would read alike.
        whole = {"unit": "percent", "least": 0} if quantity.is_share else {}
        printed = rounded(Reading(shown.value, low, high), **whole)
        text, interval = printed.value, printed.interval
    text += SUFFIXES.get(quantity.unit, "")
    return given | {"value": shown.value, "low": low, "high": high, "text": text, "interval": interval}
