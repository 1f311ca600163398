"""Diversity of samples against brute force, scipy, and what must hold for every set of samples."""

import csv
import math
from collections import Counter
from itertools import combinations

import pytest
from helpers.paths import PAPER
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy, hypergeom

from tms.experiments.answer_classes import NO_ANSWER
from tms.experiments.diversity import answer_entropy, check, majority, measure, pass_at_k
from tms.io.errors import InputError

TABLE2 = PAPER / "table2.csv"


@pytest.mark.parametrize("n", range(1, 9))
def test_pass_at_k_is_the_share_of_subsets_that_hold_a_right_sample(n):
    for c in range(n + 1):
        right = [True] * c + [False] * (n - c)
        for k in range(1, n + 1):
            subsets = list(combinations(right, k))
            assert pass_at_k(n, c, k) == sum(map(any, subsets)) / len(subsets)


@given(st.data())
def test_pass_at_k_is_the_hypergeometric_distribution(data):
    n = data.draw(st.integers(1, 300))
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(n, c, k) == pytest.approx(1 - hypergeom.pmf(0, n, c, k), abs=1e-12)


def test_pass_at_k_where_products_of_factorials_overflow():
    """One right sample of n is among K drawn ones with the chance K/n, for any n."""
    assert pass_at_k(100_000, 1, 100) == pytest.approx(1e-3, rel=1e-14)
    assert pass_at_k(128, 29, 100) == 1.0  # 99 wrong samples cannot fill 100 places
    assert pass_at_k(10, 2, 8) == 1 - 1 / 45


@pytest.mark.parametrize("n, c, k", [(5, 6, 1), (5, -1, 1), (5, 2, 6), (5, 2, 0), (0, 0, 1)])
def test_pass_at_k_is_defined_for_k_of_at_most_n_samples(n, c, k):
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(n, c, k)


def test_entropy_of_known_distributions():
    assert answer_entropy(["1"] * 50) == 0
    assert answer_entropy([str(i) for i in range(100)]) == pytest.approx(math.log(100))
    assert answer_entropy(["1", "1", NO_ANSWER, NO_ANSWER]) == pytest.approx(math.log(2))


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=200))
def test_entropy_as_scipy_computes_it(answers):
    assert answer_entropy(answers) == pytest.approx(entropy(list(Counter(answers).values())), abs=1e-12)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12))
def test_the_vote_takes_the_most_frequent_and_of_those_the_first_answer(answers):
    chosen = majority(answers)
    others = [(-answers.count(answer), index) for index, answer in enumerate(answers)]
    assert (-answers.count(answers[chosen]), chosen) == min(others)


SAMPLES = st.lists(
    st.tuples(st.sampled_from(["", "1", "2", "3", "x"]), st.booleans()), min_size=1, max_size=40
)


@given(SAMPLES, st.data())
def test_invariants_hold_for_any_samples_even_with_mixed_grades(samples, data):
    answers, right = map(list, zip(*samples, strict=True))
    k = data.draw(st.integers(1, len(samples)))
    found = measure("any", answers, right, k)
    assert found["sc_acc"] <= found["coverage"] <= found["coverage_n"]
    assert found["pass_at_1"] <= found["pass_at_k"] <= found["coverage_n"]
    assert 0 <= found["ans_ent"] <= math.log(k) + 1e-12
    assert "distinct_solutions" not in found
    found = measure("any", answers, right, k, [str(i % 3) for i in range(len(answers))])
    assert (found["distinct_solutions"] > 0) == (found["coverage_n"] == 1)
    assert found["distinct_solutions"] <= min(3, sum(right))


@given(SAMPLES)
def test_grades_that_follow_the_answer_leave_no_mixed_class(samples):
    answers = [answer for answer, _ in samples]
    found = measure("any", answers, [answer in ("1", "x") for answer in answers], 1)
    assert found["mixed_classes"] == 0


def test_one_prompt_by_hand():
    answers = ["7", "8", "", "8", "7", "9", "9", "9"]
    right = [True, False, False, False, True, False, True, True]
    found = measure("p", answers, right, k=5, solutions=["a", "b", "c", "d", "a", "e", "f", "e"])
    assert found == {
        "pass_at_1": 4 / 8,
        "pass_at_k": 1.0,  # four wrong samples cannot fill five places
        "coverage": 1.0,
        "coverage_n": 1.0,
        "sc_acc": 1.0,  # 7 and 8 have two votes each; 7 came first
        "ans_ent": pytest.approx(-2 * 0.4 * math.log(0.4) - 0.2 * math.log(0.2)),
        "distinct_solutions": 3.0,  # a, f and e
        "mixed_classes": 1.0,  # 9
    }


def test_a_vote_for_no_answer_is_wrong():
    assert measure("p", ["", "", "5"], [False, False, True], 3)["sc_acc"] == 0
    assert measure("p", ["", "", "5"], [True, True, False], 3)["coverage"] == 0


def test_the_grade_of_a_mixed_class_is_that_of_its_first_sample():
    assert measure("p", ["5", "5", "6"], [False, True, False], 3)["sc_acc"] == 0
    assert measure("p", ["5", "5", "6"], [True, False, False], 3)["sc_acc"] == 1


def test_too_few_samples():
    with pytest.raises(InputError, match=r"math-7: 3 samples, fewer than K = 4"):
        measure("math-7", ["1"] * 3, [True] * 3, 4)


def test_the_papers_columns_cannot_share_samples():
    """Table 2: SC-Acc 68.0 above Pass@100 66.0 (SFT) and 75.2 above 73.9 (GRPO); the other two rows may."""
    broken = []
    with TABLE2.open(newline="") as stream:
        for row in csv.DictReader(stream):
            found = {name: float(row[name]) / 100 for name in ("pass_at_1", "sc_acc")}
            found |= {"coverage": float(row["pass_at_100"]) / 100, "ans_ent": float(row["ans_ent"])}
            try:
                check(f"Table 2, {row['method']}", found, 100)
            except InputError as error:
                broken.append(str(error))
    assert len(broken) == 2
    assert broken[0].startswith("Table 2, sft: sc_acc = 0.68 is above coverage = 0.66 (K = 100)")
    assert broken[1].startswith("Table 2, grpo: sc_acc = 0.752 is above coverage = 0.739")


@pytest.mark.parametrize(
    "found, message",
    [
        ({"pass_at_1": 0.5, "pass_at_k": 0.4}, "pass_at_1 = 0.5 is above pass_at_k = 0.4"),
        ({"pass_at_k": 0.5, "coverage_n": 0.4}, "pass_at_k = 0.5 is above coverage_n = 0.4"),
        ({"ans_ent": 1.4}, "ans_ent = 1.4 is above ln K = 1.38629"),
        ({"ans_ent": -0.1}, "0 = 0 is above ans_ent = -0.1"),
        ({"ans_ent": math.nan}, "ans_ent"),
    ],
)
def test_a_broken_invariant_names_the_prompt_and_both_numbers(found, message):
    with pytest.raises(InputError, match=f"^chain-3: .*{message}"):
        check("chain-3", found, 4)
