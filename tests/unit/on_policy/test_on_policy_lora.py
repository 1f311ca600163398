"""On-policy runs of LoRA adapters: their checkpoints, and the KL to the base without them."""

from statistics import fmean

import pytest
import torch
from helpers.on_policy_run import trained
from helpers.tiny_models import variant, with_adapters

from tms.metrics.divergence import sequence_kl
from tms.model_folder.adapters import Adapters
from tms.model_folder.load import load_model
from tms.on_policy import kl
from tms.training import lora
from tms.training.settings import Lora
from tms.training.trainer_run import TrainerRun

LORA = {"lora_rank": 4, "lora_alpha": 8.0, "lora_dropout": 0.1, "learning_rate": 1e-2}
measured = kl.KLToBase.__call__


def reward(text, answer):
    return float(len(text) % 2)


@pytest.mark.parametrize(
    ("algorithm", "more", "bf16"),
    [("grpo", {"beta": 0.3}, False), ("reinforce", {"steps": 3}, False), ("trapo", {}, True)],
)
def test_adapters_are_trained_and_measured_in_float32(
    tiny_model, tmp_path, monkeypatch, algorithm, more, bf16
):
    base = variant(tiny_model, tmp_path / "base", seed=1, dtype="bfloat16" if bf16 else "float32")
    pairs = []

    def twice(self, trainer, sequences):
        folder = tmp_path / f"step{len(pairs)}"
        folder.mkdir()
        lora.save(trainer.accelerator.unwrap_model(trainer.model), base, folder, torch.float32)
        models = [load_model(place, torch.float32).eval() for place in (folder, base)]
        chosen = kl.spread(sequences, self.rows)
        pairs.append(
            (measured(self, trainer, sequences), fmean(sequence_kl(*models, chosen, lambda rows: None)))
        )
        return pairs[-1][0]

    monkeypatch.setattr(kl.KLToBase, "__call__", twice)
    monkeypatch.setattr(TrainerRun, "bf16", bf16)
    ended = trained(base, tmp_path, algorithm, reward, **{"steps": 2} | LORA | more)
    assert [step["kl"] for step in ended.curve] == [value for value, _ in pairs]
    assert pairs[0] == (0, 0) and pairs[-1][0] == pytest.approx(pairs[-1][1], rel=1e-3)
    assert pairs[-1][0] > 1e-3
    assert {file.name for file in ended.checkpoint.glob("*.safetensors")} == {"adapter_model.safetensors"}
    moved = [b.abs().max() > 0 for _, b in Adapters.read(ended.checkpoint).factors.values()]
    assert len(moved) == 2 * 7 and all(moved)


def test_parameters_are_merged_one_by_one_for_vllm(tiny_model, tmp_path):
    folder = with_adapters(tiny_model, tmp_path / "adapters", seed=1)
    model = lora.attach(load_model(tiny_model, torch.bfloat16), Lora(4, 8), seed=0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lora.copy_adapters(lora.PeftModel.from_pretrained(load_model(tiny_model, torch.float32), folder), model)
    merged = dict(lora.merged_parameters(model))
    exact = load_model(folder, torch.float32)
    assert merged.keys() == dict(exact.named_parameters()).keys()
    for name, value in exact.named_parameters():
        start = load_model(tiny_model, torch.bfloat16).get_parameter(name)
        torch.testing.assert_close(
            merged[name], (start + (value - start.float())).bfloat16(), rtol=2e-2, atol=1e-2
        )
    for name, value in model.state_dict().items():
        assert ".lora_" in name or value.equal(before[name])
