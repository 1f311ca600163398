"""A student's training as a program."""

import json
import subprocess
import sys

import pytest
import torch
from helpers.launched import launched
from helpers.paths import SCRIPTS
from safetensors.torch import load_file

from tms.io import parquet
from tms.model_folder.digest import weights_digest

PROGRAM = SCRIPTS / "train_student.py"
FLAGS = [
    *("--mixture", "mixture.parquet", "--epochs", "2", "--learning-rate", "3e-3", "--effective-batch", "2"),
    *("--device-batch", "2", "--max-new-tokens", "20", "--seed", "0", "--threads", "1"),
    *("--save-points", "1of1", "--work-root", "work", "--output-root", "run"),
    *("--trajectory", "run/trajectory", "--updates", "run/updates.json", "--health", "run/health.json"),
    *("--cost", "run/cost.json", "--log-dir", "curves", "--report-to", "none"),
]


def write_mixture(path, sampled, finish_reason="stop", n=4, split="train", provenance=None):
    """Two epochs of n prompts: the first has the teacher's text, the second what a checkpoint sampled."""
    mixture = [
        {
            "split": split,
            "epoch": position // n,
            "position": position,
            "example_id": f"e{position % n}",
            "source": "checkpoint" if position >= n else "teacher",
            "checkpoint": "1of2" if position >= n else "",
            "sample": 0,
            "prompt": f"{position % n}+1",
            "completion": "ab",
            "completion_ids": sampled if position >= n else [],
            "finish_reason": finish_reason if position >= n else "stop",
        }
        for position in range(2 * n)
    ]
    parquet.write(path, parquet.MIXTURE, mixture, provenance or {})


def test_a_student_is_trained_on_teacher_text_and_sampled_ids(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21, 22, 23, 2])
    done = program("train_student", *FLAGS, "--model", tiny_model)
    assert done.returncode == 0, done.stderr
    cost = json.loads((tmp_path / "run" / "cost.json").read_text())
    assert (cost["optimizer_steps"], cost["trained_tokens"]) == (4, 4 * 3 + 4 * 5)
    trained = weights_digest(tmp_path / "run" / "checkpoint-1of1")
    assert trained != weights_digest(tiny_model)
    assert not (tmp_path / "curves").exists()


@pytest.mark.slow
def test_a_student_can_be_trained_by_trsft(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21, 22, 23, 2])
    trained = []
    for words in ([], ["--loss", "trsft", "--trsft-floor", "0.1"]):
        done = program("train_student", *FLAGS, "--model", tiny_model, *words)
        assert done.returncode == 0, done.stderr
        trained.append(weights_digest(tmp_path / "run" / "checkpoint-1of1"))
    assert trained[0] != trained[1]


@pytest.mark.slow
def test_steps_without_a_token_are_counted_and_change_nothing(program, tmp_path, tiny_model):
    """The second epoch's targets are all cut: its two steps pass, and the run says so."""
    plan = {"plan": {"alpha": 0.25}}
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21], finish_reason="length", provenance=plan)
    done = program("train_student", *FLAGS, "--model", tiny_model, "--save-points", "1of2", "1of1")
    assert done.returncode == 0, done.stderr
    for told in (
        "100% of 4 sampled targets are cut at 20 tokens (checkpoint 1of2: 100%), and none ended",
        "2 of 4 optimiser steps have no target with loss and change nothing",
        "the teacher has 100% of the targets with loss (100% of their tokens), where alpha is 0.25",
    ):
        assert done.stderr.count(told) == 1
    health = json.loads((tmp_path / "run" / "health.json").read_text())
    assert (health["steps"], health["empty_steps"], len(health["losses"])) == (4, 2, 2)
    half, end = (
        weights_digest(folder)
        for folder in (tmp_path / "run/trajectory/checkpoint-1of2", tmp_path / "run/checkpoint-1of1")
    )
    assert half == end != weights_digest(tiny_model)


@pytest.mark.slow
@pytest.mark.parametrize("fsdp", ["off", "on"])
def test_two_devices_pass_over_the_same_steps(tiny_model, tmp_path, fsdp):
    """Of three epochs the second is cut, and of each step of the third one row: one device has no token."""
    ends = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        write_mixture(folder / "mixture.parquet", sampled=[20, 21], finish_reason="length")
        rows = parquet.read(folder / "mixture.parquet", parquet.MIXTURE)
        rows += [rows[0], rows[5], rows[2], rows[7]]
        rows = [row | {"position": place, "epoch": place // 4} for place, row in enumerate(rows)]
        parquet.write(folder / "mixture.parquet", parquet.MIXTURE, rows, {})
        words = [*FLAGS, "--model", tiny_model, "--epochs", "3", "--device-batch", "1"]
        words += ["--fsdp", fsdp if processes == 2 else "off"]
        alone = {"args": list(map(str, [sys.executable, PROGRAM, *words]))}
        started = launched(PROGRAM, *words) if processes == 2 else alone
        done = subprocess.run(**started, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("2 of 6 optimiser steps have no target with loss") == 1
        ends.append(load_file(folder / "run/checkpoint-1of1/model.safetensors"))
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_a_run_without_a_token_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21])
    done = program(
        "train_student", *FLAGS, "--model", tiny_model, "--max-new-tokens", "1", "--masked-targets", "warn"
    )
    assert done.returncode == 2
    assert "error: none of 8 targets carries loss (8 too long); raise max_new_tokens" in done.stderr


def test_a_mixture_of_other_epochs_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 2])
    done = program("train_student", *FLAGS, "--model", tiny_model, "--epochs", "3")
    assert done.returncode == 2
    assert "8 training rows are no multiple of 3 (--epochs" in done.stderr


def test_a_mixture_of_more_steps_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 2])
    done = program("train_student", *FLAGS, "--model", tiny_model, "--max-steps", "1")
    assert done.returncode == 2
    assert "8 training rows are not the 2 of --max-steps x --effective-batch" in done.stderr


def test_a_mixture_without_training_rows_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 2], split="heldout")
    done = program("train_student", *FLAGS, "--model", tiny_model)
    assert done.returncode == 2
    assert "mixture.parquet: no row of split train" in done.stderr
