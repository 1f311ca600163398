"""Rows become ids and masks: what is learned, and what keeps its place without loss."""

import json
import shutil

import pytest

from tms.io import bounded
from tms.io.errors import InputError
from tms.metrics.drift import encode_answers, encode_supervision
from tms.mixture.replay import Replay
from tms.mixture.schedule import visits
from tms.on_policy.prompts import prompts_in_order
from tms.training.encoder import Encoder
from tms.training.examples import IGNORED, UNTARGETED, empty_steps, from_mixture, from_references

END = 2


@pytest.fixture(scope="module")
def encoder(tiny_model):
    return Encoder(tiny_model)


def reference(name, completion="a b"):
    return {"example_id": name, "prompt": f"{name}?", "completion": completion, "answer": ""}


def mixed(position, source="teacher", completion="ab", ids=(), finish_reason="stop"):
    return {
        "position": position,
        "prompt": f"{position}?",
        "source": source,
        "checkpoint": "1of2" if source == "checkpoint" else "",
        "completion": completion,
        "completion_ids": list(ids),
        "finish_reason": finish_reason,
    }


def test_completion_and_end_token_are_learned_and_nothing_else(encoder):
    (target,) = from_references([reference("e")], encoder, total=1, seed=0, max_new_tokens=9).targets
    prompt = encoder.prompt({"prompt": "e?"})
    completion = [15, 3, 16, END]  # a, space, b, end of turn
    assert target.input_ids == prompt + completion
    assert target.labels == [IGNORED] * len(prompt) + completion
    assert target.trained_tokens == 4


USES = {
    "references": lambda rows, encoder: from_references(rows, encoder, 200, 0, 9),
    "drift": lambda rows, encoder: encode_answers(rows, encoder),
    "on-policy": lambda rows, encoder: prompts_in_order(rows, encoder, 200, 200, 0),
    "a teacher's prompts too": lambda rows, encoder: prompts_in_order(
        rows, encoder, 200, 200, 0, "{prompt} {reference}"
    ),
}


