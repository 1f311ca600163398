"""What processes that share a model hold."""

import json
import os
import subprocess

import pytest
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
