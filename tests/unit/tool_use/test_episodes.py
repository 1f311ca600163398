"""Episodes from the engine to the loss: what is generated, stored, trained on, measured and graded."""

import argparse
import json
import os
import re
import subprocess

import pytest
import torch
from helpers.launched import launched
from helpers.on_policy_run import DEFAULTS, trained
from helpers.paths import ROOT, SCRIPTS
from helpers.tool_rows import solution

from tms.generation.engines.interface import Finished
from tms.generation.episode import Episode
from tms.generation.generate import Request, generate_missing
from tms.generation.sampling import Sampling
from tms.graders import number
from tms.grading.answer_text import answer_text
from tms.io import cost, parquet
from tms.io.errors import InputError
from tms.io.token_ids import last_turn, longest_turn, model_ids, observed, own_tokens
from tms.metrics.divergence import sequence_nll
from tms.metrics.drift import encode_answers, encode_supervision
from tms.metrics.floor import POSITIONS, divergence_floor
from tms.model_folder.load import load_model
from tms.on_policy.episodes import EpisodeRollouts, ended, replayed
from tms.on_policy.prompts import prompts_in_order
from tms.on_policy.rollout import Rollout, collate
from tms.on_policy.settings import OnPolicySettings
from tms.on_policy.train import OnPolicyRun
from tms.tool_use.turns import made_calls, read_turns, turns_text
from tms.training import evaluated_prompts
from tms.training.encoder import Encoder
from tms.training.examples import IGNORED, check_turns, from_mixture, from_references

PROMPTS = {"e1": "6*7", "e2": "2+2", "e3": "10/4", "e4": "1/0"}
RESULTS = {"6*7": "42", "2+2": "4", "10/4": "5/2", "1/0": "Error: a division by zero"}


class Calculates:
    """An engine that calls the calculator with its prompt, and says what the calculator answered."""

    name, version = "calculates", "1"

    def __init__(self, chat):
        self.chat, self.loaded, self.rooms, self.asked = chat, 0, [], 0

    def load(self, folder, room, images=None):
        self.loaded += 1
        self.rooms.append(room)

    def turn(self, prompt_ids: list[int]) -> list[int]:
        text = self.chat.tokenizer.decode(prompt_ids)
        told = re.findall("<tool_response>\n(.*?)\n</tool_response>", text, re.DOTALL)
        said = re.findall(r"<\|im_start\|>user\n(.*?)<\|im_end\|>", text, re.DOTALL)[0]
        call = f'<tool_call>\n{{"name": "calculator", "arguments": {{"expression": "{said}"}}}}\n</tool_call>'
        return self.chat.answer_ids(f"It is {told[-1]}." if told else call)[0]

    def generate(self, prompts, sampling, end_token_ids, on_rows):
        self.asked += len(prompts)
        for index, prompt in enumerate(prompts):
            on_rows([Finished(index, self.turn(prompt.prompt_ids), "stop", 0.25)])


def rows(context: str) -> list[dict]:
    return [
        {"example_id": name, "context": context, "prompt": prompt, "sample": 0}
        for name, prompt in PROMPTS.items()
    ]


@pytest.fixture
def generated(calculating, tmp_path):
    engine = Calculates(calculating.chat)
    request = Request(calculating.model, Sampling(max_new_tokens=64), 0, rows(calculating.context), "test")
    return request, engine, generate_missing([request], engine, tmp_path), tmp_path


def test_episodes_are_played_to_their_end(generated, calculating):
    _, engine, done, _ = generated
    assert [row["completion"] for row in done] == [solution(text, RESULTS[text]) for text in PROMPTS.values()]
    assert {row["finish_reason"] for row in done} == {"stop"}
    assert engine.loaded == 1 and engine.asked == 8
    assert [row["seconds"] for row in done] == [0.5] * 4
    longest = max(
        len(calculating.chat.prompt_ids(row["prompt"], row["context"])) + len(row["completion_ids"])
        for row in done
    )
    assert longest <= engine.rooms[0] <= calculating.chat.context_length
    assert cost.of_completions(done).generated_tokens == sum(
        own_tokens(row["completion_ids"]) for row in done
    )


