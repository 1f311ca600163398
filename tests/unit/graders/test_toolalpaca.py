"""Golden calls in an episode: which order counts, and what further calls do."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.graders import toolalpaca
from tms.io.errors import InputError
from tms.tool_use.calls import Call
from tms.tool_use.turns import turns_text


def episode(*calls):
    """An episode of calls, one a turn, each answered."""
    turns = []
    for name, arguments in calls:
        turns.append({"role": "assistant", "content": "", "tool_calls": [Call(name, arguments).message()]})
        turns.append({"role": "tool", "name": name, "content": "done"})
    return turns_text([*turns, {"role": "assistant", "content": "Here."}])


def gold(*calls):
    return json.dumps([{"name": name, "arguments": arguments} for name, arguments in calls])


def graded(made, wanted):
    grade = toolalpaca.grade(episode(*made), gold(*wanted))
    return (grade.score, *(grade.also[name][0] for name in ("same_calls", "any_order", "names")))


FIND, SMALL, LARGE = ("find", {"q": "x"}), ("get", {"size": "s"}), ("get", {"size": "l", "page": 1})


@pytest.mark.parametrize(
    ("made", "wanted", "grades"),
    [
        ([FIND, SMALL], [FIND, SMALL], (1, 1, 1, 1)),
        ([FIND, LARGE, SMALL], [FIND, SMALL, LARGE], (1, 0, 1, 1)),  # of one function: any order
        ([SMALL, FIND], [FIND, SMALL], (0, 0, 1, 0)),  # of another function: after those before
        ([FIND, LARGE, SMALL], [FIND, SMALL], (1, 0, 1, 1)),  # a further call
        ([SMALL, FIND, SMALL], [FIND, SMALL], (1, 0, 1, 1)),  # made again, after what it needs
        ([FIND, ("get", {"size": "m"})], [FIND, SMALL], (0, 0, 0, 1)),
        ([SMALL], [SMALL, SMALL], (0, 0, 0, 0)),  # twice is twice
        ([FIND], [FIND, SMALL], (0, 0, 0, 0)),
        ([], [FIND], (0, 0, 0, 0)),
        ([("get", {"page": 1.0, "size": "l"})], [LARGE], (1, 1, 1, 1)),
        ([("get", {"page": "1", "size": "l"})], [LARGE], (0, 0, 0, 1)),
        ([("get", {"size": "s", "sex": ""})], [SMALL], (1, 1, 1, 1)),
        ([SMALL], [("get", {"size": "s", "sex": ""})], (1, 1, 1, 1)),
        ([("ask", {"Question": "Where?"}), SMALL], [("ask", None), SMALL], (1, 1, 1, 1)),
        ([("get", {"x": 1}), SMALL], [("get", None), SMALL], (1, 1, 1, 1)),
        ([SMALL, ("get", {"x": 1})], [("get", None), SMALL], (1, 0, 1, 1)),
    ],
)
def test_rules(made, wanted, grades):
    assert graded(made, wanted) == grades


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_calls_that_no_tool_answered_were_not_made(answers):
    """Of a last turn with two calls, which ended the episode: only what came back counts."""
    called = [Call(*call).message() for call in (FIND, SMALL)]
    told = [{"role": "tool", "name": name, "content": "done"} for name, _ in (FIND, SMALL)][:answers]
    ended = turns_text([{"role": "assistant", "content": "", "tool_calls": called}, *told])
    grade = toolalpaca.grade(ended, gold(FIND, SMALL))
    assert grade.score == grade.also["same_calls"][0] == grade.also["names"][0] == float(answers == 2)
    assert toolalpaca.grade(ended, gold(FIND)).score == float(answers > 0)


def stated(made, *golden):
    grade = toolalpaca.grade(episode(*made), json.dumps(golden))
    return grade.score, grade.also["stated_calls"][0]


PAGED = {"name": "get", "arguments": {"size": "l", "page": 1}, "free": ["page"]}


@pytest.mark.parametrize(
    ("made", "golden", "grades"),
    [
        ([LARGE], [PAGED], (1, 1)),
        ([("get", {"size": "l"})], [PAGED], (0, 1)),
        ([("get", {"size": "l", "page": 2})], [PAGED], (0, 1)),
        ([("get", {"page": 1})], [PAGED], (0, 0)),
        ([("get", {"size": "l", "sort": "up"})], [PAGED], (0, 0)),
        ([("get", {"size": "l"})], [PAGED, PAGED], (0, 0)),  # twice is twice
        (
            [("ask", {"Question": "Which?"})],
            [{"name": "ask", "arguments": None, "written": {"q": 1}}],
            (1, 1),
        ),
        # The first call fits both golden ones, the second only one of them.
        (
            [("get", {"size": "l", "page": 2}), ("get", {"size": "l", "page": 3})],
            [PAGED, {"name": "get", "arguments": {"size": "s", "page": 2}, "free": ["size"]}],
            (0, 1),
        ),
    ],
)
def test_arguments_that_the_instruction_does_not_state_are_free(made, golden, grades):
    """In the second measure alone."""
    assert stated(made, *golden) == grades


ARGUMENTS = st.fixed_dictionaries({"a": st.integers(0, 2)})
CALLS = st.lists(st.tuples(st.sampled_from("fgh"), ARGUMENTS), max_size=5)


def by_search(made, wanted):
    """The rule tried out: any places of the golden calls, a later group behind an earlier one."""
    group, number = [], -1
    for index, (name, _) in enumerate(wanted):
        number += index == 0 or name != wanted[index - 1][0]
        group.append(number)
    for places in permutations(range(len(made)), len(wanted)):
        fits = all(made[place] == call for place, call in zip(places, wanted, strict=True))
        pairs = list(zip(group, places, strict=True))
        if fits and all(p < q for i, p in pairs for j, q in pairs if i < j):
            return True
    return False


@given(CALLS, CALLS.filter(bool))
def test_the_first_match_is_as_good_as_any(made, wanted):
    score, same, any_order, names = graded(made, wanted)
    assert score == by_search(made, wanted)
    assert same <= score <= min(any_order, names)


@given(CALLS, CALLS.filter(bool), st.data())
def test_free_arguments_only_help(made, wanted, data):
    """And where all are free, names decide."""
    golden = [
        {"name": name, "arguments": arguments, "free": data.draw(st.sampled_from([[], ["a"]]))}
        for name, arguments in wanted
    ]
    score, lenient = stated(made, *golden)
    names = toolalpaca.grade(episode(*made), json.dumps(golden)).also["names"][0]
    assert score <= lenient <= names
    assert stated(made, *(call | {"free": ["a"]} for call in golden))[1] == names
    assert stated(made, *(call | {"free": []} for call in golden)) == (score, score)


@given(CALLS.filter(bool), st.randoms())
def test_a_golden_episode_with_further_calls_is_right(wanted, random):
    made = list(wanted)
    made.insert(random.randrange(len(made) + 1), ("other", {}))
    assert graded(wanted, wanted) == (1, 1, 1, 1) and graded(made, wanted) == (1, 0, 1, 1)


@pytest.mark.parametrize(
    "text", ["", "It is done.", "[]", "[" * 10_000, '{"role": "assistant"}', "x" * 600_000]
)
def test_what_is_no_episode_is_wrong_and_counted(text):
    grade = toolalpaca.grade(text, gold(SMALL))
    assert (grade.score, grade.failure) == (0.0, "no episode")


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "{}", '[{"name": "f"}]', '[{"name": "f", "arguments": "x"}]', '[{"name": 1, "arguments": {}}]',
     '[{"name": "f", "arguments": {}, "free": "a"}]', '[{"name": "f", "arguments": {}, "free": [1]}]',
     '[{"name": "f", "arguments": null, "written": 1}]', '[{"name": "f", "arguments": {}, "more": []}]',
     '[{"name": "f", "arguments": {"a": 1, "a": 2}}]', '[{"name": "f", "arguments": {"a": 1e999}}]'],
)  # fmt: skip
def test_a_gold_answer_that_is_none(answer):
    with pytest.raises(InputError, match="the gold answer"):
        toolalpaca.read_gold(answer)


def test_many_calls_take_little_time():
    made = [("f", {"a": [[]] * 50})] * 400
    assert toolalpaca.grade(episode(*made), gold(*[("f", {"a": n}) for n in range(100)])).score == 0.0
