"""The sentence on each verdict: what these runs showed and how far it holds, short and without statistics."""

import re

import pytest
from helpers.report_cells import MadeCells
from helpers.verdict_cells import (
    CONTRADICTED,
    INCONCLUSIVE,
    INDISTINGUISHABLE,
    SUPPORTED,
    answered,
    difference,
    front,
    measured,
    plane,
    versus,
)
from hypothesis import given
from hypothesis import strategies as st

from tms.config.suite import Suite
from tms.report.research_questions import duels, mechanism, outcome, sentences, sweeps
from tms.report.research_questions.decisions import DESCRIBED, any_differs, by_direction, over_seeds
from tms.report.research_questions.questions import answer

SCORED = ("scored", "higher", "lower")


def of_one(*given):
    """The sentence on one difference in forgetting."""
    one = difference(*given)
    return sentences.single(outcome.FORGETS, one, over_seeds(by_direction, [one]))


@pytest.mark.parametrize(
    "given, expected",
    [
        ((0.1, 0.01, 0.02), "TMS forgot less than SFT, and three seeds bear it out."),
        ((-0.1, 0.01, 0.02, 5), "TMS forgot more than SFT, and five seeds bear it out."),
        (
            (-0.017, 0.006, 0.183),
            "TMS forgot more than SFT in these runs, but three seeds do not settle it.",
        ),
        (
            (-0.003, 0.007, 0.112, 2),
            "TMS's forgetting could not be told from SFT's, and two seeds leave it open.",
        ),
        (
            (0.0, 0.01, 0.01),
            "TMS's forgetting could not be told from SFT's, to within two points.",
        ),
        ((0.01, 0.005, 0.002), "TMS forgot less than SFT, and three seeds bear it out."),
        ((0.009, 0.005, 0.0088), "TMS forgot less than SFT in these runs, by less than two points."),
        (
            (0.03, 0.05, 0.01),
            "TMS's forgetting could not be told from SFT's, with so few test examples.",
        ),
        ((0.1, 0.01), "TMS forgot less than SFT in this run; other seeds may differ."),
        ((0.0, 0.01), "TMS's forgetting could not be told from SFT's in this run; other seeds may differ."),
    ],
)
def test_one_difference(given, expected):
    assert of_one(*given) == expected


SURE, LOST, OPEN, WORSE = (0.1, 0.01, 0.02), (-0.1, 0.01, 0.02), (0.0, 0.01, 0.1), (-0.05, 0.01, 0.1)


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"chain": SURE}, "TMS scored higher than SFT on chain, and three seeds bear it out."),
        (
            {"chain": WORSE, "count": WORSE},
            "TMS scored lower than SFT on both tasks in these runs, but three seeds do not settle it.",
        ),
        (
            {"chain": WORSE, "count": OPEN},
            "TMS scored lower than SFT on chain in these runs, but three seeds do not settle it.",
        ),
        (
            {"chain": SURE, "count": LOST},
            "TMS scored higher than SFT on chain and lower on count, and three seeds bear it out.",
        ),
        (
            {"chain": SURE, "count": SURE, "e": LOST, "name": SURE},
            "TMS scored higher than SFT on three of four tasks and lower on e, and three seeds bear it out.",
        ),
        ({"chain": OPEN}, "TMS could not be told from SFT on chain, and three seeds leave it open."),
        (
            {"chain": OPEN, "count": OPEN},
            "TMS could not be told from SFT on either task, and three seeds leave it open.",
        ),
        (
            dict.fromkeys("abc", OPEN),
            "TMS could not be told from SFT on any of three tasks, and three seeds leave it open.",
        ),
        (
            dict.fromkeys("abc", (0.1, 0.01)),
            "TMS scored higher than SFT on all three tasks in this run; other seeds may differ.",
        ),
        ({"a " * 20: SURE}, "TMS scored higher than SFT on its task, and three seeds bear it out."),
        ({"a " * 20: OPEN}, "TMS could not be told from SFT on its task, and three seeds leave it open."),
        (
            {"a " * 20: SURE, "b": (0.0, 0.01, 0.01)},
            "TMS scored higher than SFT on one of two tasks, and three seeds bear it out.",
        ),
    ],
)
def test_places(given, expected):
    contrasts = [difference(*one) for one in given.values()]
    verdict = over_seeds(any_differs, contrasts)
    assert sentences.places(list(given), contrasts, verdict, SCORED) == expected