def test_each_turn_is_stored(generated, calculating):
    request, _, done, root = generated
    engine = Calculates(calculating.chat)
    assert generate_missing([request], engine, root) == done
    assert engine.loaded == engine.asked == 0


def test_rows_without_tools_stand_beside_them(generated, calculating):
    request, _, done, root = generated
    plain = {"example_id": "p", "prompt": "2+2", "sample": 0}
    engine = Calculates(calculating.chat)
    mixed = Request(request.model, request.sampling, 0, [plain, *request.rows], "test")
    first, *others = generate_missing([mixed], engine, root)
    assert others == done and engine.asked == 1
    assert first["completion"].startswith("<tool_call>") and min(first["completion_ids"]) >= 0


def test_a_reference_and_the_same_episode_played_train_the_same_tokens(generated, calculating):
    _, _, done, _ = generated
    encoder = Encoder(calculating.folder)
    given = [row | {"answer": ""} for row in done]
    played = [
        row | {"position": place, "source": "checkpoint", "checkpoint": "1of2"}
        for place, row in enumerate(done)
    ]
    by_prompt = {
        tuple(target.input_ids): target for target in from_references(given, encoder, 4, 0, 64).targets
    }
    for row, target in zip(done, from_mixture(played, encoder, 64).targets, strict=True):
        assert by_prompt[tuple(target.input_ids)] == target
        own = [token for token in row["completion_ids"] if token >= 0]
        assert [label for label in target.labels if label != IGNORED] == own
        text = calculating.chat.tokenizer.decode(own)
        assert text.count("<|im_end|>") == 2 and "tool_response" not in text


def limited(context: str, tokens: int) -> str:
    return context.replace('"calls": 2', f'"calls": 2, "tokens": {tokens}')


def test_training_leaves_out_a_row_that_is_longer_than_its_tokens(generated, calculating):
    """And so does the loss of a run's own targets, but not that of whole answers."""
    _, _, done, _ = generated
    encoder = Encoder(calculating.folder)
    lengths = [len(encoder.prompt(row)) + len(encoder.completion(row | {"source": "x"})) for row in done]
    longest = max(lengths)
    for tokens, left in ((longest, 0), (longest - 1, lengths.count(longest)), (1, 4)):
        rows = [
            row | {"context": limited(row["context"], tokens), "position": place, "source": "teacher"}
            for place, row in enumerate(done)
        ]
        assert from_references(rows, encoder, 4, 0, 64).masked["too long"] == left
        assert from_mixture(rows, encoder, 64).masked["too long"] == left
        assert encode_supervision(rows, encoder, 64)[1] == left
        assert len(encode_answers(rows, encoder).sequences) == 4


def test_a_prompt_without_room_for_a_turn_is_named(generated, calculating):
    request, engine, _, root = generated
    prompt = len(calculating.chat.prompt_ids("6*7", calculating.context))
    rows = [request.rows[0] | {"context": limited(calculating.context, prompt + 63)}]
    told = rf"example e1 has {prompt} prompt tokens .* a turn, but its row may have {prompt + 63}; raise"
    with pytest.raises(InputError, match=told):
        generate_missing([Request(request.model, request.sampling, 0, rows, "test")], engine, root)
    rows[0] |= {"context": limited(calculating.context, prompt + 64)}
    (root / "apart").mkdir()
    (row,) = generate_missing(
        [Request(request.model, request.sampling, 0, rows, "test")], engine, root / "apart"
    )
    assert row["finish_reason"] == "length" and engine.rooms[-1] == prompt + 64


def test_a_prompt_without_room_for_a_turn_is_named_before_any_training(calculating):
    """As sampling would name it."""
    encoder, long = Encoder(calculating.folder), "6*7 and 2*2 and 4*4"
    lengths = {
        name: len(calculating.chat.prompt_ids(prompt, calculating.context))
        for name, prompt in {"short": "6*7", "long": long}.items()
    }
    most = lengths["long"] + 64

    def asked(tokens: int) -> list[dict]:
        context = limited(calculating.context, tokens)
        prompts = [("plain", "6*7 " * 50, ""), ("short", "6*7", context), ("long", long, context)]
        return [dict(zip(("example_id", "prompt", "context"), row, strict=True)) for row in prompts]

    check_turns(asked(most), encoder, 64)
    told = (
        rf"1 of 3 prompts leave no room for a turn of 64 tokens, the longest is example long with "
        rf"{lengths['long']}; set options.tokens of its task in the config to {most} or more"
    )
    with pytest.raises(InputError, match=told):
        check_turns(asked(most - 1), encoder, 64)
    with pytest.raises(InputError, match="2 of 3 prompts"):
        check_turns(asked(lengths["short"]), encoder, 64)


