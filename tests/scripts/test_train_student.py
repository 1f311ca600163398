"""A student's training as a program."""

import json

import pytest

from tms.io import parquet
from tms.mixture import checkpoints

FLAGS = [
    *("--mixture", "mixture.parquet", "--epochs", "2", "--learning-rate", "3e-3", "--effective-batch", "2"),
    *("--device-batch", "2", "--max-new-tokens", "20", "--seed", "0", "--threads", "1"),
    *("--save-points", "1of1", "--work-root", "work", "--output-root", "run"),
    *("--trajectory", "run/trajectory", "--updates", "run/updates.json", "--health", "run/health.json"),
    *("--cost", "run/cost.json", "--log-dir", "curves", "--report-to", "none"),
]


def write_mixture(path, sampled, finish_reason="stop", n=4, split="train"):
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
    parquet.write(path, parquet.MIXTURE, mixture, {})


def test_a_student_is_trained_on_teacher_text_and_sampled_ids(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21, 22, 23, 2])
    done = program("train_student", *FLAGS, "--model", tiny_model)
    assert done.returncode == 0, done.stderr
    cost = json.loads((tmp_path / "run" / "cost.json").read_text())
    assert (cost["optimizer_steps"], cost["trained_tokens"]) == (4, 4 * 3 + 4 * 5)
    trained = checkpoints.weights_digest(tmp_path / "run" / "checkpoint-1of1")
    assert trained != checkpoints.weights_digest(tiny_model)
    assert not (tmp_path / "curves").exists()


@pytest.mark.slow
def test_a_student_can_be_trained_by_trsft(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21, 22, 23, 2])
    trained = []
    for words in ([], ["--loss", "trsft", "--trsft-floor", "0.1"]):
        done = program("train_student", *FLAGS, "--model", tiny_model, *words)
        assert done.returncode == 0, done.stderr
        trained.append(checkpoints.weights_digest(tmp_path / "run" / "checkpoint-1of1"))
    assert trained[0] != trained[1]


@pytest.mark.slow
def test_a_batch_without_loss_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 21], finish_reason="length")
    done = program("train_student", *FLAGS, "--model", tiny_model)
    assert done.returncode == 2
    assert "error: optimiser step 3: every row of its batch is masked (8 rows" in done.stderr
    assert "4 length (50.0%)" in done.stderr


def test_a_mixture_of_other_epochs_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 2])
    done = program("train_student", *FLAGS, "--model", tiny_model, "--epochs", "3")
    assert done.returncode == 2
    assert "8 training rows are no multiple of 3 (--epochs" in done.stderr


def test_a_mixture_without_training_rows_is_refused(program, tmp_path, tiny_model):
    write_mixture(tmp_path / "mixture.parquet", sampled=[20, 2], split="heldout")
    done = program("train_student", *FLAGS, "--model", tiny_model)
    assert done.returncode == 2
    assert "mixture.parquet: no row of split train" in done.stderr
