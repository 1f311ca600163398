"""The summary of methods: every quantity of their runs with its draws, from the items of each example.

Tables, cells and the frontier are projections of it: a number and its interval are computed here alone
(target, transfer, retention and forgetting: Sections 3 and 7.1).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tms.config.suite import Suite
from tms.io.errors import InputError
from tms.metrics.flags import Run, run_label
from tms.metrics.paired_tests import mcnemar_p
from tms.metrics.per_example import Model, PerExample, interval, misfit, score_draws
from tms.metrics.quantities import benchmarks_behind, kept, transfers
from tms.metrics.scores import forgetting, forgetting_floor
from tms.metrics.statistics import Bounds, seed_interval
from tms.metrics.terms import Term, combined, forgetting_term, mean_terms, transfer_terms

BASE = "base"


class Estimate(NamedTuple):
    """A number with its 95 % intervals over test examples and over seeds, and the p-value of a test of it.

    The p-value may be corrected for other tests; then `p_uncorrected` is that of the test alone.
    """

    value: float | None = None
    interval: Bounds | None = None
    seeds_interval: Bounds | None = None
    p_value: float | None = None
    p_uncorrected: float | None = None

    def columns(self) -> dict[str, float | None]:
        """The columns of a cell."""
        (low, high), (seeds_low, seeds_high) = (
            bounds or (None, None) for bounds in (self.interval, self.seeds_interval)
        )
        return {
            "value": self.value,
            **{"ci_low": low, "ci_high": high, "seeds_low": seeds_low, "seeds_high": seeds_high},
            "p_value": self.p_value,
            "p_uncorrected": self.p_uncorrected,
        }


@dataclass(frozen=True, eq=False)
class Summary:
    """Every quantity of a method's runs (all, or those on one task), or of theta_0.

    Args:
        draws_SD: each quantity for S seeds (1 for theta_0) and D draws, the first of them as measured and the
            others on joint resamples of the examples; None where there is none (transfer with one target).
            The mean over S is the quantity over all runs. Metrics beside a benchmark's own have D = 1.
        terms: what each benchmark adds to transfer and forgetting, which are no means of scores.
        graded: of each score the items of the runs behind it.
        behind: benchmarks behind each computed quantity.
        floor: mean forgetting that chance alone would give, by quantity.
        trained: whether it is a method's, not theta_0's.
        seeds: number of seeds.
    """

    draws_SD: dict[str, np.ndarray | None]
    terms: dict[str, list[Term]]
    graded: dict[str, list[PerExample]]
    behind: dict[str, list[str]]
    floor: dict[str, float]
    trained: bool = True
    seeds: int = 1

    def value(self, quantity: str) -> float | None:
        """A quantity as measured."""
        draws_SD = self.draws_SD[quantity]
        return None if draws_SD is None else float(draws_SD[:, 0].mean())

    def runs(self, quantity: str) -> list[PerExample]:
        """Items of the runs whose mean score a quantity is; none of a quantity that is no single score."""
        behind = self.behind.get(quantity, [quantity])
        plain = quantity in ("target_mean", "retention_mean") and len(behind) == 1
        return self.graded.get(behind[0] if plain else quantity, [])

    def terms_of(self, quantity: str) -> list[Term]:
        """The terms that the benchmarks behind a quantity add to it."""
        if quantity in self.terms:
            return self.terms[quantity]
        behind = self.behind.get(quantity, [quantity])
        return mean_terms(self.draws_SD, self.examples(behind))

    def examples(self, names: Sequence[str]) -> dict[str, int]:
        """Number of examples of benchmarks."""
        return {name: len(self.graded[name][0].examples) for name in names}

    def estimate(self, quantity: str) -> Estimate:
        """A quantity with its intervals: Wilson's for scores of 0 and 1, else the joint bootstrap's."""
        draws_SD, runs = self.draws_SD[quantity], self.runs(quantity)
        if draws_SD is None:
            return Estimate()
        drawn_R = draws_SD[:, 1:].mean(axis=0)
        if runs:
            bounds = interval(runs, drawn_R if len(drawn_R) else None)
        else:
            bounds, _ = combined(draws_SD.mean(axis=0), self.terms_of(quantity))
        return Estimate(self.value(quantity), bounds, seed_interval(draws_SD[:, 0].tolist()))

    def sizes(self, quantity: str) -> dict[str, int]:
        """Columns of a cell: the items and seeds behind a quantity."""
        behind = self.behind.get(quantity, [quantity])
        return {"n": sum(self.graded[name][0].n for name in behind), "seeds": self.seeds}


def difference(first: Summary, second: Summary, quantity: str, test: bool = True) -> Estimate:
    """Excess of a method's quantity over another's, with a test of it; nothing where one of them has none.

    The test is McNemar's between single runs with grades of 0 and 1, else the paired bootstrap's with all
    seeds of a method kept together. Seeds are compared in pairs (theta_0 with each).
    """
    own_SD, other_SD = first.draws_SD[quantity], second.draws_SD[quantity]
    if own_SD is None or other_SD is None:
        return Estimate()
    pairs = zip(first.terms_of(quantity), second.terms_of(quantity), strict=True)
    bounds, bootstraps = combined(
        own_SD.mean(axis=0) - other_SD.mean(axis=0), [one.minus(other) for one, other in pairs]
    )
    exact = _exact_p(first.runs(quantity), second.runs(quantity)) if test else None
    return Estimate(
        first.value(quantity) - second.value(quantity),
        bounds,
        seed_interval((own_SD[:, 0] - other_SD[:, 0]).tolist()),
        (bootstraps if exact is None else exact) if test else None,
    )


def _exact_p(runs: list[PerExample], others: list[PerExample]) -> float | None:
    """P-value of McNemar's test; None where it is not one run a side with grades of 0 and 1."""
    paired = len(runs) == len(others) == 1 and runs[0].examples == others[0].examples
    if paired and runs[0].binary and others[0].binary:
        return mcnemar_p(runs[0].sums_N, others[0].sums_N)
    return None


