"""The shipped retention tasks of the suite `laptop`: what their rows accept, and that none stands twice."""

import json
import re
from collections import Counter
from itertools import product

import pytest
from helpers.paths import ROOT
from helpers.shipped_config import SHIPPED

from tms.answers.plain_form import occurs, plain_form
from tms.data.contamination.overlap import ExactMatcher, Overlaps
from tms.data.records.read import inspect
from tms.graders import regex

FOLDER = ROOT / "workflow/resources/laptop"
TASK = SHIPPED["tasks"]["general_prompts"]
SHARES = TASK["options"]["split"]
CALL = {"name": "answer", "arguments": {}}


def rows(name):
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("name", "count"), [("everyday", 150), ("trivia", 176), ("chat_answers", 60)])
def test_they_are_read_without_a_fault(name, count):
    seen = inspect({"test": str(FOLDER / f"{name}.jsonl")})
    assert (seen.faults, seen.rows, seen.duplicates) == ((), count, 0)


def test_no_prompt_comes_again_in_another_form_or_in_the_general_set():
    general = (ROOT / "workflow/resources/general/prompts.jsonl").read_text().splitlines()
    prompts = [row["prompt"] for name in ("everyday", "trivia", "chat_answers") for row in rows(name)]
    again = Counter(map(plain_form, [*prompts, *(json.loads(line)["prompt"] for line in general)]))
    assert [prompt for prompt, count in again.items() if count > 1] == []


def measured_prompts():
    """The prompts that the laptop's models are measured on: the retention tasks, and the general set."""
    general = (ROOT / "workflow/resources/general/prompts.jsonl").read_text().splitlines()
    passages = (ROOT / "workflow/resources/general/passages.jsonl").read_text().splitlines()
    prompts = [row["prompt"] for name in ("everyday", "trivia", "chat_answers") for row in rows(name)]
    answers = [row["answer"] for name in ("everyday", "chat_answers") for row in rows(name)]
    return [
        *prompts,
        *answers,
        *(json.loads(line)["prompt"] for line in general),
        *(json.loads(line)["text"] for line in passages),
    ]


def test_prompts_that_are_replayed_are_many_and_each_is_there_once():
    seen = inspect({"train": str(FOLDER / "general.jsonl")}, answers="none", split=SHARES)
    assert (seen.faults, seen.rows, seen.duplicates) == ((), 288, 0)
    sizes = {split: TASK[split] for split in ("train", "heldout", "test")}
    assert all(seen.splits[split] >= size for split, size in sizes.items())
    assert set(Counter(row["kind"] for row in rows("general")).values()) == {18}
    assert max(Counter(plain_form(row["prompt"]) for row in rows("general")).values()) == 1


def test_prompts_that_are_replayed_are_equal_or_near_to_none_that_is_measured():
    """No equal text, no 13 words in a row, no short text within another; at most half of their words."""
    replayed = [{"example_id": row["prompt"], "problem": row["prompt"]} for row in rows("general")]
    measured = [{"example_id": text, "problem": text} for text in measured_prompts()]
    assert ExactMatcher(measured).matches(replayed) == {}
    assert Overlaps(replayed).find(measured)[0] == []
    words = [[set(plain_form(row["problem"]).split()) for row in side] for side in (replayed, measured)]
    shared = [len(one & other) / len(one | other) for one, other in product(*words)]
    assert max(shared) <= 0.5


def test_prompts_that_are_replayed_ask_for_no_tool_call():
    told = " ".join(row["prompt"].lower() for row in rows("general"))
    assert not re.search(r"\b(tools?|json|function call|arguments?|api)\b", told)


def test_chat_accepts_its_answers_and_no_empty_one_json_or_code():
    for row in rows("everyday"):
        text, gold = row["answer"], row["gold"]
        call = CALL | {"arguments": {"text": text}}
        for accepted in (text, text.upper(), f"Sure!\n\n{text} Is there anything else?", f'"{text}"'):
            assert regex.grade(accepted, gold).score == 1.0, (row["prompt"], accepted)
        for rejected in (
            *(
                "",
                " \n",
                "{}",
                json.dumps(call),
                f"\n {json.dumps([call], indent=1)}",
                f"```json\n{call}\n```",
            ),
            *("I do not know.", f"You asked: {row['prompt']}"),
        ):
            assert regex.grade(rejected, gold).score == 0.0, (row["prompt"], rejected)


def test_chat_patterns_take_no_time_on_long_completions():
    for row in rows("everyday"):
        assert regex.grade("the " * 5_000, row["gold"]).score == 0.0


def test_chat_has_ten_requests_of_each_kind():
    assert sorted(Counter(row["kind"] for row in rows("everyday")).values()) == [10] * 15


def test_trivia_has_four_choices_the_right_one_at_each_place_alike():
    places = Counter()
    for row in rows("trivia"):
        choices = row["choices"]
        assert len(set(map(plain_form, choices))) == len(choices) == 4, row
        assert choices.count(row["answer"]) == 1
        assert not occurs(plain_form(row["answer"]), plain_form(row["prompt"])), row
        places[choices.index(row["answer"])] += 1
    assert places == {0: 44, 1: 44, 2: 44, 3: 44}


def test_chat_answers_are_plain_text_of_a_few_sentences():
    for row in rows("chat_answers"):
        assert 10 < len(row["answer"]) < 300 and not re.search(r"[{}`*#]", row["answer"]), row
