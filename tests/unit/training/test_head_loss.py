"""The loss inside the model against plain losses on all logits: gradients, precision, memory."""

import gc
from functools import partial
from itertools import accumulate

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import Qwen2Config, Qwen2ForCausalLM

from tms.io.errors import InputError
from tms.training import head_loss
from tms.training.examples import IGNORED
from tms.training.head_loss import put_loss_in
from tms.training.losses import trsft
from tms.training.losses.nll import summed as summed_nll

FLOOR = 0.01  # about the median probability of a target here


def tiny(vocabulary=60, tied=True, bias=False, **more):
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    keys = {"vocab_size": vocabulary, "tie_word_embeddings": tied, "initializer_range": 0.3, **more}
    model = Qwen2ForCausalLM(Qwen2Config(**sizes, **heads, **keys))
    if bias:
        model.lm_head = torch.nn.Linear(16, vocabulary)
    return model


def batch(rows=4, length=9, vocabulary=60):
    """Rows with prompts, padding, and one row without loss."""
    ids = torch.randint(0, vocabulary, (rows, length), generator=torch.Generator().manual_seed(1))
    labels = ids.clone()
    labels[:, :3] = IGNORED
    labels[1, -4:] = IGNORED
    labels[2] = IGNORED
    return ids, labels


def plain(logits_NV, targets_N, floored):
    """Sum over tokens of -log p, or of -p / max(p, a) with a constant denominator."""
    if not floored:
        return cross_entropy(logits_NV, targets_N, reduction="sum")
    p_N = logits_NV.softmax(-1).gather(1, targets_N[:, None])[:, 0]
    return -(p_N / p_N.detach().clamp(min=FLOOR)).sum()


def gradients(model):
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("shape", [{}, {"tied": False}, {"tied": False, "bias": True}])
@pytest.mark.parametrize("floored", [False, True])
@pytest.mark.parametrize("rows", [1000, 4])  # one chunk; several, the last one smaller
def test_gradients_are_those_of_all_logits(monkeypatch, shape, floored, rows):
    monkeypatch.setattr(head_loss, "LOGITS_AT_ONCE", rows * 60)
    model, expected = tiny(**shape), tiny(**shape)
    put_loss_in(model, partial(trsft.summed, trsft_floor=FLOOR) if floored else summed_nll)
    ids, labels = batch()
    tokens = (labels[:, 1:] != IGNORED).sum()
    total = 0.0
    for part in (slice(0, 2), slice(2, 3), slice(3, 4)):  # micro-batches of a step; the second has no loss
        loss = model(input_ids=ids[part], labels=labels[part], num_items_in_batch=tokens)["loss"]
        loss.backward()
        total += loss.item()
    learned = labels[:, 1:] != IGNORED
    loss = plain(expected(input_ids=ids).logits[:, :-1][learned], labels[:, 1:][learned], floored) / tokens
    loss.backward()
    assert total == pytest.approx(loss.item(), rel=1e-6)
    found = gradients(model)
    assert found.keys() == gradients(expected).keys()
    for name, value in gradients(expected).items():
        torch.testing.assert_close(found[name], value, atol=1e-5 * value.abs().max().item(), rtol=1e-5)


def test_a_micro_batch_without_loss_reaches_every_parameter():
    model = tiny()  # DDP waits for the gradient of each parameter
    put_loss_in(model, summed_nll)
    ids = torch.zeros(1, 1, dtype=torch.long)
    loss = model(input_ids=ids, labels=ids + IGNORED, num_items_in_batch=torch.tensor(7))["loss"]
    loss.backward()
    assert loss.item() == 0
    assert all(grad is not None and not grad.any() for grad in gradients(model).values())