def summarise(
    base: Model,
    methods: Mapping[Hashable, Mapping[Run, Model]],
    suite: Suite,
    tasks: Sequence[str] = ("",),
    half: str = "",
    transfer: bool = True,
) -> dict[str, dict[Hashable, Summary]]:
    """Summarise methods and theta_0 (under `BASE`): over all runs (""), and over those on a task.

    Resamples are joint: an example that is drawn brings the grade of theta_0 and of each run of each method,
    so differences are paired and seeds that agree narrow nothing; benchmarks and halves are drawn apart. The
    runs themselves are not resampled: the intervals are about these trained models.

    Args:
        base: items of theta_0.
        methods: items of each run of each method: one run a target task and seed.
        suite: the benchmarks and their parts.
        tasks: the summaries to make.
        half: the half of the examples that counts (`per_example.HALVES`); "" for all.
        transfer: whether the runs were graded on the other tasks' benchmarks too.

    Raises:
        InputError: a method lacks a run, a run was graded on other examples of a benchmark than theta_0, or a
            half has none.
    """
    models = {(method, *run): model for method, runs in methods.items() for run, model in runs.items()}
    seeds = sorted({seed for _, _, seed in models})
    for method in methods:
        for run in [(task, seed) for task in suite.targets for seed in seeds]:
            if (method, *run) not in models:
                raise InputError(f"--grades: no run {_label(method, run)}; name one a task and seed")
    others = [] if half else [name for name in base if all(name in model for model in models.values())]
    scored = suite.scored.benchmarks
    graded, drawn = {}, {}
    for name in dict.fromkeys([*scored, *others]):
        graded[name] = {BASE: base.get(name)} | {
            key: model.get(name)
            for key, model in models.items()
            if transfer or suite.group(name, key[1]) != "transfer"
        }
        if name in scored:
            graded[name] = _counted(name, graded[name], half)
            draws = score_draws([*graded[name].values()], f"{name}/{half}" if half else name)
        else:
            draws = [np.array([items.score]) for items in graded[name].values()]
        drawn[name] = dict(zip(graded[name], draws, strict=True))
    return {
        task: {BASE: _summary_of_base(graded, drawn, suite, task)}
        | {method: _summary(method, seeds, graded, drawn, suite, task, transfer) for method in methods}
        for task in tasks
    }


def _label(method: Hashable, run: Run) -> str:
    return "/".join([*filter(None, [method] if isinstance(method, str) else method), run_label(run)])


def _counted(benchmark: str, graded: Mapping, half: str) -> dict:
    """Items of the examples that count, which theta_0 and all runs must share, but for lost rows."""
    if (key := misfit(graded)) is not None:
        label = BASE if key == BASE else _label(key[0], key[1:])
        raise InputError(
            f"grades of {label}: other examples of {benchmark} than the base was graded on, or in other "
            f"clusters; run generate and grade again for both"
        )
    if not half:
        return dict(graded)
    halves = {key: items.of_half(half) for key, items in graded.items()}
    if not halves[BASE].examples:
        raise InputError(
            f"benchmark {benchmark}: theta_0 has no graded example in the {half} half; "
            f"evaluate more of them (tasks.{benchmark}.limit)"
        )
    return halves