PAIRS = {
    SUPPORTED: [SURE, SURE],
    CONTRADICTED: [LOST, LOST],
    INDISTINGUISHABLE: [SURE, LOST],
    INCONCLUSIVE: [WORSE, WORSE],
}


@pytest.mark.parametrize(
    "verdict, ending",
    [
        (SUPPORTED, "did better than each single one, without a loss, and three seeds bear it out."),
        (CONTRADICTED, "than the mixture, without a loss, and three seeds bear it out."),
        (INDISTINGUISHABLE, "than each single checkpoint nor lost to one, and three seeds bear it out."),
        (INCONCLUSIVE, "than the mixture, without a loss in these runs, but three seeds do not settle it."),
    ],
)
def test_pairs(verdict, ending):
    contrasts = [difference(*one) for one in PAIRS[verdict]]
    assert over_seeds(duels.every, contrasts) == verdict
    told = duels.sentence(outcome.MIXTURE_DOES, contrasts, duels.every, verdict)
    assert told.endswith(ending)


def test_a_trade_in_one_pair_does_not_settle_what_the_other_pair_leaves_open():
    unsure = (0.01, 0.05, 0.001)  # by the examples
    contrasts = [difference(*one) for one in (SURE, LOST, unsure, unsure)]
    assert over_seeds(duels.every, contrasts) == INDISTINGUISHABLE
    told = duels.sentence(outcome.MIXTURE_DOES, contrasts, duels.every, INDISTINGUISHABLE)
    assert told.endswith("nor lost to one, with so few test examples.")


def test_pairs_of_one_run_are_told_by_their_verdict():
    contrasts = [difference(*one[:2]) for one in PAIRS[INCONCLUSIVE]]
    verdict = duels.every(contrasts)
    told = duels.sentence(outcome.MIXTURE_DOES, contrasts, duels.every, verdict)
    assert (verdict, told) == (
        CONTRADICTED,
        f"A single checkpoint did better than the mixture, without a loss {sentences.OTHER_SEEDS}.",
    )


@pytest.mark.parametrize(
    "values, half, expected",
    [
        ((0.0, 0.0), 0.01, "TMS was no more than two points behind GRPO in accuracy and forgetting, and"),
        ((0.0, -0.1), 0.01, "TMS fell more than two points behind GRPO in forgetting, and three seeds bear"),
        ((-0.1, -0.1), 0.01, "TMS fell more than two points behind GRPO in accuracy and forgetting, and"),
        ((-0.05, 0.0), 0.2, "TMS fell more than two points behind GRPO in accuracy in these runs, but"),
        ((0.0, 0.0), 0.2, "TMS was no more than two points behind GRPO in accuracy and forgetting in these"),
    ],
)
def test_parity(values, half, expected):
    cells = [*plane("grpo", 0.7, -0.1), *plane("tms", 0.7, -0.1)]
    for name, value in zip(("target_mean", "forgetting"), values, strict=True):
        spread = {"seeds_low": -value - half, "seeds_high": -value + half}
        cells.append(measured("main", "grpo", f"versus_tms.{name}", -value, 0.005, **spread))
    assert answered("RQ3", cells)["sentence"].startswith(expected)


def test_parity_that_examples_leave_open():
    cells = [*plane("grpo", 0.7, -0.1), *plane("tms", 0.7, -0.1)]
    one = {"seeds": 1, "seeds_low": None, "seeds_high": None}
    cells += [
        measured("main", "grpo", f"versus_tms.{name}", 0.03, 0.05, **one)
        for name in ("target_mean", "forgetting")
    ]
    assert answered("RQ3", cells)["sentence"] == (
        "TMS fell more than two points behind GRPO in accuracy and forgetting in this run, but its examples "
        "do not settle it."
    )