@pytest.mark.parametrize("autocast", [False, True])  # bfloat16 weights (FSDP), or float32 ones (DDP)
def test_gradients_of_chunks_are_summed_in_float32(monkeypatch, autocast):
    generator = torch.Generator().manual_seed(2)
    hidden_NH = torch.randn(500, 16, generator=generator)
    targets_N = torch.randint(0, 60, (500,), generator=generator)
    head = torch.nn.Linear(16, 60, bias=False, dtype=torch.float32 if autocast else torch.bfloat16)
    found = []
    for tokens in (500, 1):  # of a chunk
        monkeypatch.setattr(head_loss, "LOGITS_AT_ONCE", tokens * 60)
        head.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            given = (hidden_NH, head.weight, None, targets_N, 1, summed_nll, None)
            loss = head_loss._HeadLoss.apply(*given)
        assert loss.dtype == torch.float32
        loss.backward()
        found.append(head.weight.grad.float())
    at_once, by_token = found
    # Summed in bfloat16, the 500 products of single tokens would be 1 to 2 % off.
    assert (by_token - at_once).norm() / at_once.norm() < 0.003


def peak_bytes(run):
    """The most memory of tensors that `run` takes, by torch's profiler."""
    gc.collect()  # models of earlier tests, whose end would count as memory that `run` gave back
    with torch.profiler.profile(profile_memory=True) as profile:
        run()
    events = profile.profiler.kineto_results.events()
    memory = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    return max(accumulate(change for _, change in memory))


def test_logits_are_never_whole(monkeypatch):
    vocabulary, chunk = 20_000, 32
    monkeypatch.setattr(head_loss, "LOGITS_AT_ONCE", chunk * vocabulary)
    ids, labels = batch(rows=4, length=128, vocabulary=vocabulary)
    model = tiny(vocabulary)
    whole = 4 * ids.numel() * vocabulary
    weight = 4 * model.lm_head.weight.numel()

    def all_logits():
        logits = model(input_ids=ids).logits
        summed_nll(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()).backward()

    assert peak_bytes(all_logits) > 2 * whole  # the meter sees logits
    model.zero_grad()
    put_loss_in(model, summed_nll)
    run = partial(model, input_ids=ids, labels=labels, num_items_in_batch=torch.tensor(1))
    # Five copies of a chunk, and gradients of the weight: of head, of embedding, and their sum.
    assert peak_bytes(lambda: run()["loss"].backward()) < whole // 16 * 5 + 4 * weight < whole


def test_a_frozen_head_costs_no_gradient():
    """As under adapters: the same gradient of what is trained, and none as large as the head is held."""
    vocabulary = 20_000
    ids, labels = batch(length=9, vocabulary=vocabulary)
    found, peaks = [], []
    for trained in (True, False):
        model = tiny(vocabulary)
        put_loss_in(model, summed_nll)
        model.get_output_embeddings().weight.requires_grad_(trained)
        model.get_input_embeddings().weight.requires_grad_(trained)
        run = partial(model, input_ids=ids, labels=labels, num_items_in_batch=torch.tensor(1))
        peaks.append(peak_bytes(lambda run=run: run()["loss"].backward()))
        found.append({name: grad for name, grad in gradients(model).items() if grad is not None})
    assert found[1] and all(found[0][name].equal(grad) for name, grad in found[1].items())
    assert peaks[0] - peaks[1] > 4 * model.lm_head.weight.numel()


def test_a_model_that_changes_its_logits_is_refused():
    model = tiny()
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(InputError, match="final_logit_softcapping, which the training loss does not apply"):
        put_loss_in(model, summed_nll)


def test_logits_of_a_large_vocabulary_are_never_whole_on_a_cpu(monkeypatch):
    """The chunks are smaller there, and the miniature's micro-batches are one chunk: 16 rows of at most
    512 tokens, a vocabulary of 510."""
    assert head_loss.CPU_LOGITS_AT_ONCE >= 16 * 512 * 510
    seen = []

    def summed(logits_NV, targets_N):
        seen.append(logits_NV.shape[0])
        return summed_nll(logits_NV, targets_N)

    monkeypatch.setattr(head_loss, "CPU_LOGITS_AT_ONCE", 60 * 7)
    model = tiny()
    put_loss_in(model, summed)
    ids, labels = batch()
    model(input_ids=ids, labels=labels, num_items_in_batch=4)
    assert seen == [7] * (sum(seen) // 7) + [sum(seen) % 7] * (sum(seen) % 7 > 0) and len(seen) > 1
