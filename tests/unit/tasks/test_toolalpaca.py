"""ToolAlpaca: rows of the authors' evaluation files, and of a training file in their layout."""

import json

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.toolalpaca_file import FOUND, PET, WRONG, api, instance, step, two_steps

from tms.config.tasks import TOOLS, UNREAD
from tms.data import hub
from tms.graders import toolalpaca as grader
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.tasks import toolalpaca
from tms.tool_use.calls import Call
from tms.tool_use.environment import observe
from tms.tool_use.turns import final_text, made_calls, read_turns


@pytest.fixture
def written(tmp_path):
    """Writes APIs as the training file (or another one) and returns the folder of local copies."""

    def write(apis, file="train_data.json"):
        (tmp_path / "toolalpaca").mkdir(exist_ok=True)
        (tmp_path / "toolalpaca" / file).write_text(json.dumps(apis))
        return tmp_path

    return write


TRAIN = next(name for name in ("Pets", "Zoo") if not hub.is_heldout(name))


@needs_data
@pytest.mark.parametrize(
    ("apis", "kept", "total", "left_out"),
    [
        (
            "simulated",
            68,
            100,
            {"an action input holds a placeholder": 31, "an action is not among the functions": 1},
        ),
        (
            "real",
            104,
            114,
            {"an action input is no JSON object": 4, "an action is not among the functions": 6},
        ),
    ],
)
def test_evaluation_files(apis, kept, total, left_out, capsys):
    rows = toolalpaca.build("test", kept, 0, {"apis": apis}, DATA)
    printed = capsys.readouterr().out
    for reason, count in left_out.items():
        assert f"{count} of {total} test instructions of eval_{apis}.json left out: {reason}\n" in printed
    with pytest.raises(InputError, match=f"{kept + 1} test rows asked for, but there are {kept}"):
        toolalpaca.build("test", kept + 1, 0, {"apis": apis}, DATA)
    assert len({row["example_id"] for row in rows}) == kept
    apis_of = {row["cluster"]: read_context(row["context"]).environment["documentation"] for row in rows}
    assert 1 < len(apis_of) == len(set(apis_of.values())) <= 11
    assert all(row["example_id"].startswith(f"{row['cluster']}-") for row in rows)
    assert UNREAD[apis] == (total - kept, total)
    for row in rows:
        context = read_context(row["context"])
        known = {tool["function"]["name"] for tool in context.tools}
        golden = grader.read_gold(row["answer"])
        assert {call["name"] for call in golden} <= known and "components" not in known
        assert context.environment["documentation"].startswith(context.tools[0]["function"]["name"] + ":")
        assert row["problem"] in row["prompt"]
    everything = toolalpaca.build("test", total, 0, {"apis": apis, "malformed": "keep"}, DATA)
    assert [row for row in everything if row["example_id"] in {row["example_id"] for row in rows}] == rows


@needs_data
@pytest.mark.parametrize(("apis", "size", "rows_with_some"), [("simulated", 68, 14), ("real", 104, 2)])
def test_golden_arguments_that_nobody_asked_for(apis, size, rows_with_some, capsys):
    rows = toolalpaca.build("test", size, 0, {"apis": apis}, DATA)
    assert f"{rows_with_some} of {size} golden answers hold arguments that nobody" in capsys.readouterr().out
    free = {
        row["example_id"].removeprefix(f"toolalpaca-eval_{apis}-"): [call["free"] for call in golden]
        for row in rows
        if (golden := [call for call in json.loads(row["answer"]) if "free" in call])
    }
    assert len(free) == rows_with_some
    if apis == "simulated":  # Axolotl's pages and colours; the third, of habitats, states all of its own
        assert (free["0-1"], free["0-6"]) == ([["page"]], [["color", "page"]] * 3) and "0-2" not in free


def test_what_is_free_is_optional_and_not_said(written):
    steps = [
        {"Action": "searchPets", "Action_Input": json.dumps({"query": query})}
        for query in (
            "Dogs",
            "cat",
            "two",
            3,
            "big dog",
            {"kinds": ["dog"]},
            {"kinds": ["cow"]},
            "m",
            "EUR",
            True,
        )
    ]
    steps.append({"Action": "getPet", "Action_Input": '{"petId": 7}'})
    entry = api(
        "Pets", [], Instructions=["I'm looking for a dog, 2 pigs, three horses"], Golden_Answers=[steps]
    )
    (row,) = toolalpaca.build("test", 1, 0, {}, written([entry], "eval_simulated.json"))
    free = [call["arguments"] for call in json.loads(row["answer"]) if call.get("free") == ["query"]]
    assert [call["query"] for call in free] == ["cat", "big dog", {"kinds": ["cow"]}]


@needs_data
def test_a_golden_question_keeps_its_words_for_a_judge():
    rows = toolalpaca.build("test", 68, 0, {}, DATA)
    asked = [call for row in rows for call in json.loads(row["answer"]) if call["name"] == "getDetails"]
    assert [call["arguments"] for call in asked] == [None] * 2
    assert all("soureId" in call["written"]["Question"] for call in asked)


