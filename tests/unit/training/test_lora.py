"""LoRA runs: closed forms of their checkpoints, peft's own reading of them, resuming."""

import json
import shutil

import pytest
import torch
from helpers.tiny_models import variant
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tms.io.errors import InputError
from tms.model_folder.adapters import Adapters
from tms.model_folder.digest import weights_digest, write_digest
from tms.model_folder.load import load_model
from tms.training import lora, sharding
from tms.training.callback import CheckpointCallback
from tms.training.examples import IGNORED, TrainingExample
from tms.training.settings import Lora, Settings
from tms.training.sft_trainer import train

SETTINGS = {
    **{"learning_rate": 1e-2, "effective_batch": 4, "device_batch": 2, "seed": 0, "threads": 1},
    **{"save_every_seconds": 1e9, "report_to": "none", "lora_rank": 4, "lora_alpha": 8.0},
}
STEPS = 5


def target(seed):
    ids = torch.randint(5, 70, (6 + seed % 4,), generator=torch.Generator().manual_seed(seed)).tolist()
    return TrainingExample(ids, [IGNORED] * 2 + ids[2:])


TARGETS = [target(seed) for seed in range(4 * STEPS)]


@pytest.fixture
def trained(tiny_model, tmp_path):
    """Call `trained(**settings)`: trains adapters and returns the last checkpoint, None of a stopped run."""

    def run(base=tiny_model, name="work", targets=TARGETS, steps=None, fresh=True, **changed):
        settings = Settings(**(SETTINGS | {"log_dir": tmp_path / "log"} | changed))
        work = tmp_path / name
        if fresh:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
        seconds = train(base, targets, steps or {2: "2of5", STEPS: "1of1"}, settings, work)
        return None if seconds is None else work / "checkpoint-1of1"

    return run


def logits(model):
    with torch.no_grad():
        return model(input_ids=torch.tensor([TARGETS[0].input_ids])).logits


def test_a_checkpoint_is_what_peft_reads(trained, tiny_model):
    folder = trained()
    assert {file.name for file in folder.glob("*.safetensors")} == {"adapter_model.safetensors"}
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    before = logits(base)
    theirs = logits(PeftModel.from_pretrained(base, folder))
    ours = logits(load_model(folder, torch.float32))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert (ours - before).abs().max() > 0.05


def test_merged_weights_are_w_plus_scaled_ba(trained, tiny_model):
    folder = trained()
    tensors = load_file(folder / "adapter_model.safetensors")
    name = "model.layers.1.mlp.down_proj"
    a, b = (tensors[f"base_model.model.{name}.lora_{factor}.weight"].double() for factor in "AB")
    start = load_file(tiny_model / "model.safetensors")
    expected = start[f"{name}.weight"].double() + 8 / 4 * b @ a
    for weights in (
        load_model(folder, torch.float32).state_dict(),
        dict(Adapters.read(folder).merged_weights()),
    ):
        torch.testing.assert_close(weights[f"{name}.weight"].double(), expected, rtol=1e-6, atol=1e-7)
        assert weights["model.embed_tokens.weight"].equal(start["model.embed_tokens.weight"])


def test_merged_weights_are_rounded_once(trained):
    folder = trained()
    exact = dict(load_model(folder, torch.float32).named_parameters())
    for name, weight in load_model(folder, torch.bfloat16).named_parameters():
        assert torch.equal(weight, exact[name].to(torch.bfloat16)), name


def test_the_first_step_is_adamw_s_along_the_gradient_of_b(trained, tiny_model):
    """At B = 0 A's gradient is 0 and B's is alpha / r dL/dW A'; the first step has the gradient's signs."""
    folder = trained(steps={1: "1of1"}, targets=TARGETS[:4], warmup=0.0, weight_decay=0.0)
    tensors = load_file(folder / "adapter_model.safetensors")
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float64)
    total = sum(
        torch.nn.functional.cross_entropy(
            model(input_ids=torch.tensor([row.input_ids])).logits[0, 1:-1],
            torch.tensor(row.input_ids[2:]),
            reduction="sum",
        )
        for row in TARGETS[:4]
    )
    total.backward()
    for name, weight in model.named_parameters():
        if weight.ndim < 2 or "layers" not in name:
            assert f"base_model.model.{name.removesuffix('.weight')}.lora_A.weight" not in tensors
            continue
        a, b = (
            tensors[f"base_model.model.{name.removesuffix('weight')}lora_{factor}.weight"] for factor in "AB"
        )
        gradient = weight.grad @ a.double().T
        clear = gradient.abs() > 1e-3 * gradient.abs().max()
        torch.testing.assert_close(b[clear], -1e-2 * gradient.sign()[clear].float(), rtol=2e-2, atol=0)


def stop_at_the_third_step(run, args, state, control, **_):
    if state.global_step == 2:
        run.stop()


