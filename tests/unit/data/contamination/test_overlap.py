"""Contamination: equal problems, 13 words in common, boilerplate; on texts made by hand and on real sets."""

import json
import random

import pytest
from helpers.benchmark_data import DATA, needs_data
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.data.contamination.overlap import SHORTEST, SIZE, ExactMatcher, Overlap, Overlaps, check_problems
from tms.data.contamination.report import ACCEPTED, BLOCKED, KEPT, OK, contaminated_pairs, outcome
from tms.io.errors import InputError
from tms.tasks import arc, gsm8k, math, math500


def problems(texts, name):
    return [{"example_id": f"{name}-{index}", "problem": text} for index, text in enumerate(texts)]


def sentence(draw, length=30):
    """Words that no other sentence has."""
    return " ".join(f"w{draw.randrange(10**9):x}" for _ in range(length))


def sentences(name, count, length=30):
    draw = random.Random(name)
    return [sentence(draw, length) for _ in range(count)]


def hits(train, test):
    found = Overlaps(problems(train, "train")).find(problems(test, "test"))
    return {overlap.example_id for overlap in found.rows}


@pytest.mark.parametrize("length", [SIZE - 2, SIZE - 1, SIZE, SIZE + 1])
@pytest.mark.parametrize("place", [0, 7, 30])
def test_thirteen_words_are_found_and_twelve_are_not(length, place):
    train, test = sentences("train", 40), sentences("test", 40)
    common = " ".join(sentences("common", 1, length))
    train[5] = f"{train[5]} {common}"
    words = test[9].split()
    test[9] = " ".join([*words[:place], common, *words[place:]])
    found, boilerplate, _ = Overlaps(problems(train, "train")).find(problems(test, "test"))
    assert boilerplate == 0
    if length < SIZE:
        assert not found
        return
    [overlap] = found
    assert (overlap.example_id, overlap.train_id, overlap.words) == ("test-9", "train-5", common)
    assert overlap.matched == pytest.approx((length - SIZE + 1) / (30 + length - SIZE + 1))


def test_it_is_thirteen_words():
    assert SIZE == 13


@pytest.mark.parametrize("length", [SHORTEST - 1, SHORTEST, 9, SIZE - 1])
@pytest.mark.parametrize("place", [0, 7, 40])
def test_a_short_row_within_a_training_row_is_found(length, place):
    train, test = sentences("train", 40, 40), sentences("test", 40)
    [row] = sentences("short", 1, length)
    words = train[5].split()
    train[5] = " ".join([*words[:place], row, *words[place:]])
    test[9], test[8] = row.upper() + "?", row.rsplit(" ", 1)[0] + " other"
    found = Overlaps(problems(train, "train")).find(problems(test, "test"))
    if length < SHORTEST:
        assert found == ([], 0, 2)
    else:
        assert found == ([Overlap("test-9", "train-5", 1.0, row)], 0, 0)


def test_a_short_row_that_many_training_rows_hold_is_boilerplate():
    [row] = sentences("stock phrase", 1, 9)
    for holders, expected in ((10, {"test-0"}), (11, set())):
        train = [f"{text} {row}" for text in sentences("train", holders)] + sentences("rest", 90)
        assert hits(train, [row, *sentences("test", 40)]) == expected


def test_rows_below_eight_words_are_counted():
    rows = problems(["a b c", "a b c", "a b c d e f g", "a b c d e f g h", "?!"], "test")
    assert Overlaps(problems(sentences("train", 9), "train")).find(rows) == ([], 0, 4)


def test_case_and_punctuation_do_not_hide_an_overlap():
    [common] = sentences("common", 1, SIZE)
    shouted = "... ".join(common.upper().split())
    assert hits(["before " + common], [shouted + "!"]) == {"test-0"}


