"""Generated tasks: disjoint splits, stable prefixes, and gold answers that the grader accepts."""

import importlib
import json
import re
from random import Random

import pytest

from tms.data.splits import SPLITS, collect, split_of
from tms.graders import number as number_grader
from tms.io.errors import InputError
from tms.tasks import chain, countdown, facts, lookup, refusal

PLAIN = "ida has 7 stones , then gets 5 more , then the number grows 3 times . how many stones ?"
MINIATURE = {
    "countdown": {
        "count": 3,
        "max_number": 12,
        "max_target": 40,
        "prompt": "{target} {numbers}",
    },
    "chain": {},
    "facts": {},
    "lookup": {"chains": 4, "asked": 2},
    "refusal": {},
}


CLUSTERED = {"refusal": {"cluster"}}


def build(kind, split, size, seed=0):
    return importlib.import_module(f"tms.tasks.{kind}").build(split, size, seed, MINIATURE[kind])


@pytest.mark.parametrize("kind", MINIATURE)
def test_a_longer_list_begins_with_the_shorter_one(kind):
    long = build(kind, "train", 60)
    assert build(kind, "train", 20) == long[:20]
    assert build(kind, "train", 60, seed=1) != long
    assert len({row["example_id"] for row in long}) == 60
    columns = {"example_id", "prompt", "answer", "problem", "solution"} | CLUSTERED.get(kind, set())
    assert all(set(row) == columns for row in long)
    assert all(split_of(row["problem"]) == "train" and row["solution"] == "" for row in long)


def test_requests_about_one_topic_are_related():
    rows = build("refusal", "test", 240)
    assert all(row["problem"].split()[1] == row["cluster"] for row in rows)
    assert 40 < len({row["cluster"] for row in rows}) <= 60


@pytest.mark.parametrize("kind", MINIATURE)
def test_no_example_is_in_two_splits_whatever_the_seeds(kind):
    found = {
        split: {row["example_id"] for seed in (0, 1) for row in build(kind, split, 100, seed)}
        for split in SPLITS
    }
    assert not found["train"] & found["test"]
    assert not found["train"] & found["heldout"]
    assert not found["heldout"] & found["test"]


def test_a_tenth_each_is_held_out_and_tested():
    splits = [split_of(f"problem {i}") for i in range(5000)]
    assert 0.08 < splits.count("test") / 5000 < 0.12
    assert 0.08 < splits.count("heldout") / 5000 < 0.12


def test_an_exhausted_pool_is_an_input_error():
    def draw(random):
        number = random.randrange(20)
        return str(number), lambda: {"number": number}

    with pytest.raises(InputError, match=r"dice.*500 rows asked for.*about 1\d"):
        collect("dice", "train", 500, 0, draw)


def test_countdown_problems_keep_to_their_options_and_have_a_solution():
    options = countdown.read_options({"count": [3, 4], "max_number": 20, "max_target": 50, "operators": "+*"})
    for index in range(200):
        numbers, target = countdown.problem(Random(index), options)
        assert len(numbers) in (3, 4) and max(numbers) <= 20
        assert 1 <= target <= 50
        assert reachable(numbers, target)


def reachable(numbers, target):
    if len(numbers) == 1:
        return numbers[0] == target
    for i, left in enumerate(numbers):
        for j, right in enumerate(numbers):
            if i < j:
                rest = [n for k, n in enumerate(numbers) if k not in (i, j)]
                if reachable([*rest, left + right], target) or reachable([*rest, left * right], target):
                    return True
    return False


def test_countdown_splits_do_not_depend_on_the_order_of_the_numbers():
    assert countdown.key([3, 1, 2], 6) == countdown.key([2, 3, 1], 6) != countdown.key([3, 1, 2], 7)


def test_countdown_prompt_comes_from_the_options():
    [row] = countdown.build("test", 1, 0, MINIATURE["countdown"])
    problem = json.loads(row["answer"])
    assert row["prompt"] == f"{problem['target']} {', '.join(map(str, problem['numbers']))}"
    [row] = countdown.build("test", 1, 0, {})
    assert "answer: <expression>" in row["prompt"]