def test_a_stopped_run_goes_on_to_the_same_bits(trained, monkeypatch):
    way = {"lora_dropout": 0.2}
    whole = trained(name="whole", **way)
    monkeypatch.setattr(CheckpointCallback, "on_step_begin", stop_at_the_third_step)
    assert trained(name="stopped", **way) is None
    state = next((whole.parent.parent / "stopped" / "states").glob("checkpoint-*"))
    assert not list(state.glob("model*")) and (state / "adapter_model.safetensors").exists()
    monkeypatch.undo()
    resumed = trained(name="stopped", fresh=False, **way)
    for file in ("adapter_model.safetensors", "adapter_config.json", "weights.json", "update.json"):
        assert (resumed / file).read_bytes() == (whole / file).read_bytes()


def test_gradient_checkpointing_changes_no_result(trained):
    kept, recomputed = (
        load_file(trained(name=way, gradient_checkpointing=way) / "adapter_model.safetensors")
        for way in ("off", "on")
    )
    for name, weight in kept.items():
        torch.testing.assert_close(recomputed[name], weight, rtol=1e-4, atol=1e-5)


def test_another_base_than_the_one_that_was_trained_on_is_refused(trained, tiny_model, tmp_path):
    base = shutil.copytree(tiny_model, tmp_path / "base")
    folder = trained(base=base)
    digest = weights_digest(folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(base)
    # Another place of the base, or another scale of the same adapters.
    moved = base.rename(tmp_path / "moved")
    with pytest.raises(InputError, match=f"adapters of {base}, and there is no such folder"):
        weights_digest(folder)
    config["base_model_name_or_path"] = str(moved)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    assert weights_digest(folder) == digest
    (folder / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 4.0}))
    assert weights_digest(folder) != digest
    tensors = load_file(moved / "model.safetensors")
    save_file({name: 2 * weight for name, weight in tensors.items()}, moved / "model.safetensors")
    write_digest(moved)
    with pytest.raises(InputError, match="no longer those that they were trained on"):
        load_model(folder, torch.float32)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "weights.json").unlink()
    assert weights_digest(folder) != digest


def test_names_that_no_layer_has_are_refused_before_training(trained, tiny_model):
    with pytest.raises(
        InputError, match=r"no linear layer w_proj, lm_head in its decoder; known are down_proj, "
    ):
        trained(lora_targets=["q_proj", "w_proj", "lm_head"])
    folder = trained(lora_targets=["q_proj", "mlp.up_proj"])
    assert {name.rpartition(".")[2] for name in modules(folder)} == {"q_proj", "up_proj"}


def modules(folder):
    return {name.removesuffix(".weight") for name in Adapters.read(folder).factors}


def test_a_base_with_other_names_in_its_files_is_refused(tiny_model, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(tiny_model, base)
    assert lora.count_parameters(base, sharding.meta_model(base), Lora(4, 8.0)) > 0
    weights = load_file(base / "model.safetensors")
    save_file({f"language_{name}": weight for name, weight in weights.items()}, base / "model.safetensors")
    with pytest.raises(InputError, match=r"weights under other names .* model\.layers\.0\."):
        lora.count_parameters(base, sharding.meta_model(base), Lora(4, 8.0))


def test_adapters_are_drawn_by_the_seed_alone(tiny_model):
    drawn = []
    for seed, before in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(before)
        model = lora.attach(load_model(tiny_model, torch.float32), Lora(4, 8), seed)
        assert torch.initial_seed() == before
        drawn.append(torch.cat([w.flatten() for name, w in model.named_parameters() if "lora_A" in name]))
    assert drawn[0].equal(drawn[1]) and not drawn[0].equal(drawn[2])


def test_training_starts_from_no_adapters(trained):
    folder = trained()
    with pytest.raises(InputError, match=r"holds adapters of .*; merge them \(make export\), or start from "):
        trained(base=folder, name="second")


def test_adapters_of_another_kind_are_refused(trained):
    folder = trained()
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"use_rslora": True}))
    with pytest.raises(InputError, match=r"of another kind than plain LoRA \(use_rslora\)"):
        load_model(folder, torch.float32)


def test_updates_are_those_of_the_merged_weights(trained, tiny_model, tmp_path):
    half = variant(tiny_model, tmp_path / "half", seed=1, dtype="bfloat16")
    folder = trained(base=half)
    stated = json.loads((folder / "update.json").read_text())
    assert json.loads((folder / "config.json").read_text())["dtype"] == "bfloat16" == stated["dtype"]
    start, merged = load_file(half / "model.safetensors"), dict(Adapters.read(folder).merged_weights())
    changed = sum(int((merged[name].bfloat16() != weight).sum()) for name, weight in start.items())
    assert stated["changed"] == pytest.approx(changed / stated["weights"])
    # Rounded once: base and adapters are added in float32.
    for name, weight in load_model(folder, torch.bfloat16).state_dict().items():
        if name in merged:
            assert weight.equal(merged[name].bfloat16())
    assert 0.9 < stated["surviving"] < 1
    exact = trained(base=half, name="exact", checkpoint_dtype="float32")
    assert json.loads((exact / "update.json").read_text())["surviving"] == 1
