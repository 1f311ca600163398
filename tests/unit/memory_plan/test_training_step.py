"""A dry run's peak is that of torch's profiler for the same step on real tensors, and that of the Trainer."""

import gc
from dataclasses import replace

import pytest
import torch
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.profiler import ProfilerActivity, profile

from tms.memory_plan import formulas, training_step
from tms.memory_plan.architecture import parameters
from tms.memory_plan.live_memory import LiveMemory
from tms.memory_plan.shapes import GRPO, ROLLOUTS, ROWS, StepShape
from tms.training import sft_trainer
from tms.training.examples import TrainingExample
from tms.training.settings import Settings

KEYS = {
    "model_type": "qwen2",
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 2000,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
LORA = {"rank": 8, "alpha": 16}
STEP = StepShape(KEYS, ROWS, processes=1, sharded=False, rows=2, tokens=256, recompute=False)


def profiled(run) -> int:
    """Most bytes of tensors while `run()` runs, as torch's profiler counts them."""
    gc.collect()  # else it sees what an earlier run made go
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run()
    events = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


@pytest.mark.parametrize(
    "shape",
    [
        STEP,
        replace(STEP, sharded=True, recompute=True, architecture=KEYS | {"tie_word_embeddings": False}),
        replace(STEP, kind=ROLLOUTS, sharded=True),
        replace(STEP, lora=LORA, recompute=True),
        pytest.param(replace(STEP, base=True), marks=pytest.mark.slow),
        pytest.param(replace(STEP, base=True, sharded=True, recompute=True), marks=pytest.mark.slow),
        pytest.param(replace(STEP, base=True, lora=LORA), marks=pytest.mark.slow),
    ],
    ids=[
        "copied",
        "sharded, recomputed",
        "rollouts",
        "adapters",
        "base",
        "base in shards",
        "without adapters",
    ],
)
def test_a_dry_run_is_the_step_on_real_tensors(shape, tmp_path):
    """In bf16, on a process group of one: torch's profiler sees what the fake tensors say, to 2 %."""
    planned = training_step.dry_run(shape)
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,), mesh_dim_names=("shards",))
        measured = profiled(lambda: training_step.step(shape, mesh, LiveMemory()))
    finally:
        distributed.destroy_process_group()
    assert planned.total == pytest.approx(measured, rel=0.02)


@pytest.mark.parametrize("lora", [None, LORA])
def test_the_trainer_takes_what_the_dry_run_says(tmp_path, lora):
    """Two whole steps of SFT on a CPU, so in float32; within 15 %."""
    base = tmp_path / "base"
    training_step.built(STEP).save_pretrained(base)
    settings = Settings(
        **{"learning_rate": 1e-3, "effective_batch": 4, "device_batch": 2, "warmup": 0.0, "adam_beta1": 0.9},
        **{"adam_beta2": 0.95, "weight_decay": 0.0, "max_grad_norm": 1.0, "seed": 0, "threads": None},
        **{"gradient_checkpointing": "off", "fsdp": "auto", "attention": "sdpa", "save_every_seconds": 600},
        **{"save_every_steps": 0, "report_to": "none", "log_dir": tmp_path / "log"},
        **({"lora_rank": lora["rank"], "lora_alpha": lora["alpha"]} if lora else {}),
    )
    ids = [1] * STEP.tokens
    targets = [TrainingExample(ids, ids)] * 8
    measured = profiled(lambda: sft_trainer.train(base, targets, {2: "1of1"}, settings, tmp_path))
    planned = training_step.dry_run(replace(STEP, bf16=False, lora=lora))
    assert planned.total == pytest.approx(measured, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize(("sharded", "processes"), [(False, 1), (True, 4)])
def test_a_base_beside_the_model_has_4_bytes_a_parameter(sharded, processes):
    shape = replace(STEP, sharded=sharded, processes=processes)
    alone, beside = (training_step.dry_run(replace(shape, base=base)) for base in (False, True))
    expected = formulas.beside_weights(replace(shape, base=True))
    assert expected == 4 * parameters(KEYS) / processes
    assert beside.weights - alone.weights == pytest.approx(expected, rel=0.02)
    assert beside.optimiser == alone.optimiser and beside.gradients == alone.gradients


@pytest.mark.parametrize(("sharded", "processes"), [(False, 8), (True, 8), (True, 4)])
def test_weights_gradients_and_moments_are_closed_forms(sharded, processes):
    """4, 4 and 8 bytes a parameter, over the cards that share it; more cards leave activations alone."""
    shape = replace(STEP, sharded=sharded, processes=processes)
    memory = training_step.dry_run(shape)
    share = 4 * parameters(KEYS) / (processes if sharded else 1)
    found = (memory.weights, memory.gradients, memory.optimiser)
    assert found == pytest.approx((share, share, 2 * share), rel=0.02)
    assert memory.activations == pytest.approx(training_step.dry_run(STEP).activations, rel=0.25)


@pytest.mark.parametrize(
    "shape",
    [
        STEP,
        replace(STEP, kind=GRPO, rows=4, recompute=True),
        replace(STEP, sharded=True, processes=8),
        replace(STEP, lora=LORA),
        pytest.param(replace(STEP, base=True), marks=pytest.mark.slow),
    ],
    ids=["rows", "GRPO", "sharded", "adapters", "base"],
)
def test_the_bound_is_above_a_step(shape):
    """Nothing is computed where a job fits."""
    least = training_step.dry_run(shape).total + formulas.step_buffers(shape)
    assert least < formulas.most(shape) - formulas.CONTEXT


def test_recomputing_keeps_no_layer():
    """The three tensors of a layer's MLP alone are 2 bytes a number for each token."""
    kept, recomputed = (
        training_step.dry_run(replace(STEP, recompute=recompute)).activations for recompute in (False, True)
    )
    tokens = STEP.rows * STEP.tokens
    assert kept - recomputed > KEYS["num_hidden_layers"] * tokens * 2 * 3 * KEYS["intermediate_size"]


def test_memory_is_counted_once_and_until_it_is_freed():
    with LiveMemory() as memory:
        first = torch.empty(1000, dtype=torch.uint8)
        view = first.view(10, 100)[2:]
        second = torch.empty(500, dtype=torch.uint8)
        assert memory.live == 1500
        del first
        assert memory.live == 1500  # the view holds it
        del view
        second.untyped_storage().resize_(0)  # as FSDP frees gathered weights
        assert (memory.live, memory.peak) == (0, 1500)
        second.untyped_storage().resize_(700)
        memory.restart()
        assert (memory.live, memory.peak) == (700, 700)
