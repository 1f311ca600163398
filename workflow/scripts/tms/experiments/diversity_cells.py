"""Cells of the experiment `diversity` (Table 2): means over prompts and seeds, intervals, paired tests."""

import math
from collections.abc import Mapping

import numpy as np

from tms.experiments import cells
from tms.experiments.diversity import check
from tms.metrics.paired_tests import SIGNIFICANCE, bootstrap_p, holm, mcnemar_p
from tms.metrics.statistics import bootstrap_interval, resampled_means, score_interval, seed_interval

EXPERIMENT, BASE, BASELINE = "diversity", "base", "sft"
# Notes of a task whose responses state no answer of their own, and of one with answers that no working shows.
WHOLE = "whole responses are the answers"
CHOSEN = "answers are chosen or recalled, so no solutions are counted"
SHARES = ["greedy", "pass_at_1", "pass_at_k", "sc_acc", "coverage", "coverage_n"]
NUMBERS = ["ans_ent", "distinct_solutions", "mixed_classes"]
QUANTITIES = [*SHARES, *NUMBERS]
# Coverage says what Pass@K says, so testing it too would only cost the others power.
TESTED = ["greedy", "pass_at_1", "pass_at_k", "sc_acc", "ans_ent", "distinct_solutions"]
RANKED = ["greedy", "pass_at_1", "pass_at_k", "sc_acc"]  # more is better

Scores = Mapping[
    str, np.ndarray
]  # quantity -> numbers of shape (seeds, prompts), the same prompts throughout


def target_cells(
    model: str, task: str, scores: Mapping[str, Scores], k: int, samples: int, note: str
) -> list[dict]:
    """Cells of one target task: each quantity of each method, and differences from the base and from SFT.

    Differences (`delta.*`, `versus_sft.*`) carry p-values: McNemar's for right or wrong in one run a side,
    the paired bootstrap's else, with Holm's correction over all tests of the task, whose cells make a table.
    Among the methods (the base is not ranked) the mark says which is best in a quantity of `RANKED`, and
    which are not distinguishable from it (`tied`).

    Args:
        model: name of the model.
        task: the target task.
        scores: numbers of each method, `base` included, for each quantity that was measured.
        k: K.
        samples: samples of a prompt.
        note: what every cell notes.

    Raises:
        InputError: the means break an invariant.
    """
    means = {
        method: {name: float(values.mean()) for name, values in measured.items()}
        for method, measured in scores.items()
    }
    for method, measured in means.items():
        check(f"{method} on {task}", measured, k)
    common = {"train_task": task, "x": float(k), "note": note}
    largest = dict.fromkeys(SHARES, 1.0) | dict.fromkeys(NUMBERS, float(samples)) | {"ans_ent": math.log(k)}
    p_values = _adjusted_p_values(scores, means)
    rows = []
    for method, measured in scores.items():
        for name in QUANTITIES:
            if name not in measured:
                rows.append(_cell(model, method, name, None, **common | {"note": f"not measured: {note}"}))
                continue
            best = _best(means, name) if name in RANKED and method != BASE else None
            mark = "" if best is None else _mark(method, best, p_values[name])
            rows.append(_cell(model, method, name, measured[name], largest[name], **common, mark=mark))
            for prefix, other in (("delta", BASE), (f"versus_{BASELINE}", BASELINE)):
                if name in TESTED and (pair := frozenset((method, other))) in p_values[name]:
                    if method != BASE:
                        rows.append(
                            _difference(
                                model,
                                method,
                                f"{prefix}.{name}",
                                measured[name],
                                scores[other][name],
                                largest[name],
                            )
                            | common
                            | {"p_value": p_values[name][pair]}
                        )
    return rows


def unmeasured_cells(model: str, task: str, methods: list[str], k: int, reason: str) -> list[dict]:
    """Cells without a value of a task whose samples cannot be judged in this way."""
    return [
        _cell(model, method, name, None, train_task=task, x=float(k), note=f"not measured: {reason}")
        for method in methods
        for name in QUANTITIES
    ]


