"""JSON: which value a completion states, and which values are equal."""

import json
import random
import re

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.cpu_limit import cpu_limit
from hypothesis import given
from hypothesis import strategies as st

from tms.graders import json as grader
from tms.io.errors import InputError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS |= st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = VALUES.filter(lambda value: isinstance(value, dict | list))


def right(completion, gold):
    return grader.grade(completion, gold).score == 1


@pytest.mark.parametrize(
    ("completion", "gold"),
    [
        ('{"b": [1.0, 2e0], "a": "x"}', '{"a": "x", "b": [1, 2]}'),
        ("-0", "0.0"),
        ("1e2", "100"),
        ("12345678901234567890", "12345678901234567890.0"),
        ('"\\u00e9"', '"é"'),
        ("null", "null"),
        ("{}", "{}"),
    ],
)
def test_equal_values(completion, gold):
    assert right(completion, gold)


@pytest.mark.parametrize(
    ("completion", "gold"),
    [
        ("[2, 1]", "[1, 2]"),
        ("true", "1"),
        ('{"a": 1}', '{"a": true}'),
        ('"1"', "1"),
        ("[]", "{}"),
        ("null", "false"),
        ('{"a": 1, "b": null}', '{"a": 1}'),
        ('{"A": 1}', '{"a": 1}'),
        ('"a "', '"a"'),
        ("0.1", "0.10000000000000001"),  # one float, two numbers
        ("9007199254740993", "9007199254740992.0"),
    ],
)
def test_values_that_differ(completion, gold):
    assert not right(completion, gold)


@pytest.mark.parametrize(
    "completion",
    [
        '{"a": 1, "a": 2}',
        '{"a": 2, "a": 1}',
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": 1 // one\n}',
        '{"a": 1',
        "",
        "a: 1",
    ],
)
def test_what_is_no_strict_json_is_no_answer(completion):
    assert not right(completion, '{"a": 1}')


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e9999999999999999999999", "0x1", "01"])
def test_numbers_that_json_has_not(number):
    assert grader.extract(f'{{"a": {number}}}') is None
    with pytest.raises(InputError, match="no JSON"):
        grader.grade("{}", f"[{number}]")


@pytest.mark.parametrize(
    "completion",
    [
        'Here it is: {"a": 1}',
        'First {"a": 2}, no: {"a": 1}. That is all.',
        'Like {"a": 2}:\n```json\n{"a": 1}\n```\nDone [see 1].',
        '```\n{"a": 2}\n```\nor rather\n```\n{"a": 1}\n```',
        '```python\nprint(1)\n```\ngives {"a": 1}',
        'a { brace, a [bracket and {"a": 1}',
        '<think>{"a": 3}</think>{"a": 1}',
    ],
)
def test_the_last_value_counts_and_a_fenced_block_before_any_other(completion):
    assert right(completion, '{"a": 1}')


def shuffled(value, seed):
    """The same value with the keys of its objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(item, seed) for item in value] if isinstance(value, list) else value


@given(VALUES, st.integers(0, 9), st.sampled_from([None, 0, 2]), st.booleans())
def test_a_value_written_in_another_way_is_right(value, seed, indent, escaped):
    written = json.dumps(shuffled(value, seed), indent=indent, ensure_ascii=escaped)
    assert right(written, json.dumps(value))
    assert right(f"So:\n```json\n{written}\n```", json.dumps(value))


@given(OBJECTS)
def test_an_object_or_list_in_prose_is_found(value):
    assert right(f"The answer is {json.dumps(value)} as asked.", json.dumps(value))


@given(VALUES, VALUES)
def test_equal_as_python_says_where_types_agree(one, other):
    def typed(value):
        if isinstance(value, dict):
            return {key: typed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [typed(item) for item in value]
        return ("bool", value) if isinstance(value, bool) else value

    assert right(json.dumps(one), json.dumps(other)) == (typed(one) == typed(other))


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 100_000, '{"a":' * 50_000, '["' * 50_000, "```json\n" * 20_000, "1" * 100_000),
        *('\\"' * 25_000, '{"a' + '\\"' * 24_990, '"\n' * 25_000, '"\\\n' * 16_000),
    ],
)
def test_hostile_text_is_wrong_in_bounded_time(text):
    with cpu_limit(1.5):
        assert not right(text, '{"a": 1}')


def plain_signs(text):
    """Texts and brackets as one expression finds them, which takes the square of a text's length."""
    return [sign.span() for sign in re.finditer(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]]', text)]


@given(st.text('ab"\\\n{}[],:1', max_size=60))
def test_texts_and_brackets_are_found_as_by_one_expression(text):
    assert [sign.span() for sign in grader._signs(text)] == plain_signs(text)


def test_levels_are_bounded():
    most = "[" * 100 + "]" * 100
    assert right(most, most)
    deeper = f"[{most}]"
    assert not right(deeper, most)
    with pytest.raises(InputError, match="more than 100 levels"):
        grader.grade("[]", deeper)


@pytest.mark.parametrize(
    ("gold", "words"), [("{'a': 1}", "is no JSON"), ("", "is no JSON"), ('"' + "a" * 50_000 + '"', "longer")]
)
def test_a_gold_answer_that_is_no_json_is_named(gold, words):
    with pytest.raises(InputError, match=words):
        grader.read_gold(gold)


@needs_data
def test_real_tool_calls():
    """ToolAlpaca's calls: right when written in another way, and no other prompt's calls are."""
    tools = [
        tool
        for name in ("eval_real", "eval_simulated")
        for tool in json.loads((DATA / "toolalpaca" / f"{name}.json").read_text())
    ]
    golds = [json.dumps(answer) for tool in tools for answer in tool["Golden_Answers"]]
    golds += [call["Action_Input"] for tool in tools for answer in tool["Golden_Answers"] for call in answer]
    readable = []
    for gold in golds:
        try:
            readable.append((gold, grader.read_gold(gold) and json.loads(gold)))
        except InputError:  # some inputs are written by hand, with a comma too many
            continue
    assert len(readable) > 0.9 * len(golds) > 200
    for (gold, value), (_, other) in zip(readable, [*readable[1:], readable[0]], strict=True):
        assert right(f"Thought: I call it.\n{json.dumps(shuffled(value, 1), indent=2)}", gold)
        assert right(f"```json\n{gold}\n```", gold)
        assert right(json.dumps(other), gold) == (other == value)


@pytest.mark.parametrize(
    ("completion", "gold", "score"),
    [
        ('{"x": {"a": 1}', '{"a": 1}', 0),  # cut off: what lies inside is not stated by itself
        ('{"id": 7, "items": [1, 2]', "[1, 2]", 0),
        ("{'a': {\"b\": 1}}", '{"b": 1}', 0),  # Python, not JSON
        ('It was {"a": 1}. Now {"a":', '{"a": 1}', 0),
        ('I take {A}: {"a": 1}', '{"a": 1}', 1),
        ('For x in [0, 1) it is {"a": 1}.', '{"a": 1}', 1),
        ('Not } but {"a": 1}', '{"a": 1}', 1),
    ],
)
def test_only_a_whole_value_that_stands_by_itself_is_stated(completion, gold, score):
    assert grader.grade(completion, gold).score == score
