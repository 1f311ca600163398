"""Why and where TMS helps: RQ5 (tasks), RQ6 (KL and PLD), RQ7 (scale)."""

import math
from dataclasses import replace

from tms.drawing import names
from tms.findings.evidence import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Contrast,
    Evidence,
    Finding,
    NotMeasuredError,
    by_direction,
    conclude,
    p_text,
    sentence,
)
from tms.findings.outcome import MAIN
from tms.paired_tests import holm
from tms.relations import EXPERIMENT as RELATIONS

DIVERSITY, ANSWERS = "diversity", "distinct_right"
MIN_TASKS = 3
MIN_MODELS = 2
# Predictors of RQ6: KL of all methods on the trained task's prompts, both readings of PLD in the SFT family.
KL = ("kl.policy_base.per_sequence", "all", "heldout")
PLD = (("pld_ref.per_sequence", "sft", ""), ("pld_own.per_sequence", "sft", ""))


def task_dependence(evidence: Evidence) -> Finding:
    """RQ5. Supported: TMS gains more over SFT on targets whose prompts have more distinct right answers.

    Spearman's rank correlation over the targets, between the mean number of distinct right answers in the
    base's samples and the gain, once for the target's own score and once for F; exact permutation tests with
    Holm's correction. Supported: one correlation is positive and none negative. Contradicted: reversed.
    """
    targets = evidence.suite.targets
    if len(targets) < MIN_TASKS:
        raise NotMeasuredError(
            f"a correlation over tasks needs {MIN_TASKS} targets; the suite has {len(targets)}"
        )
    evidence.require(DIVERSITY, "base")
    evidence.require(MAIN, "sft", "tms")
    found = {task: evidence.find(DIVERSITY, ANSWERS, method="base", train_task=task) for task in targets}
    tasks = [task for task in targets if found[task]]
    if len(tasks) < MIN_TASKS:
        raise NotMeasuredError(f"{ANSWERS} of {len(tasks)} targets is known; it takes {MIN_TASKS}")
    variety = [found[task]["value"] for task in tasks]
    gains = {
        name: [
            _value(evidence, MAIN, name, "tms", task) - _value(evidence, MAIN, name, "sft", task)
            for task in tasks
        ]
        for name in ("target", "forgetting")
    }
    measured = {name: _rank_correlation(variety, gain) for name, gain in gains.items()}
    p_values = holm([p_value for _, p_value in measured.values()])
    correlations = [
        Contrast(f"with the gain in {names.quantity(name)}", rho, -1, 1, p_value)
        for (name, (rho, _)), p_value in zip(measured.items(), p_values, strict=True)
    ]
    said = [f"{each.label}: rho = {each.value:+.2f} ({p_text(each.p_value)})" for each in correlations]
    rows = "; ".join(
        f"{names.benchmark(task)} {variety[i]:.2f} answers, gain {100 * gains['target'][i]:+.1f} "
        f"in target and {100 * gains['forgetting'][i]:+.1f} points in F"
        for i, task in enumerate(tasks)
    )
    text = f"Distinct right answers over {len(tasks)} targets, {'; '.join(said)}. {rows}."
    return Finding(by_direction(correlations), text)


def mechanism(evidence: Evidence) -> Finding:
    """RQ6. Supported: KL to the base and a reading of PLD each predict how much is forgotten.

    Correlations are of the magnitude of forgetting, so more KL or PLD should mean a positive one. Supported:
    KL's is positive (p < 0.05, or the interval where there is no test) and so is one reading of PLD, none is
    negative, and no sign turns without any one method or within the runs on one task. Contradicted: one is
    negative, none positive, and no sign turns. Whether the front moves is the frontier control's question.
    """
    evidence.require(RELATIONS)
    found = {name: relation for name in (KL, *PLD) if (relation := _relation(evidence, *name))}
    if KL not in found:
        raise NotMeasuredError(f"experiment {RELATIONS} has no rank correlation with {KL[0]}")
    directions = {name: relation.direction for name, relation in found.items()}
    fragile = [
        found[name].label for name, sign in directions.items() if sign and not _stable(evidence, sign, *name)
    ]
    predicts = directions[KL] == 1 and any(directions.get(name) == 1 for name in PLD)
    verdict = INDISTINGUISHABLE
    if predicts and -1 not in directions.values() and not fragile:
        verdict = SUPPORTED
    elif -1 in directions.values() and 1 not in directions.values() and not fragile:
        verdict = CONTRADICTED
    text = "; ".join(map(_in_words, found.values()))
    if not any(name in found for name in PLD):
        text += "; PLD within the SFT family: not measured"
    if fragile:
        text += f". Without some method, or within the runs on one task, another sign: {', '.join(fragile)}"
    return Finding(verdict, f"Rank correlation with the magnitude of forgetting: {text}.")