def test_test_prompts_that_are_sampled_later_are_looked_at_and_no_others(calculating, tmp_path):
    encoder, prompts = Encoder(calculating.folder), ("6*7", "6*7 and 2*2 and 4*4")
    most = len(calculating.chat.prompt_ids(prompts[0], calculating.context)) + 64
    context = limited(calculating.context, most)
    rows = [
        {"example_id": f"e{n}", "context": context, "prompt": p, "answer": ""} for n, p in enumerate(prompts)
    ]
    file = tmp_path / "test.parquet"
    parquet.write(file, parquet.EXAMPLES, rows, {})

    def check(turns: str = "sums=64", rows: str = "sums=1", tests: str = f"sums={file}") -> None:
        flags = argparse.ArgumentParser()
        evaluated_prompts.add_flags(flags)
        given = {"--tests": tests, "--test-turns": turns, "--test-rows": rows}
        words = [word for pair in given.items() if pair[1] for word in pair]
        evaluated_prompts.check(flags.parse_args(words), encoder)

    check()
    check("", "", "")
    for wrong, told in (
        ({"rows": "sums=2"}, f"{file}: 1 of 2 prompts leave no room for a turn of 64 tokens"),
        ({"turns": "sums=65"}, f"{file}: 1 of 1 prompts leave no room for a turn of 65 tokens"),
        ({"rows": "other=2"}, "--test-rows: no number for sums; add sums=N"),
        ({"turns": "sums=x"}, "--test-turns: no number for sums"),
    ):
        with pytest.raises(InputError, match=re.escape(told)):
            check(**wrong)


def test_the_limit_of_training_is_that_of_a_turn(generated, calculating):
    _, _, done, _ = generated
    encoder = Encoder(calculating.folder)
    longest = max(longest_turn(row["completion_ids"]) for row in done)
    assert longest < min(own_tokens(row["completion_ids"]) for row in done)
    assert not from_references(done, encoder, 4, 0, longest).masked
    assert from_references(done, encoder, 4, 0, longest - 1).masked["too long"] > 0


def test_the_loss_of_an_episode_is_that_of_the_model_s_own_tokens(generated, calculating):
    """Against log-probabilities of the whole conversation, summed by hand."""
    _, _, done, _ = generated
    model = load_model(calculating.folder, torch.float32).eval()
    pairs = [
        (calculating.chat.prompt_ids(row["prompt"], row["context"]), row["completion_ids"]) for row in done
    ]
    for (prompt, completion), nll in zip(pairs, sequence_nll(model, pairs, lambda rows: None), strict=True):
        ids = torch.tensor([[*prompt, *model_ids(completion)]])
        with torch.no_grad():
            logps = model(ids).logits.log_softmax(-1)[0]
        places = [len(prompt) + place for place, token in enumerate(completion) if token >= 0]
        assert nll == pytest.approx(
            -sum(logps[place - 1, ids[0, place]].item() for place in places), rel=1e-4
        )


def test_the_floor_of_measurements_is_of_the_model_s_own_tokens(generated, calculating):
    _, _, done, _ = generated
    pairs = [
        (calculating.chat.prompt_ids(row["prompt"], row["context"]), row["completion_ids"]) for row in done
    ]
    floor = divergence_floor(calculating.folder, calculating.folder, {"": pairs})[""]
    assert floor["positions"] == sum(own_tokens(ids[:POSITIONS]) for _, ids in pairs)
    assert floor["kl_per_token"] < 1e-6 and 0 < floor["nll_per_token"] < 1e-4


