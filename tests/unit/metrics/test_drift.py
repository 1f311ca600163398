"""Drift along a run, and what enters the divergences."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.metrics.drift import (
    Loss,
    Texts,
    change,
    encode_answers,
    encode_passages,
    encode_supervision,
    policy_label_divergence,
    summary,
    text_loss,
)
from tms.metrics.loss_drift import add_drift
from tms.metrics.policy import load_policy
from tms.training.encoder import Encoder
from tms.training.examples import from_mixture


def test_drift_is_measured_from_the_best_point_so_far():
    values = {"1of4": 3.0, "1of2": 1.0, "3of4": 2.5, "1of1": 0.5}
    found = add_drift({point: {"per_token": v, "per_sequence": 10 * v} for point, v in values.items()})
    assert [row["drift_per_token"] for row in found.values()] == [0.0, 0.0, 1.5, 0.0]
    assert found["3of4"]["drift_per_sequence"] == 15.0
    assert found["3of4"]["per_token"] == 2.5


def test_rows_that_training_masks_are_left_out(tiny_model):
    encoder = Encoder(tiny_model)
    row = {
        "prompt": "1+1",
        "source": "teacher",
        "checkpoint": "",
        "completion": "2",
        "completion_ids": [],
        "finish_reason": "stop",
    }
    cut = row | {"source": "checkpoint", "completion_ids": [7, 7], "finish_reason": "length"}
    whole = cut | {"completion_ids": [7, 7, 2], "finish_reason": "stop"}
    rows = [row, cut, whole, cut | {"finish_reason": "rejected"}]
    prompt = encoder.prompt(row)
    short, long = (prompt, [7, 2]), (prompt, [7, 7, 2])
    assert encode_supervision(rows, encoder) == ([short, long], 2)
    for longest, kept in ((3, [short, long]), (2, [short]), (1, [])):
        assert encode_supervision(rows, encoder, longest) == (kept, 4 - len(kept))
        loss = from_mixture([row | {"position": 0} for row in rows], encoder, longest)
        trained = [target.input_ids for target in loss.targets if target.trained_tokens]
        assert trained == [prompt + completion for prompt, completion in kept]


def test_divergence_agrees_with_the_models_own_loss(tiny_model):
    import torch

    model, encoder = load_policy(tiny_model), Encoder(tiny_model)
    first, second = (encoder.prompt({"prompt": text}) for text in ("1+1", "longer prompt"))
    pairs = [(first, [7, 2]), (second, [15, 16, 17, 2])]
    sums = []
    for prompt, completion in pairs:
        ids = torch.tensor([prompt + completion])
        labels = torch.tensor([[-100] * len(prompt) + completion])
        sums.append(model(input_ids=ids, labels=labels).loss.item() * len(completion))
    found = policy_label_divergence(model, pairs, "pld")
    assert found["per_sequence"] == pytest.approx(sum(sums) / 2, rel=1e-5)
    assert found["per_token"] == pytest.approx(sum(sums) / 6, rel=1e-5)
    assert (found["n"], found["tokens"]) == (2, 6)


PASSAGES = ["the cat sat", "\u00fcber\u00dfe und \u4e2d\u6587", "a\n\nb  c"]


def test_loss_on_passages_is_lm_evals(tiny_model):
    """lm-eval's bits a byte over rolling log-likelihoods of the same texts, in its own code."""
    import logging

    from lm_eval.api.instance import Instance
    from lm_eval.api.metrics import bits_per_byte, weighted_mean
    from lm_eval.models.huggingface import HFLM

    logging.disable(logging.WARNING)
    model, encoder = load_policy(tiny_model), Encoder(tiny_model)
    lm = HFLM(model, tokenizer=encoder.chat.tokenizer, batch_size=1, backend="causal")
    requests = [Instance("loglikelihood_rolling", {}, (text,), index) for index, text in enumerate(PASSAGES)]
    nats = lm.loglikelihood_rolling(requests, disable_tqdm=True)
    logging.disable(logging.NOTSET)
    sizes = [len(text.encode()) for text in PASSAGES]
    found = text_loss(model, encode_passages(PASSAGES, encoder), "passages").means
    assert found["per_sequence"] == pytest.approx(-sum(nats) / 3, rel=1e-5)
    assert found["bits_per_byte"] == pytest.approx(bits_per_byte([*zip(nats, sizes, strict=True)]), rel=1e-5)
    assert weighted_mean([*zip(nats, sizes, strict=True)]) < 0


