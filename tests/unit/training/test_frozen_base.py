"""The base beside the model in training: gradients against plain torch on whole logits, runs, resuming."""

import shutil
from functools import partial

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from transformers import Qwen2Config, Qwen2ForCausalLM

from tms.mixture.checkpoints import FINAL
from tms.training import head_loss, lora
from tms.training.callback import CheckpointCallback
from tms.training.examples import IGNORED, TrainingExample
from tms.training.frozen_base import FrozenBase
from tms.training.head_loss import put_loss_in
from tms.training.losses import kl
from tms.training.settings import Lora, Settings
from tms.training.sft_trainer import train

BETA = 0.7


def tiny(seed, tied=True, bias=False, **more):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "vocab_size": 60}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    config = Qwen2Config(**sizes, **heads, tie_word_embeddings=tied, initializer_range=0.3, **more)
    model = Qwen2ForCausalLM(config)
    if bias:
        model.lm_head = torch.nn.Linear(16, 60)
    return model.train()


def batch():
    """Rows with prompts, padding, and one row without loss."""
    ids = torch.randint(0, 60, (4, 9), generator=torch.Generator().manual_seed(1))
    labels = ids.clone()
    labels[:, :3] = IGNORED
    labels[1, -4:] = IGNORED
    labels[2] = IGNORED
    return ids, labels


def plain(model, base, ids, labels):
    """The mean loss of tokens from whole logits."""
    learned = labels[:, 1:] != IGNORED
    logits, of_base = (one(input_ids=ids).logits[:, :-1][learned] for one in (model, base))
    p_0 = of_base.detach().softmax(-1)
    nats = (p_0 * (p_0.log() - logits.log_softmax(-1))).sum()
    targets = labels[:, 1:][learned]
    return (cross_entropy(logits, targets, reduction="sum") + BETA * nats) / learned.sum()


def step(model, ids, labels):
    tokens = (labels[:, 1:] != IGNORED).sum()
    loss = model(input_ids=ids, labels=labels, num_items_in_batch=tokens)["loss"]
    loss.backward()
    return loss


def assert_equal_gradients(found, expected):
    for (name, one), other in zip(found.named_parameters(), expected.parameters(), strict=True):
        if other.grad is not None:
            scale = 1e-5 * other.grad.abs().max().item()
            torch.testing.assert_close(one.grad, other.grad, atol=scale, rtol=1e-5, msg=name)


@pytest.mark.parametrize("shape", [{}, {"tied": False, "bias": True}, {"attention_dropout": 0.5}])
@pytest.mark.parametrize("rows", [1000, 4])  # one chunk; several, the last one smaller
def test_gradients_are_those_of_all_logits(monkeypatch, shape, rows):
    monkeypatch.setattr(head_loss, "LOGITS_AT_ONCE", rows * 60)
    model, expected, base = tiny(0, **shape), tiny(0, **shape), tiny(1, **shape)
    frozen = FrozenBase()
    put_loss_in(model, partial(kl.summed, kl_beta=BETA), frozen)
    whole = tiny(1, **shape).eval()
    frozen.use_model(base)
    ids, labels = batch()
    torch.manual_seed(3)  # of the model's dropout; the base has none
    loss = step(model, ids, labels)
    torch.manual_seed(3)
    on_all_logits = plain(expected, whole, ids, labels)
    on_all_logits.backward()
    assert loss.item() == pytest.approx(on_all_logits.item(), rel=1e-6)
    assert_equal_gradients(model, expected)
    assert all(weight.grad is None for weight in base.parameters())


def adapted(seed):
    """A model in training mode with adapters that are not 0."""
    model = lora.attach(tiny(0, attention_dropout=0.5), Lora(4, 8.0, dropout=0.3), seed)
    torch.manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    return model.train()


