"""The miniature that calls tools: its corpus, tokenizer, chat template, and where its loss is."""

import json
from itertools import islice
from random import Random

import pytest

from tms.data.splits import split_of
from tms.graders import number as grader
from tms.io.errors import InputError
from tms.miniature import tool_corpus
from tms.miniature.tool_corpus import ToolCorpus
from tms.tasks import calculate, facts
from tms.tool_use.calls import Call, parse
from tms.tool_use.environments.calculator import TOOL, compute
from tms.tool_use.turns import final_text, made_calls

TASKS = {kind: {"kind": kind} for kind in ("calculate", "facts", "refusal")}
CALLED = Call("calculator", {"expression": '3 * "4"\n'})  # a text that JSON escapes
CONVERSATION = [
    {"role": "user", "content": "Add 2 and 3, and 4 and 5."},
    {
        "role": "assistant",
        "content": "Both.",
        "tool_calls": [Call("calculator", {"expression": text}).message() for text in ("2 + 3", "4 + 5")],
    },
    {"role": "tool", "name": "calculator", "content": "5"},
    {"role": "tool", "name": "calculator", "content": "9"},
    {"role": "assistant", "content": "", "tool_calls": [CALLED.message()]},
    {"role": "tool", "name": "calculator", "content": "Error: cannot read"},
    {"role": "assistant", "content": "5 and 9."},
]
# As Qwen2.5 writes it, but for its list of tools.
WRITTEN = """\
<|im_start|>system
Tools:
calculator(expression): Computes an expression of integers with + - * / and parentheses.<|im_end|>
<|im_start|>user
Add 2 and 3, and 4 and 5.<|im_end|>
<|im_start|>assistant
Both.
<tool_call>
{"name": "calculator", "arguments": {"expression": "2 + 3"}}
</tool_call>
<tool_call>
{"name": "calculator", "arguments": {"expression": "4 + 5"}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
5
</tool_response>
<tool_response>
9
</tool_response><|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "calculator", "arguments": {"expression": "3 * \\"4\\"\\n"}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
Error: cannot read
</tool_response><|im_end|>
<|im_start|>assistant
5 and 9.<|im_end|>
"""


@pytest.fixture(scope="module")
def corpus():
    return ToolCorpus(TASKS)


def test_kinds_and_styles_have_their_shares_and_no_problem_of_another_split(monkeypatch):
    corpus, prompts = ToolCorpus(TASKS), {}
    for kind in TASKS:
        draw = getattr(corpus, kind)

        def remember(random, draw=draw, kind=kind):
            found = draw(random)
            if split_of(found[0]) == "train":
                prompts[found[2]] = kind, found[0]
            return found

        monkeypatch.setattr(corpus, kind, remember)
    drawn = list(islice(corpus.turns("0"), 4000))
    kinds = [prompts[messages[0]["content"]][0] for _, messages in drawn]
    for kind, share in tool_corpus.KINDS.items():
        assert abs(kinds.count(kind) / len(kinds) - share) < 0.01
    assert all(
        (tools == [TOOL]) == (kind == "calculate") for (tools, _), kind in zip(drawn, kinds, strict=True)
    )
    assert drawn == list(islice(ToolCorpus(TASKS).turns("0"), 4000))
    assert drawn != list(islice(ToolCorpus(TASKS).turns("1"), 4000))
    second = sum(len(messages) > 2 for _, messages in drawn) / kinds.count("calculate")
    called = sum(style["right"] + style["wrong"] for style in tool_corpus.STYLES.values()) / 4
    assert abs(second - called * tool_corpus.LATER) < 0.03


def test_a_right_answer_calls_and_a_wrong_one_calls_otherwise_or_guesses(corpus):
    found = {operator: [] for operator in calculate.OPERATORS}
    for index in range(2000):
        key, _, _, turns = corpus.calculate(Random(index))
        _, first, operator, second = key.split()
        gold = str(compute(f"{first} {operator} {second}"))
        calls = made_calls(turns)
        for call, turn in zip(calls, turns[1::2], strict=True):
            assert turn["content"] == str(compute(call.arguments["expression"]))
        right = grader.grade(final_text(turns), gold).score
        assert not right or calls
        style = "right" if right else "wrong" if calls else "guess"
        found[operator].append(style)
    for operator, styles in found.items():
        for style, share in tool_corpus.STYLES[operator].items():
            assert abs(styles.count(style) / len(styles) - share) < 0.08


def test_a_guess_has_the_digits_of_the_result_and_is_not_it():
    for result in ("7", "10", "9801"):
        guesses = {tool_corpus.guess(Random(index), result) for index in range(200)}
        assert result not in guesses and {len(guess) for guess in guesses} == {len(result)}


def test_retention_tasks_are_answered_rightly_and_without_tools(corpus):
    _, tools, prompt, (turn,) = corpus.facts(Random(3))
    (place,) = (place for place in facts.PLACES if place in prompt.split())
    (relation,) = (relation for relation in facts.RELATIONS if relation in prompt.split())
    assert tools == [] and turn["content"].endswith(f"is {facts.value_of(place, relation)}")
    assert {split_of(corpus.refusal(Random(index))[0]) for index in range(50)} > {"train"}