def _summary(
    method: Hashable,
    seeds: list[int],
    graded: Mapping,
    drawn: Mapping,
    suite: Suite,
    task: str,
    transfer: bool,
) -> Summary:
    """Summary of a method's runs on a task ("": on all).

    Args:
        seeds: of its runs on each task.
        graded: items of each score of theta_0 and each run.
        drawn: their D draws.
        transfer: as of `summarise`.
    """
    tasks = [trained for trained in suite.targets if task in ("", trained)]
    draws_SD, items, floor = {}, {}, {}
    counts = {name: len(of_runs[BASE].examples) for name, of_runs in graded.items()}
    for name, of_runs in graded.items():
        # A target's score comes from the runs on it, where there are any; another benchmark's from all runs.
        benchmark = of_runs[BASE].benchmark
        about = [trained for trained in tasks if suite.group(benchmark, trained) != "transfer"] or tasks
        runs = [(method, trained, seed) for trained in about for seed in seeds]
        items[name] = [of_runs[run] for run in runs]
        draws = np.stack([drawn[name][run] for run in runs])
        draws_SD[name] = draws.reshape(len(about), len(seeds), -1).mean(axis=0)

    def scores(names: list[str], trained: str) -> tuple[np.ndarray, np.ndarray]:
        """Draws of the runs on a task and of theta_0: shapes (names, S, D) and (names, 1, D)."""
        of_runs = [[drawn[name][method, trained, seed] for seed in seeds] for name in names]
        return np.array(of_runs), np.array([[drawn[name][BASE]] for name in names])

    of_transfer = {run: names for run, names in transfers(suite, task).items() if transfer and names}
    gains = {run: np.subtract(*scores(names, run)) for run, names in of_transfer.items()}
    draws_SD["xfer"] = np.mean([own.mean(axis=0) for own in gains.values()], axis=0) if gains else None
    terms = {"xfer": transfer_terms(of_transfer, gains, counts)}
    for suffix, names in kept(suite).items():
        if not names:
            draws_SD[f"forgetting{suffix}"] = None
            continue
        pairs = [scores(names, trained) for trained in tasks]
        changes_TKSD = np.array([runs - base for runs, base in pairs])
        n_K1 = np.array([[graded[name][BASE].n] for name in names])
        draws_SD[f"forgetting{suffix}"] = np.mean([forgetting(own) for own in changes_TKSD], axis=0)
        terms[f"forgetting{suffix}"] = [
            forgetting_term(name, np.concatenate(changes_TKSD[:, place]), counts[name], 1 / len(names))
            for place, name in enumerate(names)
        ]
        chance = [forgetting_floor(runs[..., 0], base[..., 0], n_K1) for runs, base in pairs]
        floor[f"forgetting_floor{suffix}"] = float(np.mean(chance))
    means, behind = _means(draws_SD, suite, task), benchmarks_behind(suite, task)
    return Summary(draws_SD | means, terms, items, behind, floor, seeds=len(seeds))


def _summary_of_base(graded: Mapping, drawn: Mapping, suite: Suite, task: str) -> Summary:
    """Summary of theta_0, whose changes are 0 by definition."""
    draws_SD = {name: draws[BASE][None] for name, draws in drawn.items()}
    behind = benchmarks_behind(suite, task)
    unchanged = np.zeros_like(next(iter(draws_SD.values()), np.zeros((1, 1))))
    changes = {f"forgetting{suffix}": unchanged if names else None for suffix, names in kept(suite).items()}
    changes["xfer"] = unchanged if behind["xfer"] else None
    terms = {
        name: [Term.known(one, unchanged[0], len(graded[one][BASE].examples)) for one in behind[name]]
        for name in changes
    }
    items = {name: [runs[BASE]] for name, runs in graded.items()}
    means = _means(draws_SD, suite, task)
    return Summary(draws_SD | means | changes, terms, items, behind, {}, trained=False)


def _means(draws_SD: Mapping, suite: Suite, task: str) -> dict[str, np.ndarray | None]:
    means = {name: behind for name, behind in benchmarks_behind(suite, task).items() if "_mean" in name}
    return {
        name: np.mean([draws_SD[one] for one in behind], axis=0) if behind else None
        for name, behind in means.items()
    }