def test_of_adapters_the_base_is_the_model_without_them(monkeypatch):
    monkeypatch.setattr(head_loss, "LOGITS_AT_ONCE", 4 * 60)
    model, expected, whole = adapted(2), adapted(2), tiny(0, attention_dropout=0.5).eval()
    frozen = FrozenBase()
    put_loss_in(model.get_base_model(), partial(kl.summed, kl_beta=BETA), frozen)
    frozen.use_adapted(model)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    asked = {name for name, weight in model.named_parameters() if weight.requires_grad}
    ids, labels = batch()
    torch.manual_seed(3)
    loss = step(model, ids, labels)
    torch.manual_seed(3)
    on_all_logits = plain(expected, whole, ids, labels)
    on_all_logits.backward()
    assert loss.item() == pytest.approx(on_all_logits.item(), rel=1e-6)
    assert_equal_gradients(model, expected)
    assert model.training and all(module.training for module in model.modules())
    assert {name for name, weight in model.named_parameters() if weight.requires_grad} == asked
    assert all("lora" in name for name in asked)
    assert all(weight.equal(before[name]) for name, weight in model.named_parameters())


@pytest.mark.parametrize("recompute", ["off", "on"])
def test_under_autocast_the_kl_begins_at_0(recompute):
    """A base in float32 computes what a model of the same weights does, so that its KL is exactly 0."""
    seen = []

    def loss(logits_NV, targets_N, base_NV):
        seen.append((logits_NV, base_NV))
        return kl.summed(logits_NV, targets_N, base_NV, BETA)

    model, frozen = tiny(0), FrozenBase()
    put_loss_in(model, loss, frozen)
    frozen.use_model(tiny(0))
    if recompute == "on":
        model.gradient_checkpointing_enable()
    with torch.autocast("cpu", torch.bfloat16):
        step(model, *batch())
    ((logits, of_base),) = seen
    assert logits.dtype == torch.bfloat16 and logits.equal(of_base)


SETTINGS = {
    **{"learning_rate": 1e-2, "effective_batch": 4, "device_batch": 2, "seed": 0, "threads": 1},
    **{"save_every_seconds": 1e9, "report_to": "none"},
}
LORA = {"lora_rank": 4, "lora_alpha": 8.0, "lora_dropout": 0.2}


def target(seed):
    ids = torch.randint(5, 70, (6 + seed % 4,), generator=torch.Generator().manual_seed(seed)).tolist()
    return TrainingExample(ids, [IGNORED] * 2 + ids[2:])


TARGETS = [target(seed) for seed in range(16)]  # 4 steps


@pytest.fixture
def trained(tiny_model, tmp_path):
    """Call `trained(beta, name, **settings)`: the end's folder of a run; None of a stopped one."""

    def run(beta, name, fresh=True, **changed):
        settings = Settings(**(SETTINGS | {"log_dir": tmp_path / "log"} | changed))
        work = tmp_path / name
        if fresh:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
        given = () if beta is None else (partial(kl.summed, kl_beta=beta), True)
        seconds = train(tiny_model, TARGETS, {4: FINAL}, settings, work, *given)
        return None if seconds is None else work / f"checkpoint-{FINAL}"

    return run


def weights(folder):
    (file,) = folder.glob("*.safetensors")
    return load_file(file)


@pytest.mark.parametrize("way", [{}, LORA], ids=["whole", "adapters"])
def test_beta_0_is_plain_sft_bit_for_bit(trained, way, tiny_model):
    before = (tiny_model / "model.safetensors").read_bytes()
    plain = weights(trained(None, "plain", **way))
    ends = {beta: weights(trained(beta, "kl", **way)) for beta in (0.0, 1.0)}
    assert all(plain[name].equal(weight) for name, weight in ends[0.0].items())
    assert not any(plain[name].equal(weight) for name, weight in ends[1.0].items())
    assert (tiny_model / "model.safetensors").read_bytes() == before


def stop_at_the_third_step(run, args, state, control, **_):
    if state.global_step == 2:
        run.stop()


@pytest.mark.parametrize("way", [{}, LORA], ids=["whole", "adapters"])
def test_a_stopped_run_goes_on_to_the_same_bits(trained, monkeypatch, way):
    """The state holds nothing of the base, which is read from theta_0's folder again."""
    whole = trained(0.5, "whole", **way)
    monkeypatch.setattr(CheckpointCallback, "on_step_begin", stop_at_the_third_step)
    assert trained(0.5, "stopped", **way) is None
    monkeypatch.undo()
    resumed = trained(0.5, "stopped", fresh=False, **way)
    assert all(weight.equal(weights(whole)[name]) for name, weight in weights(resumed).items())