@given(st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_order_of_rows_changes_nothing(shuffle):
    train, test = sentences("train", 60), sentences("test", 60)
    for place in range(0, 60, 7):
        test[place] += " " + " ".join(train[place].split()[3:20])
        test[place + 1] += " " + " ".join(train[place].split()[9:29])
    rows, others = problems(train, "train"), problems(test, "test")
    expected = Overlaps(rows).find(others)
    assert len(expected[0]) == 18
    shuffle.shuffle(rows)
    shuffle.shuffle(others)
    assert Overlaps(rows).find(others) == expected


@pytest.mark.parametrize("length", [SIZE, 25])
def test_boilerplate_in_every_row_changes_no_hit(length):
    train, test = sentences("train", 60), sentences("test", 60)
    test[4] = f"{test[4]} {' '.join(train[8].split()[:SIZE])}"
    # The same first word after the boilerplate, and last one before it, must not count as 13 words in common.
    train[20], test[30] = "However " + train[20], "However " + test[30]
    assert hits(train, test) == {"test-4"}
    before, after = sentences("template", 2, length)
    framed = [[f"{before} {text} {after}" for text in texts] for texts in (train, test)]
    assert hits(*framed) == {"test-4"}
    assert Overlaps(problems(framed[0], "train")).find(problems(framed[1], "test"))[1] > 0


def test_boilerplate_of_one_side_is_left_out_too():
    template = " ".join(sentences("template", 1, 20))
    train = [*sentences("train", 40), f"{sentences('x', 1)[0]} {template}"]
    test = [f"{text} {template}" for text in sentences("test", 40)]
    assert hits(train, test) == set()
    assert hits(test, train) == set()


def test_in_a_small_set_a_shared_passage_is_no_boilerplate():
    passage = " ".join(sentences("passage", 1, 40))
    test = [f"{passage} {question}" for question in sentences("questions", 10)] + sentences("rest", 90)
    train = [*sentences("train", 50), f"{sentences('x', 1)[0]} {passage}"]
    assert len(hits(train, test)) == 10


def test_copies_of_a_leaked_text_are_no_boilerplate():
    train, test = sentences("train", 60), sentences("test", 60)
    copies = [train[0] + " and one more"] * 40
    test[3] = train[0] + " in another context"
    assert hits([*train, *copies], test) == {"test-3"}


def test_equal_short_texts_are_found():
    matcher = ExactMatcher(problems(["What is 2 + 2?", "Evaluate $\\log_8 2$.", "Compute 5!"], "test"))
    train = problems(["what is $2+2$", "What is 2 - 2?", "Evaluate\n\\( \\log_{8}{2} \\)"], "train")
    assert matcher.matches(train) == {"train-0": ["test-0"], "train-2": ["test-1"]}


ARC = [
    "Which of these is a solid?\nice\nsteam\nwater\nair",
    "An astronomer observes that a planet rotates faster. Why?\ndensity\nyears\ndays\ngravity",
]


@pytest.mark.parametrize(
    "training",
    [
        ARC[0],  # as it is
        "Which of these is a solid?",  # without its options
        "Which of these is a solid?\nsteam\nair\nice\nwater",  # in another order
        "Which of these is a solid?\nA. ice\nB. steam\nC. water\nD. air",  # with labels
        "which of these is a solid\n(1) Ice.\n(2) Steam.\n(3) Water.\n(4) Air.",
    ],
)
def test_arc_would_be_found_in_auxiliary_train(training):
    other = "Which of these is a solid?\noxygen\nhelium\nneon\niron"
    matcher = ExactMatcher(problems(ARC, "arc"))
    assert matcher.matches(problems([other, training], "mmlu")) == {"mmlu-1": ["arc-0"]}


def test_a_benchmark_without_options_is_found_in_training_rows_with_them():
    matcher = ExactMatcher(problems(["Which of these is a solid?"], "arc"))
    assert matcher.matches(problems(ARC, "mmlu")) == {"mmlu-0": ["arc-0"]}


@given(st.lists(st.text(max_size=20), max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_what_is_left_after_removal_has_no_equal(train, test):
    matcher = ExactMatcher(problems(test, "test"))
    rows = problems(train, "train")
    gone = matcher.matches(rows)
    left = [row for row in rows if row["example_id"] not in gone]
    assert not matcher.matches(left)
    assert not {row["problem"] for row in left} & set(test)


def test_the_first_of_several_training_rows_is_named():
    train, test = sentences("train", 9), sentences("test", 3)
    for place in (7, 2, 5):
        train[place] += " " + test[1]
    [overlap] = Overlaps(problems(train, "train")).find(problems(test, "test"))[0]
    assert (overlap.train_id, overlap.matched) == ("train-2", 1.0)


def test_empty_sets_and_empty_problems():
    assert hits([], ["a b"]) == set() == hits(sentences("train", 3), [])
    with pytest.raises(InputError, match=r"x\.parquet: example p-1 has an empty problem"):
        check_problems(problems(["a", " \n"], "p"), "x.parquet")


def test_outcomes():
    assert outcome(0.01, 0.01, None, None) == (OK, "")
    assert outcome(0.011, 0.01, None, None) == (BLOCKED, "")
    assert outcome(0.011, 0.01, "why", None) == (ACCEPTED, "why")
    assert outcome(0.0, 0.01, "why", None) == (OK, "")
    assert outcome(0.0, 0.01, None, "trains on it") == (KEPT, "trains on it")


def test_contaminated_pairs_are_accepted_and_kept_pairs(tmp_path):
    entry = {"rows": 500, "exact": 0, "overlapping": 60, "share": 0.12, "reason": "both come from contests"}
    kept = entry | {"exact": 7, "outcome": KEPT, "reason": "trains on it"}
    benchmarks = {"a": entry | {"outcome": ACCEPTED}, "b": entry | {"outcome": OK}, "c": kept}
    path = tmp_path / "contamination.json"
    path.write_text(json.dumps({"task": "math", "benchmarks": benchmarks}))
    shared = "60 of 500 rows (12.0%) share 13 words or all of theirs with training"
    assert contaminated_pairs([path]) == {
        ("math", "a"): f"{shared}: both come from contests",
        ("math", "c"): f"7 training rows equal rows of it and were kept; {shared}: trains on it",
    }
    with pytest.raises(InputError, match=r"none\.json"):
        contaminated_pairs([tmp_path / "none.json"])


@needs_data
def test_math_500_is_found_in_the_math_test_split():
    test = math.build("test", 5000, 0, {}, DATA)
    small = math500.build("test", 500, 0, {}, DATA)
    assert len(ExactMatcher(small).matches(test)) == 500
    train = math.build("train", 6900, 0, {}, DATA)
    assert not ExactMatcher(small).matches(train)


@needs_data
def test_math_train_against_math_test():
    """Four of 7,500 training problems are test problems; docs/results/contamination.md has the rest."""
    train = [
        row
        for split, size in (("train", 7000), ("heldout", 500))
        for row in math.build(split, size, 0, {}, DATA)
    ]
    test = math.build("test", 5000, 0, {}, DATA)
    equal = ExactMatcher(test).matches(train)
    assert len(equal) == 4
    left = [row for row in train if row["example_id"] not in equal]
    found, boilerplate, short = Overlaps(left).find(test)
    assert (len(found), boilerplate, short) == (584, 0, 213)


@needs_data
def test_gsm8k_is_clean():
    train, test = gsm8k.build("train", 6900, 0, {}, DATA), gsm8k.build("test", 1319, 0, {}, DATA)
    assert not ExactMatcher(test).matches(train)
    assert len(Overlaps(train).find(test)[0]) <= 3


@needs_data
def test_real_arc_questions_in_other_layouts_are_found():
    test = arc.build("test", 1172, 0, {}, DATA)
    draw = random.Random(0)
    planted = []
    for row in draw.sample(test, 200):
        answer = json.loads(row["answer"])
        question = row["problem"].removesuffix("\n" + "\n".join(answer["texts"]))
        texts = draw.sample(answer["texts"], len(answer["texts"]))
        planted += ["\n".join([question, *texts]), question]
    assert len(ExactMatcher(test).matches(problems(planted, "mmlu"))) == 400