def _cell(
    model: str, method: str, name: str, values_SP: np.ndarray | None, largest: float = 1.0, **others
) -> dict:
    given = {"method": method, **others}
    if values_SP is None:
        return cells.cell(EXPERIMENT, model, name, None, **given)
    if name in SHARES:
        interval = score_interval(values_SP)
    else:  # numbers beyond 1, which Wilson's interval must not get even where all of them are 0 or 1
        drawn_R = resampled_means([values_SP.mean(axis=0)])[0]
        interval = bootstrap_interval(drawn_R, values_SP.shape[1], (0.0, largest))
    return cells.cell(EXPERIMENT, model, name, float(values_SP.mean()), **given) | _spread(
        values_SP, interval
    )


def _difference(
    model: str, method: str, name: str, own_SP: np.ndarray, other_SP: np.ndarray, largest: float
) -> dict:
    drawn_R = _resampled_difference(own_SP, other_SP)
    interval = bootstrap_interval(drawn_R, own_SP.shape[1], (-largest, largest))
    value = float(own_SP.mean() - other_SP.mean())
    # Runs of one seed share their data's order and the trajectory; the base has no seeds.
    paired_SP = own_SP - (other_SP if other_SP.shape == own_SP.shape else other_SP.mean(axis=0))
    return cells.cell(EXPERIMENT, model, name, value, method=method) | _spread(paired_SP, interval)


def _spread(values_SP: np.ndarray, interval: tuple[float, float]) -> dict:
    seeds = seed_interval(values_SP.mean(axis=1).tolist()) or (None, None)
    return {
        "ci_low": interval[0],
        "ci_high": interval[1],
        "seeds_low": seeds[0],
        "seeds_high": seeds[1],
        "n": values_SP.shape[1],
        "seeds": values_SP.shape[0],
    }


def _resampled_difference(own_SP: np.ndarray, other_SP: np.ndarray) -> np.ndarray:
    own_R, other_R = resampled_means([own_SP.mean(axis=0), other_SP.mean(axis=0)])
    return own_R - other_R


def _p_value(own_SP: np.ndarray, other_SP: np.ndarray) -> float:
    one_run = own_SP.shape[0] == other_SP.shape[0] == 1
    if one_run and np.isin(own_SP, (0, 1)).all() and np.isin(other_SP, (0, 1)).all():
        return mcnemar_p(own_SP[0], other_SP[0])
    return bootstrap_p(_resampled_difference(own_SP, other_SP))


def _best(means: Mapping[str, Mapping[str, float]], name: str) -> str | None:
    ranked = {
        method: measured[name] for method, measured in means.items() if method != BASE and name in measured
    }
    return max(ranked, key=ranked.__getitem__) if len(ranked) > 1 else None


def _mark(method: str, best: str, p_values: Mapping[frozenset, float]) -> str:
    if method == best:
        return "best"
    return "tied" if p_values[frozenset((method, best))] >= SIGNIFICANCE else ""


def _adjusted_p_values(
    scores: Mapping[str, Scores], means: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[frozenset, float]]:
    """Holm-adjusted p-value of each pair of methods that a difference or a mark compares, by quantity."""
    tests = {}
    for name in TESTED:
        others = [BASE, BASELINE, _best(means, name) if name in RANKED else None]
        for method in scores:
            for other in others:
                if other in scores and other != method and name in scores[method] and name in scores[other]:
                    pair = frozenset((method, other))
                    if (name, pair) not in tests:
                        tests[name, pair] = _p_value(scores[method][name], scores[other][name])
    p_values: dict[str, dict[frozenset, float]] = {name: {} for name in QUANTITIES}
    for (name, pair), adjusted in zip(tests, holm(list(tests.values())), strict=True):
        p_values[name][pair] = adjusted
    return p_values
