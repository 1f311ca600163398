"""Words for readers: names of methods, benchmarks and quantities as tables and figures print them."""

from collections.abc import Iterable

from tms.config.method_kinds import KINDS
from tms.config.suite import Suite, tasks_of

# Methods whose names say less than they should; others are named after their kind.
METHODS = {
    "base": "Base",
    "tms_trsft": "TMS with TrSFT",
    "tms_dft": "TMS with DFT",
    "tms_kl": "TMS with KL",
    "tms_theta0": "TMS, theta_0 only",
    "tms_final": "TMS, t = T only",
}
WORDS = {"lora": "LoRA", "kl": "KL"}  # of names of methods and sides that are no kinds
BENCHMARKS = {
    "math500": "MATH-500",
    "math": "MATH",
    "gsm8k": "GSM8K",
    "countdown": "Countdown",
    "ifeval": "IFEval",
    "mmlu": "MMLU-Pro",
    "mmlu_subjects": "MMLU",
    "arc_c": "ARC-C",
    "hotpotqa": "HotpotQA",
    "safetybench": "SafetyBench",
    "safetybench_zh": "SafetyBench (zh)",
    "wildguard": "WildGuardTest",
    "wildjailbreak": "WildJailbreak",
    "general": "general text",
    "heldout": "held-out prompts",
    "retention": "retention prompts",
}
WITH = " + "  # between the names of a joint target's tasks
MEASURES = {  # beside the scores, by the ending of their column
    "loss": "loss, nats a token",
    "bits_per_byte": "loss, bits a byte",
    "kl": "KL to base, nats a token",
    "length": "tokens a completion",
    "truncated": "cut at the limit, %",
}
QUANTITIES = {
    "target": "Own target",
    "target_mean": "Target mean",
    "retention_mean": "Retention mean",
    "xfer": "Transfer",
    "forgetting": "Forgetting F",
    "forgetting_ext": "Forgetting F_ext",
    "retention_delta": "Retention change",
    "forgetting_floor": "F by chance",
    "forgetting_floor_ext": "F_ext by chance",
    "forgetting_matched": "F at matched accuracy",
    "retention_matched": "Retention at matched accuracy",
    "cost.optimizer_steps": "Optimiser steps",
    "cost.trained_tokens": "Trained tokens",
    "cost.frozen_tokens": "A frozen model's tokens",
    "cost.rollouts": "Rollouts",
    "cost.generated_tokens": "Generated tokens",
    "cost.seconds": "Seconds",
    "train_nll.per_token": "Train NLL / token",
    "val_nll.per_token": "Held-out NLL / token",
    "train_nll.per_sequence": "Train NLL / sequence",
    "val_nll.per_sequence": "Held-out NLL / sequence",
    "drift.per_token": "Drift / token",
    "drift.per_sequence": "Drift / sequence",
    "pass_at_1": "Pass@1",
    "pass_at_k": "Pass@K",
    "sc_acc": "SC-Acc",
    "ans_ent": "AnsEnt",
    "coverage": "Coverage at K",
    "coverage_n": "Coverage at n",
    "distinct_solutions": "Distinct right solutions",
    "mixed_classes": "Mixed classes",
    "greedy": "Greedy",
    "left": "Left side",
    "corollary": "sqrt(2 E KL)",
    "bound": "E sqrt(2 KL)",
    "tv_corollary": "sqrt(E KL / 2)",
    "tv_bound": "E sqrt(KL / 2)",
    "looseness": "Looseness",
    "area": "Dominated area",
    "area_difference": "Difference of areas",
    "pld_ref": "PLD to references",
    "pld_own": "PLD to own supervision",
    "wildguard_asr": "WildGuardTest ASR",
    "wildjailbreak_asr": "WildJailbreak ASR",
    "kl.policy_base": "KL(policy || base)",
    "kl.base_policy": "KL(base || policy)",
    "floor.kl_per_token": "Floor of KL / token",
    "floor.nll_per_token": "Floor of NLL / token",
    "update.changed": "Weights changed",
    "update.surviving": "Update that survived rounding",
    "targets.alpha": "α, configured",
    "targets.teacher": "Teacher's share of targets with loss",
    "targets.teacher_tokens": "Teacher's share of tokens",
    "targets.general": "General prompts' share of targets with loss",
    "targets.general_tokens": "General prompts' share of tokens",
    "targets.masked": "Targets without loss",
    "targets.cut": "Sampled targets cut",
    "targets.empty_steps": "Steps without loss",
    "reward": "Reward",
    "kl": "KL to base / completion",
    "entropy": "Entropy / token",
    "length": "Tokens / rollout",
    "truncated": "Truncated",
    "failures": "Grader failures / step",
    "equal": "Prompts with equal rewards",
}


def method(name: str) -> str:
    """A method's printed name; words of an own name are kept, so that the config's entry can be found."""
    if name in METHODS:
        return METHODS[name]
    labels = WORDS | {kind: entry.label for kind, entry in KINDS.items()}
    return labels.get(name) or " ".join(labels.get(word, word) for word in name.split("_"))


def difference(prefix: str) -> str:
    """Words for the first part of a difference's name: `delta`, or `versus_{method}`."""
    if prefix == "delta":
        return "change from base"
    return f"difference from {method(prefix.removeprefix('versus_'))}"


def benchmark(name: str) -> str:
    """A benchmark's (or set of prompts') printed name; a joint target's has those of its tasks."""
    return WITH.join(BENCHMARKS.get(task) or task.replace("_", " ") for task in tasks_of(name))


def quantity(name: str, suite: Suite | None = None) -> str:
    """A quantity's printed name; benchmarks of the suite and `{benchmark}.{metric}` are quantities too."""
    if name in QUANTITIES:
        return QUANTITIES[name]
    first, _, rest = name.partition(".")
    if rest and (first == "delta" or first.startswith("versus_")):
        return f"{quantity(rest, suite)}, {difference(first)}"
    head, _, tail = name.rpartition(".")
    if tail in ("per_token", "per_sequence"):
        return f"{quantity(head)} / {tail.removeprefix('per_')}"
    if head and suite and head in suite.benchmarks:
        return f"{benchmark(head)} {tail.replace('_', ' ')}"
    return benchmark(name)


def seeds(number: int) -> str:
    """`1 seed`, `3 seeds`; nothing for 0."""
    return f"{number} seed{'s' if number > 1 else ''}" if number else ""


def listed(names: Iterable[str]) -> str:
    """Names with `and` before the last."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def prompts(name: str) -> str:
    """A set of prompts in an axis label: `held-out prompts`, `ARC-C prompts`."""
    return BENCHMARKS[name] if name in ("heldout", "retention") else f"{benchmark(name)} prompts"
