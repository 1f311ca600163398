"""What processes that share a model hold."""

import json
import os
import subprocess

import pytest
from helpers import tiny_models
from helpers.launched import launched
from helpers.paths import ROOT, SCRIPTS


@pytest.mark.slow
def test_no_whole_gradients_are_held_between_micro_batches(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(SCRIPTS)]))
    words = launched(ROOT / "tests" / "helpers" / "held_gradients.py", tiny_model, tmp_path)
    done = subprocess.run(**words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # Without the option 4 bytes a parameter, in each process.
    assert found["held"] == {"1": 0, "2": 4 * found["parameters"]}


@pytest.mark.slow
@pytest.mark.parametrize("fsdp", ["on", "off"])
def test_a_base_in_bfloat16_computes_what_the_model_does(tiny_model, tmp_path, monkeypatch, fsdp):
    """In shards and in copies a KL to it is exactly 0 before the first step, and not behind it."""
    base = tiny_models.variant(tiny_model, tmp_path / "half", 0, "bfloat16", tie_word_embeddings=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(SCRIPTS)]))
    words = launched(ROOT / "tests" / "helpers" / "base_beside.py", base, tmp_path, fsdp)
    done = subprocess.run(**words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["precisions"] == ["torch.bfloat16"]
    assert found["distances"][:2] == [0, 0] and min(found["distances"][2:]) > 0.1
