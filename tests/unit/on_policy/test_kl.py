"""The logged KL: in float32 whatever training computes in, on rollouts of as many prompts as it can."""

import json
import math
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from helpers.on_policy_run import load, log_probabilities, trained
from helpers.paths import ROOT, SCRIPTS
from helpers.tiny_models import variant

from tms.io import work_time
from tms.io.work_time import WorkTime
from tms.metrics.divergence import sequence_kl
from tms.metrics.policy import load_policy
from tms.on_policy.kl import KLToBase, spread
from tms.training.devices import launcher

SEQUENCES = [([5, 6, 7], list(range(8, 40))), ([9, 10], list(range(20, 30)))]


def test_rows_are_spread_over_prompts():
    rollouts = [(prompt, sample) for prompt in range(32) for sample in range(8)]
    assert [prompt for prompt, _ in spread(rollouts, 8)] == [*range(0, 32, 4)]
    assert {prompt for prompt, _ in spread(rollouts, 64)} == {*range(32)}
    assert spread(rollouts, 1000) == rollouts
    assert [prompt for prompt, _ in spread(rollouts[:30], 8)] == [0, 0, 0, 1, 1, 2, 2, 3]


@pytest.fixture
def moved(tiny_model):
    """The tiny model, a little away from its base."""
    model = load_policy(tiny_model)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1e-5 * torch.randn_like(parameter)
    return model


def test_measuring_takes_none_of_the_runs_time(monkeypatch):
    now = {"seconds": 100.0}
    monkeypatch.setattr(work_time.time, "monotonic", lambda: now["seconds"])

    def measure(kl, trainer, sequences):
        now["seconds"] += 5
        return 1.0

    monkeypatch.setattr(KLToBase, "_measure", measure)
    spent = WorkTime()
    assert KLToBase(Path("base"), 2, "sdpa", None, spent)(None, SEQUENCES) == 1.0 and spent.seconds == 0


def test_a_policy_that_trains_in_bfloat16_is_measured_in_float32(tiny_model, moved):
    exact = sequence_kl(moved, load_policy(tiny_model), SEQUENCES, lambda rows: None)
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(mixed_precision="bf16", cpu=True)
    policy = accelerator.prepare_model(moved)
    rounded = sequence_kl(policy, load_policy(tiny_model), SEQUENCES, lambda rows: None)
    trainer = SimpleNamespace(
        model=policy, accelerator=accelerator, is_fsdp_enabled=False, args=SimpleNamespace(device="cpu")
    )
    torch.set_float32_matmul_precision("high")  # TF32, as another program may set it
    for _ in range(2):
        found = KLToBase(tiny_model, 2, "sdpa")(trainer, SEQUENCES)
        assert found == sum(exact) / 2
        assert torch.get_float32_matmul_precision() == "highest"
        ids = torch.tensor([[5, 6, 7]])
        assert (
            policy(input_ids=ids).logits[0, 0, 0] != policy._original_forward(input_ids=ids).logits[0, 0, 0]
        )
    AcceleratorState._reset_state(reset_partial_state=True)
    assert rounded[0] > 20 * exact[0]  # what autocast reads is its floor


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_it_is_the_kl_of_the_policy_that_samples(tiny_model, tmp_path, temperature):
    """Its mean over all completions of a toy, each as often as it is sampled, against their definition."""
    end, limit, prompt = 2, 3, [3]
    folders = [variant(tiny_model, tmp_path / str(seed), seed, vocab_size=4) for seed in (1, 2)]
    base, policy = map(load, folders)
    AcceleratorState._reset_state(reset_partial_state=True)
    trainer = SimpleNamespace(
        model=policy,
        accelerator=Accelerator(cpu=True),
        is_fsdp_enabled=False,
        args=SimpleNamespace(device="cpu"),
    )
    kl = KLToBase(folders[0], 1, "sdpa", temperature=temperature)

    def log_probability(model, completion):
        with torch.no_grad():
            log_p = log_probabilities(model, prompt, completion, temperature).double()
        return log_p[range(len(completion)), completion].sum().item()

    going_on = [token for token in range(4) if token != end]
    ended = [[*body, end] for length in range(limit) for body in product(going_on, repeat=length)]
    cut = [[*body] for body in product(going_on, repeat=limit)]
    whole = by_definition = measured = 0.0
    for completion in ended + cut:
        log_p = log_probability(policy, completion)
        whole += math.exp(log_p)
        by_definition += math.exp(log_p) * (log_p - log_probability(base, completion))
        measured += math.exp(log_p) * kl(trainer, [(prompt, completion)])
    AcceleratorState._reset_state(reset_partial_state=True)
    assert whole == pytest.approx(1, rel=1e-5) and by_definition > 0.01
    assert measured == pytest.approx(by_definition, rel=1e-4)


def test_a_run_measures_it_at_the_temperature_of_its_rollouts(tiny_model, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(KLToBase, "__call__", lambda kl, *_: asked.append(kl.temperature) or 0.0)
    for algorithm in ("grpo", "reinforce"):
        folder = tmp_path / algorithm
        trained(tiny_model, folder, algorithm, lambda text, answer: float(len(text) % 2), temperature=0.7)
    assert asked == [0.7, 0.7]


@pytest.mark.slow
def test_a_policy_in_shards_is_measured_in_float32(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(SCRIPTS)]))
    accelerate, *launch = launcher(2).split()
    program = ROOT / "tests" / "helpers" / "kl_in_shards.py"
    words = [Path(sys.executable).with_name(accelerate), *launch, program, tiny_model, tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    logged = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(logged) == 3
    assert logged[0][0] == pytest.approx(0, abs=1e-6)
    for measured, whole in logged[1:]:  # as small as this, bfloat16 would read its floor
        assert measured == pytest.approx(whole, rel=1e-2, abs=1e-6)
        assert 1e-6 < whole < 1e-2
