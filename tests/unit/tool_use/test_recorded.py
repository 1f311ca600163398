"""The record answers the calls that it holds, and no others."""

import json

import pytest
from helpers.toolalpaca_file import WRONG, api, instance, step, two_steps

from tms.data import hub
from tms.generation.engines.interface import Finished
from tms.generation.generate import Request, generate_missing
from tms.generation.sampling import Sampling
from tms.graders import toolalpaca as grader
from tms.io.conversation import Context
from tms.io.errors import InputError
from tms.tasks import toolalpaca
from tms.tool_use.calls import Call
from tms.tool_use.environment import observe
from tms.tool_use.turns import read_turns
from tms.training.encoder import Encoder
from tms.training.examples import from_mixture, from_references

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "ask")]


def told(name, arguments, observations):
    facts = {"kind": "recorded", "calls": 2, "observations": observations}
    return observe(Call(name, arguments), Context(tools=TOOLS, environment=facts))


def seen(arguments, content, name="f"):
    return {"name": name, "arguments": arguments, "content": content}


RECORD = [
    seen({"a": 1, "b": [1.0, {"x": None}]}, "one"),
    seen({"a": "1"}, "text"),
    seen(None, "Oslo", "ask"),
    seen({}, "failed"),
    seen({}, "done"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("f", {"a": 1, "b": [1.0, {"x": None}]}, "one"),
        ("f", {"b": [1, {"x": None}], "a": 1.0}, "one"),
        ("f", {"a": 1, "b": [1, {"x": None}], "c": ""}, "one"),
        ("f", {"a": "1"}, "text"),
        ("ask", {"Question": "Where?"}, "Oslo"),
        ("f", {}, "done"),
    ],
)
def test_an_equal_call_is_answered(name, arguments, text):
    assert told(name, arguments, RECORD) == text


@pytest.mark.parametrize(
    "arguments",
    [{"a": 1}, {"a": True, "b": [1, {"x": None}]}, {"a": 1, "b": [{"x": None}, 1]}, {"a": None}, {"a": 1.5}],
)
def test_another_call_is_not(arguments):
    assert told("f", arguments, RECORD) == "Error: no answer is recorded for f with these arguments"


@pytest.mark.parametrize("observations", [None, {}, [3], [{"name": "f"}], [seen([], "x")], [seen({}, 3)]])
def test_facts_that_are_no_record(observations):
    with pytest.raises(InputError, match="needs observations"):
        told("f", {}, observations)


class Repeats:
    """An engine that writes the turns of a recorded trajectory, each as the chat template would."""

    name, version = "repeats", "1"

    def __init__(self, chat, rows):
        self.chat = chat
        self.turns = {
            row["prompt"]: [turn for turn in read_turns(row["solution"]) if turn["role"] == "assistant"]
            for row in rows
        }

    def load(self, folder, room, images=None):
        pass

    def generate(self, prompts, sampling, end_token_ids, on_rows):
        for index, prompt in enumerate(prompts):
            text = self.chat.tokenizer.decode(prompt.prompt_ids)
            asked = next(asked for asked in self.turns if f"user\n{asked}<" in text)
            turn = self.turns[asked][text.count("<tool_response>")]
            calls = [json.dumps(call["function"], ensure_ascii=False) for call in turn.get("tool_calls", [])]
            written = [turn["content"], *(f"<tool_call>\n{call}\n</tool_call>" for call in calls)]
            on_rows([Finished(index, self.chat.answer_ids("\n".join(written))[0], "stop", 0.1)])


def test_a_recorded_trajectory_can_be_played_and_trains_the_same_tokens(calculating, tmp_path):
    """A model that has learnt a trajectory by heart writes it again, and is told the same."""
    (tmp_path / "toolalpaca").mkdir()
    retried = [step("getPet", '{"petId": 8, "note": "é"}', WRONG), step("getDetails", "{}", "x" * 3000)]
    instances = [
        two_steps("Find a dog."),
        instance("Who?", [*retried, step("getPet", '{"petId": 7}', "Rex")]),
    ]
    name = next(name for name in ("Pets", "Zoo") if not hub.is_heldout(name))
    (tmp_path / "toolalpaca" / "train_data.json").write_text(json.dumps([api(name, instances)]))
    rows = toolalpaca.build("train", 2, 0, {}, tmp_path)
    asked = [row | {"sample": 0} for row in rows]
    request = Request(calculating.model, Sampling(max_new_tokens=128), 0, asked, "test")
    done = generate_missing([request], Repeats(calculating.chat, rows), tmp_path / "rows")
    assert [row["completion"] for row in done] == [row["solution"] for row in rows]
    grades = [
        grader.grade(answer["completion"], row["answer"]) for answer, row in zip(done, rows, strict=True)
    ]
    assert [grade.score for grade in grades] == [1.0, 1.0]
    encoder = Encoder(calculating.folder)
    given = from_references([row | {"completion": row["solution"]} for row in rows], encoder, 2, 0, 128)
    played = [
        row | {"position": place, "source": "checkpoint", "checkpoint": "1of2"}
        for place, row in enumerate(done)
    ]
    harvested = from_mixture(played, encoder, 128).targets
    assert len(harvested) == 2 and not given.masked
    assert sorted(map(str, given.targets)) == sorted(map(str, harvested))