@pytest.mark.parametrize("use", USES)
def test_a_template_s_bounds_are_set_once_for_many_rows(tiny_model, use, monkeypatch):
    """That each prompt keeps its own is tested in test_hostile_templates.py."""
    encoder, times, limit = Encoder(tiny_model), [], bounded._limit
    monkeypatch.setattr(bounded, "_limit", lambda *given: times.append(given) or limit(*given))
    USES[use]([reference(f"e{number}") | {"grader": ""} for number in range(100)], encoder)
    prompts = 200 if "teacher" in use else 100
    assert len(times) == -(-prompts // bounded.TOGETHER)


def test_the_end_is_the_tokenizers_own_where_a_template_writes_none(tiny_model, tmp_path):
    folder = tmp_path / "several"
    shutil.copytree(tiny_model, folder)
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    for ends, expected in ([0, 2], 2), ([7, 9], 7):
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
        assert Encoder(folder).end == expected


def test_references_come_in_the_order_of_visits(encoder):
    rows = [reference(f"e{i}", completion=str(i)) for i in range(8)]
    targets = from_references(rows, encoder, total=16, seed=5, max_new_tokens=9).targets
    order = [
        encoder.prompt({"prompt": f"{example_id}?"})
        for _, _, example_id in visits([f"e{i}" for i in range(8)], 16, 5)
    ]
    assert [target.input_ids[: len(prompt)] for target, prompt in zip(targets, order, strict=True)] == order


def test_sampled_ids_are_taken_as_they_are(encoder):
    ids = [16, 15, 15, END]  # not what tokenising "ab" gives
    (target,) = from_mixture([mixed(0, "checkpoint", ids=ids)], encoder, max_new_tokens=9).targets
    assert target.labels[-4:] == ids


def test_mixture_comes_in_order_of_position(encoder):
    targets = from_mixture([mixed(i) for i in (2, 0, 1)], encoder, max_new_tokens=9).targets
    assert [target.input_ids[: -len([15, 16, END])] for target in targets] == [
        encoder.prompt({"prompt": f"{i}?"}) for i in range(3)
    ]


def test_a_row_longer_than_the_context_is_named(encoder, tiny_model):
    """A masked one is never fed to the model."""
    room = encoder.chat.context_length - len(encoder.prompt({"prompt": "e?"})) - 1  # the end token
    fits = reference("e", completion="a" * room)
    assert from_references([fits], encoder, total=1, seed=0, max_new_tokens=999).trained_tokens == room + 1
    rows = [fits, reference("f", completion="a" * (room + 7)), reference("g", completion="a" * (room + 1))]
    longest = encoder.chat.context_length + 7
    message = (
        rf"2 of 3 rows are longer than the context of {tiny_model} \(256 tokens\), the longest is example f "
        rf"with {longest}; shorten"
    )
    with pytest.raises(InputError, match=message):
        from_references(rows, encoder, total=3, seed=0, max_new_tokens=999)
    labels = [row | {"source": "teacher", "finish_reason": "stop"} for row in rows]
    with pytest.raises(InputError, match=message):
        encode_supervision(labels, encoder)
    masked = from_references(rows, encoder, total=3, seed=0, max_new_tokens=room + 1)
    assert masked.masked == {"too long": 2}


def test_masked_rows_keep_their_place_and_are_counted(encoder):
    rows = [
        mixed(0),
        mixed(1, "checkpoint", ids=[15] * 5, finish_reason="length"),
        mixed(2, "checkpoint", ids=[15, END], finish_reason="rejected"),
        mixed(3, completion="abcdef"),
        mixed(4),
    ]
    found = from_mixture(rows, encoder, max_new_tokens=5)
    assert [target.trained_tokens for target in found.targets] == [3, 0, 0, 0, 3]
    assert found.masked == {"length": 1, "rejected": 1, "too long": 1}
    assert found.facts() == {
        "targets": 5,
        "masked": {"length": 1, "rejected": 1, "too long": 1},
        "planned": {"teacher": 3, "checkpoint 1of2": 2},
        "sources": {"teacher": 2},
        "tokens": {"teacher": 6},
        "cut": {"checkpoint 1of2": 1},
        "ended": {"usual": 2, "longest": 2},
    }
    assert found.summary() == (
        "5 rows, 6 tokens in the loss; masked: 1 length (20.0%), 1 rejected (20.0%), 1 too long (20.0%)"
    )


def test_a_completion_of_exactly_the_limit_is_learned(encoder):
    assert not from_mixture([mixed(0, completion="abcd")], encoder, max_new_tokens=5).masked
    assert from_mixture([mixed(0, completion="abcde")], encoder, max_new_tokens=5).masked


def test_steps_whose_rows_are_all_masked(encoder):
    rows = [
        mixed(i, "checkpoint", ids=[15], finish_reason="length" if i in (2, 3, 4) else "stop")
        for i in range(5)
    ]
    targets = from_mixture(rows, encoder, max_new_tokens=5).targets
    assert empty_steps(targets, effective_batch=3) == [1]
    assert empty_steps(targets, effective_batch=4) == [1]
    assert empty_steps(targets, effective_batch=1) == [2, 3, 4]


def test_lengths_of_sampled_completions_that_ended(encoder):
    """Of 20 lengths, 19 hold 95 %; cut ones and the teacher's do not count, those too long to train on do."""
    sampled = [mixed(i, "checkpoint", ids=[15] * (i + 1)) for i in range(20)]
    others = [mixed(20, "checkpoint", ids=[15] * 30, finish_reason="length"), mixed(21, completion="a" * 40)]
    found = from_mixture(sampled + others, encoder, max_new_tokens=18).facts()
    assert found["ended"] == {"usual": 19, "longest": 20}
    assert from_mixture(others, encoder, max_new_tokens=18).facts()["ended"] == {"usual": 0, "longest": 0}


def general(name, ids, finish_reason="stop"):
    """An answer of the base; its text is not what its ids say, as after a rare tokenisation."""
    sampled = {"completion": "zz", "completion_ids": ids, "finish_reason": finish_reason}
    return {"example_id": name, "prompt": f"{name}!"} | sampled


def test_general_prompts_are_their_own_source_with_their_own_limit(encoder):
    """All ids of the base are learned, however many; of an answer that was cut those before."""
    answers = [general("long", [15] * 7 + [END]), general("cut", [15] * 3, "length")]
    rows = [mixed(i) | {"example_id": f"e{i}", "epoch": 0} for i in range(6)]
    found = from_mixture(rows, encoder, max_new_tokens=5, replay=Replay(answers, 1.0, 0))
    assert sorted(target.trained_tokens for target in found.targets) == [3, 3, 3, 8, 8, 8]
    assert not found.masked
    prompt = encoder.prompt({"prompt": "long!"})
    whole = next(target for target in found.targets if target.trained_tokens == 8)
    assert whole.input_ids == [*prompt, *[15] * 7, END]
    facts = found.facts()
    assert (facts["planned"], facts["sources"]) == ({"general": 6}, {"general": 6})
    assert (facts["tokens"], facts["cut"]) == ({"general": 33}, {"general": 3})
    assert facts["ended"] == {"usual": 0, "longest": 0}  # of the checkpoints' completions


def test_replay_leaves_the_references_in_their_places(encoder):
    rows = [reference(f"e{i}", completion=str(i)) for i in range(8)]
    run = {"encoder": encoder, "total": 32, "seed": 5, "max_new_tokens": 9}
    plain = from_references(rows, **run).targets
    mixed_in = from_references(rows, **run, replay=Replay([general("g", [15, END])], 0.5, 5)).targets
    moved = [new for new, old in zip(mixed_in, plain, strict=True) if new != old]
    assert 0 < len(moved) < 32
    assert {tuple(target.input_ids) for target in moved} == {(*encoder.prompt({"prompt": "g!"}), 15, END)}


def test_general_prompts_whose_distribution_counts_have_no_target(encoder):
    rows = [mixed(i) | {"example_id": f"e{i}", "epoch": 0} for i in range(4)]
    replay = Replay([general("g", [15, 16, END])], 1.0, 0, learned=False)
    found = from_mixture(rows, encoder, max_new_tokens=5, replay=replay)
    prompt = encoder.prompt({"prompt": "g!"})
    assert found.targets[0].input_ids == [*prompt, 15, 16, END]
    assert found.targets[0].labels == [IGNORED] * len(prompt) + [UNTARGETED] * 3
    assert found.facts()["tokens"] == {"general": 12} and found.trained_tokens == 12
    assert empty_steps(found.targets, effective_batch=2) == []