def scale(evidence: Evidence) -> Finding:
    """RQ7. Supported: at every scale TMS forgets less than SFT and its target mean is not below SFT's.

    Contradicted: at some scale TMS forgets more, or its target mean is below while it forgets no less.
    """
    models = list(
        dict.fromkeys(cell["model"] for cell in evidence.all(experiment=MAIN, quantity="forgetting"))
    )
    if len(models) < MIN_MODELS:
        raise NotMeasuredError(
            f"scaling needs the numbers of {MIN_MODELS} models or more, and this is the report of one "
            f"(figure3 under results/figures/all draws all of them)"
        )
    contrasts, outcomes = [], []
    for model in models:
        own = evidence.of_model(model)
        own.require(MAIN, "sft", "tms")
        kept, target = (
            own.contrast((MAIN, "tms"), (MAIN, "sft"), name) for name in ("forgetting", "target_mean")
        )
        outcomes.append((kept.direction, target.direction))
        contrasts += [_named(kept, model), _named(target, model)]
    if any(kept < 0 or (target < 0 and kept <= 0) for kept, target in outcomes):
        verdict = CONTRADICTED
    elif all(kept > 0 and target >= 0 for kept, target in outcomes):
        verdict = SUPPORTED
    else:
        verdict = INDISTINGUISHABLE
    return conclude(verdict, sentence(contrasts), contrasts)


def _named(contrast: Contrast, model: str) -> Contrast:
    return replace(contrast, label=f"{model}: {contrast.label}")


def _value(evidence: Evidence, experiment: str, quantity: str, method: str, task: str) -> float:
    found = evidence.find(experiment, quantity, method=method, train_task=task)
    if found is None:
        raise NotMeasuredError(f"no {quantity} of {method} on {task} in experiment {experiment}")
    return found["value"]


def _rank_correlation(first: list[float], second: list[float]) -> tuple[float, float]:
    """Spearman's rho and its exact two-sided p-value over all orders; 0 and 1 where a side is constant."""
    from scipy.stats import permutation_test, spearmanr

    if len(set(first)) == 1 or len(set(second)) == 1:
        return 0.0, 1.0
    found = permutation_test(
        (first,), lambda x: spearmanr(x, second).statistic, permutation_type="pairings", n_resamples=10_000
    )
    return float(found.statistic), float(found.pvalue)


def _relation(evidence: Evidence, predictor: str, family: str, prompts: str) -> Contrast | None:
    cell = evidence.find(RELATIONS, f"spearman.{predictor}", method="", group=family, prompts=prompts)
    if cell is None or (cell["ci_low"] is None and cell["p_value"] is None):
        return None
    low, high = (math.nan if cell[name] is None else cell[name] for name in ("ci_low", "ci_high"))
    return Contrast(names.quantity(predictor), cell["value"], low, high, cell["p_value"])


def _in_words(relation: Contrast) -> str:
    known = [] if math.isnan(relation.low) else [f"95 % {relation.low:+.2f} to {relation.high:+.2f}"]
    known += [] if relation.p_value is None else [p_text(relation.p_value)]
    return f"{relation.label} rho = {relation.value:+.2f} ({', '.join(known)})"


def _stable(evidence: Evidence, sign: int, predictor: str, family: str, prompts: str) -> bool:
    """Whether a correlation has its sign without any one method too, and within the runs on each task."""
    values = [
        cell["value"]
        for quantity in ("spearman", "spearman_within")
        for cell in evidence.all(
            experiment=RELATIONS, quantity=f"{quantity}.{predictor}", group=family, prompts=prompts
        )
    ]
    return all(sign * value > 0 for value in values)