@pytest.mark.parametrize(
    "tasks, message",
    [
        ({"x": {"kind": "chain"}}, "knows no kind 'chain'"),
        ({"x": {"kind": "calculate", "options": {"a": 1}}}, "a"),
    ],
)
def test_a_corpus_says_what_it_cannot_hold(tasks, message):
    with pytest.raises(InputError, match=message):
        ToolCorpus(tasks)


@pytest.fixture(scope="module")
def tokenizer(corpus):
    from tms.miniature.tool_tokenizer import build_tokenizer

    return build_tokenizer(corpus)


def ids_of(tokenizer, messages, **more):
    return tokenizer.apply_chat_template(messages, tools=[TOOL], return_dict=False, **more)


def test_any_text_comes_back_and_each_digit_is_a_token(tokenizer):
    texts = [
        "37 * 24",
        '{"name": "x", "arguments": {"e": "12*(3-45)"}}',
        "naïve ✓ 7½\t\n\n  x",
        "",
        "a1b23 456",
    ]
    for text in [*texts, *(text for pair in calculate.WORDINGS.values() for text in pair)]:
        ids = tokenizer(text).input_ids
        assert tokenizer.decode(ids) == text
        tokens = [tokenizer.decode([one]) for one in ids]
        assert all(
            len(token) == 1 for token in tokens if any(sign.isdigit() and sign.isascii() for sign in token)
        )


def test_words_of_the_corpus_are_one_token_each(tokenizer):
    assert len(tokenizer("How many apples does each get?").input_ids) == 7
    assert len(tokenizer("what is the founder of yarrow").input_ids) == 6
    assert len(tokenizer) < 1100


def test_tags_are_one_token_and_stay_in_a_completion_s_text(tokenizer):
    call = "<tool_call>\n{}\n</tool_call>"
    ids = tokenizer(call + tokenizer.eos_token).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == call
    tags = tokenizer("<tool_call></tool_call><tool_response></tool_response>").input_ids
    assert len(tags) == 4 and not set(tags) & set(tokenizer.all_special_ids)


def test_a_conversation_is_written_as_qwen_does(tokenizer):
    assert tokenizer.apply_chat_template(CONVERSATION, tools=[TOOL], tokenize=False) == WRITTEN
    before = WRITTEN.index("Add 2 and 3, and 4 and 5.<|im_end|>")
    prompted = [{"role": "system", "content": "Be brief."}, *CONVERSATION]
    text = tokenizer.apply_chat_template(prompted, tokenize=False)
    assert text == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" + WRITTEN[before:]
    alone = tokenizer.apply_chat_template(CONVERSATION[:1], tokenize=False, add_generation_prompt=True)
    assert alone.startswith("<|im_start|>user\n") and alone.endswith("<|im_start|>assistant\n")


def test_the_calls_that_a_turn_was_given_are_read_from_its_text(tokenizer):
    for turn, written in zip(CONVERSATION[1::3], WRITTEN.split("<|im_start|>assistant\n")[1:], strict=False):
        content, calls = parse(written.partition("<|im_end|>")[0])
        assert content == turn["content"] and calls == [Call.of(call) for call in turn["tool_calls"]]
    assert json.loads(WRITTEN.split("<tool_call>\n")[3].splitlines()[0])["arguments"] == CALLED.arguments


def test_a_longer_conversation_begins_with_the_shorter_one(tokenizer):
    whole = ids_of(tokenizer, CONVERSATION)
    for length, message in enumerate(CONVERSATION, start=1):
        if message["role"] == "assistant":
            prompt = ids_of(tokenizer, CONVERSATION[: length - 1], add_generation_prompt=True)
            answered = ids_of(tokenizer, CONVERSATION[:length])
            assert whole[: len(answered)] == answered and answered[: len(prompt)] == prompt
            assert 0 < len(prompt) < len(answered)


def test_loss_is_on_one_turn_of_the_assistant_and_its_end(tokenizer, corpus):
    import copy

    from tms.miniature import pretraining, tool_pretraining

    written = copy.deepcopy(tokenizer)
    written.chat_template = tool_pretraining.WRITTEN
    drawn = list(islice(corpus.turns("3"), 200))
    pairs = list(islice(tool_pretraining.written_turns(tokenizer, corpus, "3"), 200))
    for (tools, messages), (ids, prompt) in zip(drawn, pretraining.encode(written, pairs), strict=True):
        whole = tokenizer.apply_chat_template(messages, tools=tools or None, return_dict=False)
        assert [*ids, *tokenizer("\n").input_ids] == whole
        learnt = tokenizer.decode(ids[prompt:])
        assert learnt.endswith("<|im_end|>") and "<|im_start|>" not in learnt and "response" not in learnt
        last = messages[-1]
        if "tool_calls" in last:
            assert parse(learnt)[1] == [Call.of(call) for call in last["tool_calls"]]
        else:
            assert learnt == last["content"] + "<|im_end|>"
    assert any(len(messages) == 4 for _, messages in drawn)
