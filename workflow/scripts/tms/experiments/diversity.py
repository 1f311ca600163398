"""Diversity of the samples of a prompt: Pass@K, majority vote, answer entropy, coverage (Table 2).

Of n samples of a prompt, c are right. The vote, the entropy and the coverage look at the first K samples,
Pass@K at all n. So one set of samples serves every number, and for each prompt (and for means over prompts)
SC_K <= coverage_K, Pass@1 <= Pass@K <= coverage_n, 0 <= entropy <= ln K.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tms.experiments.answer_classes import NO_ANSWER
from tms.io.errors import InputError

SLACK = 1e-9  # of sums of floats
# The first is at most the second; other pairs need not be ordered (SC_n may exceed the unbiased Pass@K).
ORDERED = [
    ("pass_at_1", "pass_at_k"),
    ("pass_at_k", "coverage_n"),
    ("sc_acc", "coverage"),
    ("coverage", "coverage_n"),
]


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased estimate of the chance that one of K samples is right: 1 - C(n-c, K) / C(n, K).

    Chen et al. (2021), https://arxiv.org/abs/2107.03374, Eq. 1; exact up to the last rounding.

    Args:
        n: samples.
        c: right ones among them, 0 <= c <= n.
        k: 1 <= K <= n.

    Raises:
        ValueError: numbers out of these ranges.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"Pass@{k} of {n} samples with {c} right is not defined")
    return float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))


def answer_entropy(answers: Sequence[str]) -> float:
    """Entropy (nats) of the empirical distribution of answers; no answer is one class (AnsEnt)."""
    counts = Counter(answers).values()
    n = len(answers)
    # No term is below 0; the sum of equal ones may pass ln n by a rounding error.
    return min(math.log(n), math.fsum(count * math.log(n / count) for count in counts) / n)


def majority(answers: Sequence[str]) -> int:
    """Index of the first sample of the most frequent answer; of equally frequent ones, the one seen first.

    Args:
        answers: class of each sample's answer, in the order of the samples; at least one.
    """
    counts = Counter(answers)
    return answers.index(max(counts, key=counts.__getitem__))  # a Counter keeps the order of first sight


def measure(
    prompt: str, answers: Sequence[str], right: Sequence[bool], k: int, solutions: Sequence[str] = ()
) -> dict[str, float]:
    """All quantities of one prompt.

    Args:
        prompt: what an error names, e.g. the example's id.
        answers: class of each sample's answer, in their order (`tms.experiments.answer_classes`).
        right: the stored grade of each sample. A sample without an answer counts as wrong.
        k: K, at most the number of samples.
        solutions: class of each sample's working (`tms.experiments.solutions`); none where none are counted.

    Returns:
        `pass_at_1`, `pass_at_k` (unbiased, of all samples), `coverage` and `coverage_n` (1 where one of the
        first K, or of all, is right), `sc_acc` (grade on the first sample that gave the most frequent
        answer of the first K), `ans_ent` (nats, first K), `mixed_classes` (classes of equal answers with both
        grades, among all samples) and, of counted ones, `distinct_solutions` (among all right samples).

    Raises:
        InputError: fewer than K samples, or a result that breaks an invariant.
    """
    n = len(right)
    if n < k:
        raise InputError(f"{prompt}: {n} samples, fewer than K = {k}; sample more of them, or lower K")
    right = [grade and answer != NO_ANSWER for grade, answer in zip(right, answers, strict=True)]
    c = sum(right)
    correct = {answer for answer, grade in zip(answers, right, strict=True) if grade}
    wrong = {answer for answer, grade in zip(answers, right, strict=True) if not grade}
    quantities = {
        "pass_at_1": c / n,
        "pass_at_k": pass_at_k(n, c, k),
        "coverage": float(any(right[:k])),
        "coverage_n": float(c > 0),
        "sc_acc": float(right[majority(answers[:k])]),
        "ans_ent": answer_entropy(answers[:k]),
        "mixed_classes": float(len(correct & wrong)),
    }
    if solutions:
        found = {each for each, grade in zip(solutions, right, strict=True) if grade}
        quantities["distinct_solutions"] = float(len(found))
    check(prompt, quantities, k)
    return quantities


def check(name: str, quantities: Mapping[str, float], k: int) -> None:
    """Assert what holds for numbers that come from the same samples, of one prompt or as means over prompts.

    Args:
        name: of the prompt or the row, for the error.
        quantities: some of `measure`'s quantities; what is missing is not checked.
        k: K.

    Raises:
        InputError: an inequality is broken, so the numbers cannot come from the same samples.
    """
    bounds = [
        (low, quantities[low], high, quantities[high])
        for low, high in ORDERED
        if {low, high} <= quantities.keys()
    ]
    if "ans_ent" in quantities:
        bounds += [
            ("0", 0.0, "ans_ent", quantities["ans_ent"]),
            ("ans_ent", quantities["ans_ent"], "ln K", math.log(k)),
        ]
    for low, value, high, bound in bounds:
        if not value <= bound + SLACK:
            raise InputError(
                f"{name}: {low} = {value:.6g} is above {high} = {bound:.6g} (K = {k}), which one set of "
                f"samples cannot give; generate and grade the samples again"
            )
