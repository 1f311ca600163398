"""Training on rows with images: loss, gradients and checkpoints against transformers' own model."""

import json

import pytest
import torch
from helpers.tiny_vision import library, library_inputs
from safetensors.torch import load_file

from tms.generation.chat import ChatFormat
from tms.io.errors import InputError
from tms.model_folder.adapters import Adapters, check_targets
from tms.model_folder.load import load_model
from tms.model_folder.whole import open_weights
from tms.training.examples import IGNORED, TrainingExample, masked_target
from tms.training.head_loss import put_loss_in
from tms.training.losses import kl, nll
from tms.training.settings import Settings
from tms.training.sft_trainer import collate, train
from tms.vision.families import stored_name

ANSWERS = [[30, 41, 2], [35, 2], [20, 21, 22, 2], [50, 2]]


@pytest.fixture
def chat(folder, rows):
    return ChatFormat(folder, images=rows.images)


@pytest.fixture
def targets(chat, rows):
    return [
        TrainingExample([*ids, *answer], [IGNORED] * len(ids) + answer)
        for ids, answer in zip([chat.prompt_ids("What?", one) for one in rows.contexts], ANSWERS, strict=True)
    ]


@pytest.fixture
def run(folder, chat, targets, tmp_path):
    """Call `run(name, **settings)`: trains 3 steps, and returns the work folder."""

    def trained(name="work", loss=(), targets=targets, **changed):
        keys = {"learning_rate": 1e-2, "effective_batch": 4, "device_batch": 2, "seed": 0, "threads": 1}
        settings = Settings(**keys, **{"report_to": "none", "log_dir": tmp_path / "log"} | changed)
        work = tmp_path / name
        work.mkdir()
        images = {"images": chat.images}
        assert train(folder, targets * 3, {3: "1of1"}, settings, work, *loss, **images) > 0
        return work

    return trained


def test_loss_and_gradients_are_the_librarys(folder, chat, targets):
    own, other = load_model(folder, torch.float32, images=chat.images), library(folder)
    put_loss_in(own, nll.summed)
    tokens = sum(target.trained_tokens for target in targets)
    own(**collate(targets), num_items_in_batch=tokens)["loss"].backward()
    total = 0
    for target in targets:
        inputs = library_inputs(chat, target.input_ids)
        logits = other(**inputs, use_cache=False).logits[0, :-1]
        labels = torch.tensor(target.labels[1:])
        loss = (
            torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum") / tokens
        )
        loss.backward()
        total += loss.item()
    with torch.no_grad():
        loss = own(**collate(targets), num_items_in_batch=tokens)["loss"]
    assert loss.item() == pytest.approx(total, rel=1e-5)
    gradients = {name: one.grad for name, one in own.named_parameters() if one.grad is not None}
    assert any("visual" in name for name in gradients) and not any("audio" in name for name in gradients)
    for name, one in other.named_parameters():
        if one.grad is not None:
            torch.testing.assert_close(gradients[name], one.grad, rtol=1e-3, atol=2e-6)


@pytest.mark.parametrize("vision", ["frozen", "trained"])
def test_a_checkpoint_has_the_trained_weights_and_all_files(folder, chat, run, targets, vision):
    work = run(vision=vision)
    checkpoint = work / "checkpoint-1of1"
    open_weights(checkpoint)
    before, after = load_file(folder / "model.safetensors"), load_file(checkpoint / "model.safetensors")
    assert after.keys() == before.keys() - {"talker.head"}
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    decoder = {name for name in after if "model." in name}
    tower = {name for name in after if "visual." in name}
    assert decoder - changed == set() and (tower & changed == (tower if vision == "trained" else set()))
    assert not any("audio" in name for name in changed)
    for name in ("config.json", "preprocessor_config.json", "tokenizer.json", "chat_template.jinja"):
        assert (checkpoint / name).read_bytes() == (folder / name).read_bytes()
    update = json.loads((checkpoint / "update.json").read_text())
    assert update["weights"] == sum(after[name].numel() for name in after)
    losses = json.loads((work / "losses.json").read_text())
    assert losses[-1] < losses[0]
    again = load_model(checkpoint, torch.float32, images=chat.images).eval()
    ids = targets[2].input_ids
    with torch.no_grad():
        own = again(input_ids=torch.tensor([ids]), use_cache=False).logits
        other = library(checkpoint)(**library_inputs(chat, ids), use_cache=False).logits
    torch.testing.assert_close(own, other, rtol=0, atol=2e-5)


def test_adapters_are_of_the_decoder_alone(folder, chat, run, targets):
    checkpoint = run(lora_rank=2, lora_alpha=4.0) / "checkpoint-1of1"
    tensors = load_file(checkpoint / "adapter_model.safetensors")
    assert tensors and not any("visual" in name or "audio" in name for name in tensors)
    assert {name.split(".")[-3] for name in tensors} >= {"q_proj", "gate_proj", "down_proj"}
    merged = load_model(checkpoint, torch.float32, images=chat.images)
    base = load_model(folder, torch.float32)
    changed = {
        stored_name(folder, name)
        for (name, one), other in zip(merged.named_parameters(), base.parameters(), strict=True)
        if not torch.equal(one, other)
    }
    assert changed == Adapters.read(checkpoint).factors.keys() and len(changed) == 14
    for name, weight in Adapters.read(checkpoint).merged_weights():
        if name in changed:
            own = {stored_name(folder, one): value for one, value in merged.named_parameters()}[name]
            assert torch.equal(own, weight)


def test_the_kl_to_the_base_reads_images_too(run, targets):
    from functools import partial

    work = run(loss=(partial(kl.summed, kl_beta=1.0), True))
    assert json.loads((work / "losses.json").read_text())[0] > 0
    alone = run("plain")
    first = [json.loads((one / "losses.json").read_text())[0] for one in (work, alone)]
    assert first[0] == pytest.approx(first[1], rel=1e-6)  # theta_0's KL to itself is 0


def test_rows_without_loss_and_without_images_stand_beside_the_others(run, targets):
    run(targets=[*targets[:3], masked_target(targets[0].input_ids[0])])


def test_a_trained_tower_and_adapters_are_refused_together():
    with pytest.raises(InputError, match="adapters are of the decoder alone"):
        keys = {"learning_rate": 1e-2, "effective_batch": 4, "device_batch": 2, "seed": 0, "log_dir": None}
        Settings(**keys, lora_rank=2, lora_alpha=1.0, vision="trained")


def test_targets_of_adapters_are_modules_of_the_decoder(folder):
    check_targets(folder, ["q_proj", "self_attn.o_proj"])
    with pytest.raises(InputError, match="no linear layer fc1, proj in its decoder; known are down_proj"):
        check_targets(folder, ["fc1", "proj"])