@needs_data
def test_a_real_api_is_asked_with_its_key():
    rows = toolalpaca.build("test", 104, 0, {"apis": "real"}, DATA)
    (row,) = [
        row for row in rows if row["problem"].startswith("Please help me calculate the square root of 625")
    ]
    assert row["prompt"] == row["problem"] + "\nAuthentication information: appid=***"
    assert json.loads(row["answer"]) == [
        {"name": "result_get", "arguments": {"appid": "***", "i": "the square root of 625"}}
    ]


def test_golden_calls_have_the_keys_that_the_prompt_tells(written):
    steps = [{"Action": "getPet", "Action_Input": '{"petId": 7, "key": "another"}'}]
    entry = api("Pets", [], Instructions=["Who is 7?"], Golden_Answers=[steps], Authentication={"key": "***"})
    (row,) = toolalpaca.build("test", 1, 0, {"apis": "real"}, written([entry], "eval_real.json"))
    assert row["prompt"] == "Who is 7?\nAuthentication information: key=***"
    assert json.loads(row["answer"]) == [{"name": "getPet", "arguments": {"petId": 7, "key": "***"}}]


@pytest.mark.parametrize("malformed", ["leave out", "keep"])
def test_an_instruction_of_no_valid_unicode_is_left_out(malformed, written, capsys):
    steps = [{"Action": "getPet", "Action_Input": '{"petId": 7}'}]
    entry = api("Pets", [], Instructions=["Who is 7?", "Who is \ud800?"], Golden_Answers=[steps] * 2)
    folder = written([entry], "eval_simulated.json")
    (row,) = toolalpaca.build("test", 1, 0, {"malformed": malformed}, folder)
    assert row["prompt"] == "Who is 7?"
    assert "1 of 2 test instructions of eval_simulated.json left out: no valid" in capsys.readouterr().out


def test_a_recorded_trajectory(written):
    retried = instance(
        "Who is number 7?\nHint: say so",
        [
            step("getPet", '{"petId": 8}', WRONG, "I try 8."),
            step("getDetails", '{"Question": "Which?"}', "Number 7."),
            step("getDetails", '{"Question": "Sure?"}', "Yes."),
            step("getPet", ' {"petId": 7} ', PET, "Thought: So it is 7."),
        ],
        "It is Rex.",
    )
    root = written([api(TRAIN, [two_steps("Find a dog."), retried])])
    rows = {row["prompt"]: row for row in toolalpaca.build("train", 2, 0, {}, root)}
    assert rows.keys() == {"Find a dog.", "Who is number 7?"}
    row = rows["Who is number 7?"]
    turns = read_turns(row["solution"])
    assert [turn["role"] for turn in turns] == ["assistant", "tool"] * 4 + ["assistant"]
    assert turns[0]["content"] == "I try 8." and turns[6]["content"] == "So it is 7."
    assert final_text(turns) == "It is Rex."
    assert made_calls(turns)[3] == Call("getPet", {"petId": 7})
    # The call that failed is in the trajectory, but nobody has to make it.
    assert json.loads(row["answer"]) == [
        *[{"name": "getDetails", "arguments": None}] * 2,
        {"name": "getPet", "arguments": {"petId": 7}},
    ]
    other_words = observe(Call("getDetails", {"Question": "Which one?"}), read_context(row["context"]))
    assert other_words == "Yes."
    for row in rows.values():
        limits = read_context(row["context"]).environment
        assert {name: limits[name] for name in ("calls", "tokens")} == TOOLS["toolalpaca"]
        assert grader.grade(row["solution"], row["answer"]).score == 1.0
        context, told = read_context(row["context"]), read_turns(row["solution"])[1::2]
        calls = made_calls(read_turns(row["solution"]))
        assert [observe(call, context) for call in calls] == [turn["content"] for turn in told]
        assert observe(Call("getPet", {"petId": 1}), context).startswith("Error: no answer is recorded")


def test_calls_that_are_not_recorded_may_be_simulated(written):
    root = written([api(TRAIN, [two_steps("Find a dog.")])])
    (plain,) = toolalpaca.build("train", 1, 0, {}, root)
    (row,) = toolalpaca.build("train", 1, 0, {"environment": "simulated"}, root)
    facts = {name: read_context(one["context"]).environment for name, one in (("a", plain), ("b", row))}
    assert facts["b"] == facts["a"] | {"kind": "simulated", "user": "getDetails"}
    assert {name: row[name] for name in row if name != "context"} == {
        name: plain[name] for name in plain if name != "context"
    }
    context = read_context(row["context"])
    assert observe(Call("getPet", {"petId": 7}), context) == PET
    other = observe(Call("getPet", {"petId": 8}), context, row["prompt"])
    assert not other.of_user and "searchPets: Find pets." in other.head
    assert observe(Call("getDetails", {"Question": "Which?"}), context, row["prompt"]).of_user
    assert observe(Call("getPet", {}), context) == "Error: required parameters are missing: petId"
    with pytest.raises(InputError, match=r"options\.environment is 'real'; choose recorded or simulated"):
        toolalpaca.build("train", 1, 0, {"environment": "real"}, root)