def test_the_frontier_and_the_windows_have_their_own_words():
    assert answered("Frontier", front(0.1, 0.01))["sentence"] == (
        "Tuned alike, TMS trades accuracy against forgetting better than SFT, and three seeds bear it out."
    )
    where = {"group": "windows", "x": 0.7, "p_value": 0.001}
    cells = [
        measured("frontier", "tms_mid", "retention_matched", 0.93, group="windows", x=0.7),
        measured(
            "frontier",
            "tms_mid",
            "retention_matched.versus_uniform",
            0.017,
            **where | {"seeds_low": -0.166, "seeds_high": 0.2},
        ),
    ]
    entry = answered("RQ9", cells)
    assert (entry["verdict"], entry["sentence"]) == (
        INCONCLUSIVE,
        "At equal target accuracy the middle window retained more than uniform sampling in these runs, but "
        "three seeds do not settle it.",
    )


def test_safety_has_its_own_words():
    cells = [measured("main", method, "guard.over_refusal", 0.1) for method in ("sft", "tms")]
    entry = answered("RQ8", [*cells, versus("guard", -0.1, 0.001)])
    assert entry["sentence"] == "TMS was less safe than SFT on guard, and three seeds bear it out."


@pytest.mark.parametrize(
    "reason, expected",
    [
        ("the suite has no safety benchmark", "Not measured: the suite has no safety benchmark."),
        (
            "4 recipes are too few for a test: so few orders",
            "Not measured: 4 recipes are too few for a test.",
        ),
        ("no baseline (grpo) is there", "Not measured: no baseline."),
        ("word " * 30, sentences.NOT_MEASURED),
    ],
)
def test_what_is_not_measured(reason, expected):
    assert sentences.not_measured(reason) == expected


@pytest.mark.parametrize("number, word", [(1, "one"), (3, "three"), (12, "twelve"), (13, "13")])
def test_small_numbers_are_words(number, word):
    assert sentences.counted(number) == word


FACTS = [
    *(fact for facts in (outcome.ON_THE_FRONTIER, outcome.FORGETS) for fact in facts.values()),
    *(fact for facts in (outcome.MIXTURE_DOES, outcome.COMBINATION_DOES) for fact in facts.values()),
    *(fact for facts in (sweeps.MIDDLE_KEEPS, sweeps.TEN_DOES) for fact in facts.values()),
    *mechanism.AT_EVERY_SCALE.values(),
    "TMS fell more than two points behind GRPO and REINFORCE in accuracy and forgetting",
]


@pytest.mark.parametrize(
    "given", [SURE, OPEN, WORSE, SURE[:2], OPEN[:2], (0.0, 0.01, 0.01), (0.03, 0.05, 0.01)]
)
@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_is_short_with_any_ending(fact, given):
    one = difference(*given)
    verdict = over_seeds(by_direction, [one])
    for open_fact in (True, False):
        assert sentences.fits(sentences.told([fact], [one], verdict, open_fact))


def test_what_has_no_differences_is_short_too():
    ending = f" {sentences.OTHER_SEEDS}."
    for facts in (mechanism.GAINS, mechanism.PREDICTS):
        for verdict, fact in facts.items():
            assert sentences.fits(("Four " if verdict == DESCRIBED else "") + fact + ending)


NAMES = st.lists(st.text("abc ", min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=7)


@given(NAMES, st.data())
def test_any_names_make_one_short_sentence(names, data):
    cases = st.sampled_from([SURE, LOST, OPEN, WORSE, SURE[:2], LOST[:2]])
    contrasts = [difference(*data.draw(cases)) for _ in names]
    verdict = over_seeds(any_differs, contrasts)
    told = sentences.places(names, contrasts, verdict, SCORED)
    assert sentences.fits(told) and told.endswith(".") and not re.search(r"\d", told)


@pytest.mark.parametrize("seeds", [1, 3])
def test_every_question_of_a_report_has_a_short_sentence(seeds):
    """Without digits but those of names."""
    suite = Suite(["chain", "mini_countdown"], ["facts", "lookup"], safety=["wildguard"])
    answers = answer(MadeCells("m", seeds).all(), suite, "m")
    assert any(entry["verdict"] != "not measured" for entry in answers)
    for entry in answers:
        assert sentences.fits(entry["sentence"]), entry
        assert entry["sentence"].endswith(".") and entry["sentence"].count(". ") == 0
        assert not re.search(r"\d\.\d|%|p =", entry["sentence"]), entry