@pytest.mark.parametrize(
    "module, options, message",
    [
        (countdown, {"cuont": 3}, "cuont"),
        (countdown, {"count": 1}, "count"),
        (countdown, {"operators": "+^"}, "operators"),
        (chain, {"max": 3}, "max"),
        (lookup, {"chains": 2, "asked": 3}, "asked"),
        (facts, {"size": 3}, "size"),
        (refusal, {"size": 3}, "size"),
    ],
)
def test_bad_options_are_named(module, options, message):
    with pytest.raises(InputError, match=message):
        module.build("test", 5, 0, options)


def test_chain_values_stay_in_range():
    settings = chain.read_options({"max_number": 9, "max_value": 30})
    for index in range(300):
        operators, numbers = chain.problem(Random(index), settings)
        assert all(1 <= value <= 30 for value in chain.steps(operators, numbers))
    assert chain.steps("+*", [2, 3, 4]) == [5, 20]
    assert chain.steps("--", [9, 3, 4]) == [6, 2]


def test_lookup_gold_follows_both_hops():
    for row in lookup.build("test", 50, 0, {"chains": 5, "asked": 3}):
        context, question = row["prompt"].split(" . ")
        after = dict(pair.split() for pair in context.split(" , "))
        asked = question.removeprefix("where do ").removesuffix(" lead ?").split(" and ")
        assert len(after) == 10 and len(asked) == 3
        assert row["answer"] == " ".join(after[after[word]] for word in asked)


def test_refusal_flags_about_half():
    rows = refusal.build("train", 400, 0, {})
    assert 150 < sum(row["answer"] == "refuse" for row in rows) < 250
    assert not set(refusal.BENIGN) & set(refusal.FLAGGED)


def test_facts_are_the_same_for_all_seeds_and_wordings():
    value = {}
    for seed in (0, 1):
        for row in facts.build("train", 300, seed, {}):
            _, place, relation, _ = row["example_id"].split("-")
            assert value.setdefault((place, relation), row["answer"]) == row["answer"]


def worth(text):
    """The number that a natural problem ends at, read from its sentences."""
    value = int(re.match(r"[A-Z][a-z]+ has (\d+) [a-z]+\. Then s?he ", text)[1])
    for verb, number, times in re.findall(r"s?he ([a-z]+)(?: up with)? (\d+)( times)?", text):
        number = -int(number) if verb in ("loses", "gives", "sells") else int(number)
        value = value * number if times else value + number
    return value


def test_natural_chain_problems_are_english_and_their_solutions_right():
    rows = chain.build("train", 300, 0, {"style": "natural"})
    assert len({row["prompt"] for row in rows}) == 300
    for row in rows:
        assert worth(row["prompt"]) == int(row["answer"])
        assert number_grader.grade(row["solution"], row["answer"]).score == 1
        assert not re.search(r"[{}]| [.,?](?!\.)|\b1 [a-z]+s\b", row["prompt"] + row["solution"])
        working = re.findall(r"(\d+) ([-+*]) (\d+) = (\d+)", row["solution"])
        assert [chain.steps(op * 2, [int(a), int(b), 1])[0] for a, op, b, _ in working] == [
            int(end) for *_, end in working
        ]
        assert working[0][3] == working[1][0] and working[1][3] == row["answer"]


def test_a_style_changes_no_problem_and_the_miniature_is_as_it_was():
    plain, natural = (chain.build("test", 50, 0, {"style": style}) for style in ("miniature", "natural"))
    assert chain.build("test", 50, 0, {}) == plain
    assert [row["example_id"] for row in plain] == [row["example_id"] for row in natural]
    assert all(split_of(row["problem"]) == "test" for row in natural)
    assert chain.prompt(Random(0), "+*", [7, 5, 3]) == PLAIN
    with pytest.raises(InputError, match="option style is 'loud'; write miniature or natural"):
        chain.read_options({"style": "loud"})