def test_a_reply_to_questions_in_other_words_is_no_call(written):
    asked = step("getDetails", '{"Question": "Which?"}', "Number 7.")
    root = written([api(TRAIN, [instance("Who?", [asked, step("getPet", '{"petId": 7}', PET)], "Rex.")])])
    assert len(toolalpaca.build("train", 1, 0, {"calls": 2}, root)) == 1
    with pytest.raises(InputError, match="there are 0"):
        toolalpaca.build("train", 1, 0, {"calls": 1}, root)


def test_what_is_left_out_is_counted(written, capsys):
    bad = {
        "no recorded step": [instance("a", []), "{'error': 3}"],
        "more than 5 steps": [instance("b", [step("searchPets", "{}", FOUND)] * 6)],
        "an action input is no JSON object": [
            instance("c", [step("getPet", '{"petId": }', WRONG)]),
            instance("a list", [step("getPet", '[{"petId": 7}]', "'Action Input' cannot be a list.")]),
        ],
        "an action input holds a placeholder": [
            instance("i", [step("getPet", '{"petId": "${the id of Rex}"}', WRONG)])
        ],
        "an action is not among the functions": [instance("d", [step("invalid", "{}", WRONG)])],
        "no call but questions to the user": [instance("e", [step("getDetails", "{}", "No.")])],
        "every call failed": [instance("f", [step("getPet", '{"petId": 1}', WRONG)])],
        "not of the file's layout": [
            instance("g", [["searchPets", "{}"]]),
            instance("", [step("getPet", "{}", PET)]),
        ],
        "no valid Unicode": [instance("h \ud800", [step("getPet", '{"petId": 1}', PET)])],
    }
    instances = [two_steps("fine"), *(item for items in bad.values() for item in items)]
    without = api(TRAIN, [two_steps("x")], Function_Description=None)
    rows = toolalpaca.build("train", 1, 0, {}, written([api(TRAIN, instances), without]))
    assert [row["prompt"] for row in rows] == ["fine"]
    bad["its API has no functions that can be read"] = [None]
    printed = capsys.readouterr().out
    for reason, items in bad.items():
        assert f"{len(items)} of 14 train instructions of train_data.json left out: {reason}\n" in printed


def test_no_api_is_on_both_sides(written):
    apis = [api(f"API {i}", [two_steps(f"{i} {j}") for j in range(3)]) for i in range(60)]
    root = written(apis)
    heldout = sum(hub.is_heldout(f"API {i}") for i in range(60))
    sides = {
        "heldout": toolalpaca.build("heldout", 3 * heldout, 0, {}, root),
        "train": toolalpaca.build("train", 3 * (60 - heldout), 0, {}, root),
    }
    apis = {name: {row["prompt"].split()[0] for row in rows} for name, rows in sides.items()}
    assert 0 < heldout < 30 and not apis["train"] & apis["heldout"]
    # A larger size adds rows, another seed orders them otherwise.
    assert toolalpaca.build("train", 20, 0, {}, root) == sides["train"][:20]
    other = toolalpaca.build("train", len(sides["train"]), 1, {}, root)
    assert other != sides["train"] and sorted(row["prompt"] for row in other) == sorted(
        row["prompt"] for row in sides["train"]
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"apis": "all"}, "options.apis is 'all'; choose simulated or real"),
        ({"malformed": "drop"}, "choose leave out or keep"),
        ({"calls": 0}, "write a number from 1"),
        ({"sizes": 1}, "unknown option"),
    ],
)
def test_options(options, words, tmp_path):
    with pytest.raises(InputError, match=words):
        toolalpaca.build("test", 1, 0, options, tmp_path)


def test_a_missing_or_strange_file_is_one_line(written, tmp_path):
    with pytest.raises(InputError, match=r"put train_data\.json of https://github.com/tangqiaoyu") as caught:
        toolalpaca.build("train", 1, 0, {}, None)
    assert "name that folder as data.root" in str(caught.value)
    for root in (tmp_path, written({"a": 1})):
        with pytest.raises(InputError, match=r"train_data\.json") as caught:
            toolalpaca.build("train", 1, 0, {}, root)
        assert len(str(caught.value).splitlines()) == 1
    root = written([api("x", [], Golden_Answers=[[3]], Instructions=["y"])], "eval_real.json")
    with pytest.raises(InputError, match=r"eval_real-0 \(x\) has not the layout"):
        toolalpaca.build("test", 1, 0, {"apis": "real"}, root)