def test_what_a_grader_gets(calculating):
    episode = solution("6*7", "42")
    assert answer_text("number", calculating.context, episode) == "It is 42."
    assert answer_text("number", "", episode) == episode
    with pytest.raises(InputError):
        answer_text("number", calculating.context, "It is 42.")


@pytest.mark.parametrize(
    "last",
    [
        '<tool_call>\n{"name": "calculator", "arguments": {"expression": "42',  # cut
        "It is 42. <tool_call>",
        "<tool_call>6*7=42</tool_call>",  # one call too many, which cannot be read
    ],
)
def test_half_a_call_is_no_answer(calculating, last):
    """The right number stands in it, and the answer is wrong."""
    turns = [*read_turns(solution("6*7", "42"))[:2], {"role": "assistant", "content": last}]
    text = answer_text("number", calculating.context, turns_text(turns))
    assert number.grade(text, "42").score == 0 and number.grade(last, "42").score == 1


def test_rollouts_of_a_policy_are_the_episodes_of_the_engine(generated, calculating):
    _, _, done, _ = generated
    references = [row | {"answer": "", "grader": "number"} for row in done]
    prompts, tokens = prompts_in_order(references, Encoder(calculating.folder), 4, 4, 0)
    assert tokens == sum(own_tokens(row["completion_ids"]) for row in done)
    engine = Calculates(calculating.chat)

    def sampler(prompt_ids, trainer):
        return [engine.turn(ids) for ids in prompt_ids], None

    rollouts = EpisodeRollouts(sampler, calculating.chat, prompts, 64)
    completions, _ = rollouts([prompt.ids for prompt in prompts], None)
    by_prompt = {tuple(calculating.chat.prompt_ids(row["prompt"], row["context"])): row for row in done}
    for prompt, ids in zip(prompts, completions, strict=True):
        row = by_prompt[tuple(prompt.ids)]
        assert ids == row["completion_ids"] == prompt.expert_ids
        assert replayed(calculating.chat, prompt, ids, 64) == row["completion"]
    batch = collate(
        [Rollout(prompt.ids, [], ids) for prompt, ids in zip(prompts, completions, strict=True)], "cpu"
    )
    assert batch.ids.min() >= 0
    assert batch.sampled_BL.sum(-1).tolist() == [own_tokens(ids) for ids in completions]


def test_prompts_that_read_the_same_have_one_environment(calculating):
    rows = [
        {"example_id": name, "context": calculating.context.replace('"calls": 2', f'"calls": {calls}')}
        | {"prompt": "6*7", "completion": solution("6*7", "42"), "answer": "42", "grader": "number"}
        for name, calls in (("a", 2), ("b", 3))
    ]
    prompts, _ = prompts_in_order(rows, Encoder(calculating.folder), 2, 2, 0)
    assert prompts[0].ids == prompts[1].ids and prompts[0].context == prompts[1].context


@pytest.mark.slow
def test_processes_sample_equally_often(calculating, monkeypatch):
    """Else the one whose episodes go on would wait for ever for the shards of the other."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(SCRIPTS)]))
    program = ROOT / "tests" / "helpers" / "episodes_in_two.py"
    words = launched(program, calculating.folder, calculating.context)
    done = subprocess.run(**words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [
        {"sampled": [2, 1, 1], "told": [True, False]},
        {"sampled": [1, 1, 1], "told": [False]},
    ]


CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "6*7"}}\n</tool_call>'


@pytest.mark.parametrize("calls", [2, 3])
def test_a_rollout_that_calls_too_often_did_not_end(calculating, calls):
    """As the engine's row says; its last turn has an end token all the same."""
    chat, turns = calculating.chat, [CALL] * calls + ["42"] * (calls < 3)
    prompt = chat.prompt_ids("6*7", calculating.context)
    episode = Episode(chat.tools, prompt, calculating.context, 64)
    for text in turns:
        episode.take(chat.answer_ids(text)[0], "stop")
    assert episode.ids[-1] == chat.end and episode.finish_reason == ("stop" if calls == 2 else "length")
    assert ended(chat, episode.ids, True) == (calls == 2)
    assert ended(chat, episode.ids, False)  # of a prompt without tools, whose text may hold the words
    assert not ended(chat, episode.ids[:-1], True) and not ended(chat, [*episode.ids, -1], True)