def test_passages_begin_behind_the_begin_token_else_an_end_token():
    for begin, end, before in ((1, 2, 1), (0, 2, 0), (None, 2, 2), (None, None, 3)):
        tokenizer = type("Tokenizer", (), {"__call__": lambda *_, **more: {"input_ids": [5, 6]}})()
        tokenizer.bos_token_id, tokenizer.eos_token_id = begin, end
        found = encode_passages(["é."], SimpleNamespace(chat=SimpleNamespace(tokenizer=tokenizer), end=3))
        assert found == Texts([([before], [5, 6])], [3])


class Uniform(torch.nn.Module):
    """A model without weights, for which every token of the vocabulary is as likely."""

    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=8))
    device = "cpu"

    def forward(self, input_ids, use_cache):
        return SimpleNamespace(logits=torch.zeros(*input_ids.shape, 8))


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9)), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_bits_a_byte_of_a_known_model(sizes):
    """A token of 8 equally likely ones takes 3 bits, whatever it is."""
    texts = Texts([([0], [1] * tokens) for tokens, _ in sizes], [size for _, size in sizes])
    found = text_loss(Uniform(), texts, "texts").means
    tokens = sum(tokens for tokens, _ in sizes)
    assert found["per_token"] == pytest.approx(math.log(8))
    assert found["bits_per_byte"] == pytest.approx(3 * tokens / sum(texts.bytes))


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 9), st.floats(0, 99), st.floats(-3, 3)),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=20, deadline=None)
def test_a_change_pairs_the_texts(drawn):
    """It is the difference of the means, and has no error where every token of every text changes alike."""
    texts = Texts([([0], [1] * tokens) for tokens, *_ in drawn], [size for _, size, *_ in drawn])
    before, by = [nll for *_, nll, _ in drawn], [by for *_, by in drawn]
    base, end = (Loss({}, sums) for sums in (before, [a + b for a, b in zip(before, by, strict=True)]))
    found, tokens = change(base, end, texts), sum(len(text) for _, text in texts.sequences)
    assert found["change_per_token"] == pytest.approx(sum(by) / tokens, abs=1e-9)
    assert found["change_bits_per_byte"] * math.log(2) == pytest.approx(sum(by) / sum(texts.bytes), abs=1e-9)
    alike = Loss({}, [nll + 0.5 * len(text) for nll, (_, text) in zip(before, texts.sequences, strict=True)])
    assert change(base, alike, texts)["change_per_token_stderr"] == pytest.approx(0, abs=1e-9)


def test_an_answers_bytes_are_those_of_its_plain_text(tiny_model):
    texts = encode_answers([{"prompt": "1+1", "completion": "\u00e9a"}], Encoder(tiny_model))
    assert texts.bytes == [3]
    assert texts.sequences[0][1][-1] == Encoder(tiny_model).end


def test_samples_of_one_prompt_are_one_draw():
    """Two prompts whose samples agree, of 1 and 3 nats: the standard error is that of two draws."""
    found = summary([1.0, 1.0, 3.0, 3.0], [1, 1, 1, 1], "kl", ["a", "a", "b", "b"])
    assert (found["n"], found["tokens"]) == (2, 4)
    assert (found["per_sequence"], found["per_token"]) == (2.0, 2.0)
    assert found["per_sequence_stderr"] == pytest.approx(1.0) == found["per_token_stderr"]
    alone = summary([1.0, 1.0, 3.0, 3.0], [1, 1, 1, 1], "kl")
    assert (alone["n"], alone["per_sequence"]) == (4, 2.0)
    assert alone["per_sequence_stderr"] == pytest.approx((4 / 3 / 4) ** 0.5)
    assert summary([1.0, 3.0], [1, 1], "kl", ["a", "b"]) == summary([1.0, 3.0], [1, 1], "kl")


def test_nothing_to_measure_and_broken_weights_are_refused():
    with pytest.raises(InputError, match="pld_own: no sequence"):
        summary([], [], "pld_own")
    with pytest.raises(InputError, match="no finite number"):
        summary([1.0, float("nan")], [1, 1], "pld_ref")
