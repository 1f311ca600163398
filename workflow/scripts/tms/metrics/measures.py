"""Measures that stand beside the scores: losses, KL to the base and lengths. They enter no score and no mean.

A benchmark without a score (grader `none`) has them in its place; the general text and prompts tell, where no
retention benchmark does, how far a run moved the model on what it was not trained for.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tms.config.suite import GENERAL, Suite, tasks_of
from tms.metrics.flags import Run
from tms.metrics.statistics import normal_interval, seed_interval, wilson
from tms.metrics.summary import Estimate
from tms.mixture.checkpoints import BASE, FINAL

LOSSES = {"loss": "per_token", "bits_per_byte": "bits_per_byte"}  # column's ending -> quantity's
ENDINGS = (*LOSSES, "kl", "length", "truncated")

Drift = Mapping[tuple[str, str, str], tuple[float, float]]  # (quantity, prompts, point) -> value, stderr
Measured = Mapping[Run, tuple[float, float] | None]  # value, stderr of each run
Rows = dict[str, dict[str, Estimate]]  # base, method, delta -> column -> number


def unknown(suite: Suite) -> str:
    """Line on what a suite's table cannot tell; "" where it tells all."""
    if suite.scored.retention:
        return ""
    beside = "stand beside" if suite.general else "can stand beside it (general: true in the suite)"
    return (
        "forgetting is not known: no benchmark scores what the model could do before; loss and KL on general "
        f"text {beside}"
    )


def columns(suite: Suite) -> dict[str, tuple[str, str]]:
    """Columns that measures can have, in the order of the table: what was measured on which texts.

    Returns:
        Column -> a target's, a benchmark's or the general texts' name, and one of `ENDINGS`.
    """
    targets = [target for target in suite.targets if {*tasks_of(target)} & {*suite.unscored}]
    names = [*dict.fromkeys([*targets, *suite.unscored]), *([GENERAL] if suite.general else [])]
    return {f"{name}_{ending}": (name, ending) for name in names for ending in ENDINGS}


def as_drift(rows: Sequence[dict]) -> Drift:
    """Rows of a run's drift.json by what was measured."""
    return {
        (row["quantity"], row["prompts"], row["point"]): (float(row["value"]), float(row["stderr"] or 0))
        for row in rows
    }


def measures(
    suite: Suite,
    base: Mapping[str, dict],
    scores: Mapping[Run, Mapping[str, dict]],
    drifts: Mapping[Run, Drift],
) -> Rows:
    """Measures of theta_0, of a method, and their differences: means over the method's runs.

    What belongs to a target comes from the runs on it, anything else from all runs. Intervals are about the
    texts, by the standard errors of the runs; that of a loss's difference pairs the texts, that of a length
    has none. A KL is a comparison with theta_0 already, so only the method has one.

    Args:
        suite: the benchmarks and their parts.
        base, scores: scores.json of theta_0 and of each run.
        drifts: drift.json of each run.

    Returns:
        The columns that have a number.
    """
    rows: Rows = {"base": {}, "method": {}, "delta": {}}

    def put(
        column: str,
        of_method: Measured,
        of_base: Measured,
        count: int | None = None,
        change: Measured | None = None,
    ) -> None:
        own, before = (mean_over_runs(of, count, lowest=0.0) for of in (of_method, of_base))
        if own is not None:
            rows["method"][column] = own
        if own is not None and before is not None:
            rows["base"][column] = before._replace(seeds_interval=None)
            paired = mean_over_runs(change or {})
            rows["delta"][column] = paired or Estimate(own.value - before.value)

    def put_drift(name: str, about: list[Run], quantity: str, texts: str, prompts: str) -> None:
        for ending, unit in LOSSES.items():
            at_end, at_base = (
                {run: drifts[run].get((f"{quantity}.{unit}", texts, point)) for run in about}
                for point in (FINAL, BASE)
            )
            change = {run: drifts[run].get((f"{quantity}.change_{unit}", texts, FINAL)) for run in about}
            put(f"{name}_{ending}", at_end, at_base, change=change)
        kl = {run: drifts[run].get(("kl.policy_base.per_token", prompts, "")) for run in about}
        put(f"{name}_kl", kl, {})

    for target in suite.targets:
        if {*tasks_of(target)} & {*suite.unscored}:
            put_drift(target, [run for run in drifts if run[0] == target], "trajectory", "", "heldout")
    for name in suite.unscored:
        if name not in suite.target_tasks:
            put_drift(name, [*drifts], "loss", name, name)
        own = [run for run in scores if suite.group(name, run[0]) == "target"] or [*scores]
        for ending, read, count in (("length", _length, None), ("truncated", _truncated, base[name]["rows"])):
            of_base = dict.fromkeys(own, read(base[name]))
            put(f"{name}_{ending}", {run: read(scores[run][name]) for run in own}, of_base, count)
    if suite.general:
        put_drift(GENERAL, [*drifts], "loss", GENERAL, GENERAL)
    order = columns(suite)
    return {row: {name: found[name] for name in order if name in found} for row, found in rows.items()}


def _length(entry: Mapping) -> tuple[float, float]:
    """Mean tokens of a benchmark's completions, the end token included, with its standard error."""
    return entry["length"], entry["length_stderr"]


def _truncated(entry: Mapping) -> tuple[float, float]:
    """Share of its completions that the length limit cut, with its standard error."""
    share = entry["truncated"] / entry["rows"]
    return share, (share * (1 - share) / entry["rows"]) ** 0.5


def mean_over_runs(found: Measured, count: int | None = None, lowest: float = -math.inf) -> Estimate | None:
    """Mean over runs: over the targets of a seed, then over the seeds. None where a run lacks the number.

    Its standard error is taken as the mean of the runs', which it cannot exceed, whatever texts they share.

    Args:
        found: of each run, with its standard error.
        count: of a share, the rows of one run: Wilson's interval, as if all runs agreed on each; else None.
        lowest: at which its interval ends.
    """
    if not found or None in found.values():
        return None
    of_seeds = [
        [one for (_, of), one in found.items() if of == seed] for seed in sorted({s for _, s in found})
    ]
    means_S2 = np.array([np.mean(runs, axis=0) for runs in of_seeds])  # value, standard error
    value, stderr = map(float, means_S2.mean(axis=0))
    low, high = wilson(value * count, count) if count else normal_interval(value, stderr)
    return Estimate(value, (max(low, lowest), high), seed_interval(means_S2[:, 0].tolist()))
