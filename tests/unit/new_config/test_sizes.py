"""Sizes of a first run, and what a machine is used for."""

from itertools import pairwise

import pytest
import yaml
from helpers.paths import CONFIG
from hypothesis import given
from hypothesis import strategies as st

from tms.mixture.checkpoints import evenly_spaced
from tms.mixture.schedule import crowded, total_steps
from tms.new_config import hardware, sizes


@given(st.integers(1, 10**6))
def test_every_number_of_rows_has_steps_for_all_checkpoints(rows):
    plan = sizes.schedule(rows)
    assert plan.steps == total_steps(rows, plan.epochs, plan.batch)
    if rows >= 1:
        assert crowded(evenly_spaced(sizes.T), plan.steps) is None
    assert 1 <= plan.epochs <= sizes.MOST_EPOCHS
    assert plan.batch % sizes.device_batch(plan.batch, 0) == 0


@pytest.mark.parametrize(
    ("rows", "epochs", "batch"),
    [(128, 3, 8), (1000, 3, 64), (7000, 3, 128), (40, 3, 4), (20, 4, 4)],
)
def test_schedules(rows, epochs, batch):
    plan = sizes.schedule(rows)
    assert (plan.epochs, plan.batch) == (epochs, batch)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=300), st.integers(1, 500))
def test_at_most_one_answer_in_a_hundred_is_cut(answers, longest_prompt):
    longest = sizes.longest_completion(answers, longest_prompt, 10**6)
    assert sum(length > longest for length in answers) <= 0.01 * len(answers)
    assert longest % 16 == 0 and longest >= sizes.SHORTEST
    assert sizes.longest_completion(answers, longest_prompt, 300) <= 300 - longest_prompt


@pytest.mark.parametrize("model", ["smollm2", "llama1b", "qwen1.5b", "qwen3b", "qwen7b", "llama8b"])
def test_learning_rates_are_near_those_that_were_measured_or_published(model):
    entry = yaml.safe_load((CONFIG / "config.yaml").read_text())["models"][model]
    rate = entry["training"]["learning_rate"]
    assert 0.9 * rate <= sizes.learning_rate(entry["parameters"]) <= rate


def test_rates_fall_with_the_size_and_nowhere_by_far():
    rates = [sizes.learning_rate(10 ** (power / 20)) for power in range(80, 260)]
    assert all(before >= after > before / 5 for before, after in pairwise(rates))


def test_a_model_of_unknown_size_has_the_general_rate():
    shipped = yaml.safe_load((CONFIG / "config.yaml").read_text())
    assert sizes.learning_rate(0) == shipped["training"]["learning_rate"]


@pytest.mark.parametrize(
    ("parameters", "width", "wider"),
    [(1.35e8, 2, True), (1.35e8, 4, False), (1.54e9, 2, True), (7.6e9, 2, False), (0, 2, False)],
)
def test_small_models_of_two_bytes_a_weight_are_stored_in_float32(parameters, width, wider):
    assert sizes.stores_float32(parameters, width) == wider


def cards(count, gigabytes):
    return [{"name": "Card", "bytes": int(gigabytes * 1e9), "used": 0, "driver": "1"}] * count


def test_without_a_card_nothing_asks_for_one():
    machine = hardware.choose(7e9, True, [])
    assert (machine.keys, machine.lora) == ({}, {})
    assert hardware.warnings(machine, 9000, 1024) == []


@pytest.mark.parametrize(
    ("parameters", "count", "gigabytes", "train", "generate", "lora"),
    [
        (1.5e9, 1, 80, 1, 1, False),  # 30 of 64 GB
        (3.1e9, 4, 80, 1, 1, False),  # 62 of 64 GB
        (7.6e9, 8, 80, 4, 1, False),  # 152 of 256 GB
        (7.6e9, 1, 24, 1, 1, True),
        (7.6e9, 2, 24, 1, 2, True),
        (0, 1, 24, 1, 1, False),
    ],
)
def test_cards(parameters, count, gigabytes, train, generate, lora):
    machine = hardware.choose(parameters, True, cards(count, gigabytes))
    assert machine.keys == {"engine": "vllm", "gpus": {"train": train, "generate": generate}}
    assert bool(machine.lora) == lora


def test_a_machine_without_vllm_keeps_the_general_engine():
    machine = hardware.choose(1e9, False, cards(1, 80))
    assert "engine" not in machine.keys
    first, second = hardware.warnings(machine, 2000, 1024)
    assert "make gpu" in first and "compute.longest_prompt: 2000" in second


def test_the_look_at_cards_needs_no_torch(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hardware.choose(1e9, True).keys == {}
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 'NVIDIA H100, 81559, 0, 550'\n")
    smi.chmod(0o755)
    assert hardware.choose(1e9, True).keys["gpus"] == {"train": 1, "generate": 1}