def test_a_call_behind_which_the_text_ends_is_not_answered(calculating, monkeypatch):
    """The template writes no text that would follow. A last answer may end so."""
    chat = calculating.chat
    other = chat.tokenizer.convert_tokens_to_ids("<|endoftext|>")
    monkeypatch.setattr(chat, "end_token_ids", [chat.end, other])
    prompt = chat.prompt_ids("6*7", calculating.context)
    episode = Episode(chat.tools, prompt, calculating.context, 64)
    called = [*chat.answer_ids(CALL)[0][:-1], other]
    episode.take(called, "stop")
    assert (episode.finish_reason, episode.ids) == ("length", called)
    assert not made_calls(episode.turns) and not ended(chat, episode.ids, True)
    answering = Episode(chat.tools, prompt, calculating.context, 64)
    answering.take(chat.answer_ids(CALL)[0], "stop")
    answering.take([*chat.answer_ids("42")[0][:-1], other], "stop")
    assert answering.finish_reason == "stop" and len(made_calls(answering.turns)) == 1


def test_rollouts_have_room_for_the_longest_row_alone(calculating, tmp_path):
    settings = OnPolicySettings(**DEFAULTS | {"algorithm": "grpo", "log_dir": tmp_path})
    prompt = len(calculating.chat.prompt_ids("6*7", calculating.context))

    def run(context: str) -> OnPolicyRun:
        row = {"example_id": "a", "prompt": "6*7", "answer": "42", "grader": "number", "context": context}
        row |= {"completion": solution("6*7", "42")}
        prompts, _ = prompts_in_order([row], Encoder(calculating.folder), 1, 1, 0)
        return OnPolicyRun(calculating.folder, prompts, {1: "1of1"}, settings, tmp_path, None, None)

    assert run(calculating.context).longest == prompt + 3 * (12 + 2000)
    assert run(limited(calculating.context, prompt + 12)).longest == prompt + 12
    with pytest.raises(InputError, match=f"its row may have {prompt + 11}; raise options.tokens of its task"):
        run(limited(calculating.context, prompt + 11))


@pytest.mark.parametrize("algorithm", ["reinforce", "grpo"])
def test_the_curve_counts_what_called_too_often(calculating, tmp_path, monkeypatch, algorithm):
    """Of four rollouts two call three times where two are allowed, and one is cut."""
    chat = calculating.chat
    said = {"a": [CALL, "42"], "b": [CALL] * 3, "c": [CALL] * 3, "d": ["It is"]}
    rows = [
        {
            "example_id": name,
            "context": calculating.context,
            "prompt": name,
            "answer": "42",
            "grader": "number",
        }
        | {"completion": solution("6*7", "42")}
        for name in said
    ]
    first = {name: chat.prompt_ids(name, calculating.context) for name in said}

    def turn(prompt_ids: list[int]) -> list[int]:
        (name,) = (name for name, ids in first.items() if prompt_ids[: len(ids)] == ids)
        made = chat.tokenizer.decode(prompt_ids[len(first[name]) :]).count("<tool_response>")
        ids = chat.answer_ids(said[name][made])[0]
        return ids[:-1] if name == "d" else ids

    monkeypatch.setattr(
        OnPolicyRun, "_turns", lambda run: lambda prompts, trainer: ([turn(ids) for ids in prompts], None)
    )
    samples = {"samples": 2} if algorithm == "grpo" else {}
    (step,) = trained(
        calculating.folder, tmp_path, algorithm, lambda text, answer: float(text == "42"), rows=rows,
        max_new_tokens=64, max_kl=1e9, on_failure="warn", **samples,
    ).curve  # fmt: skip
    assert step["truncated"] == 3 / 4


def test_token_ids_of_tools():
    ids = [5, 6, *observed([0, 7]), 8]
    assert last_turn(ids) == [8] and last_turn(ids[:-1]) == last_turn([]) == []
    assert ids == [5, 6, -1, -8, 8] and model_ids(ids) == [5, 6, 0, 7, 8]
    assert own_tokens(ids) == 3 and longest_turn(ids) == 2 and longest_turn([]) == 0
