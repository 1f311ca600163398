"""Training in two processes, of which one may have no image in its rows."""

import json
import os
import subprocess

import pytest
from helpers.images_in_shards import losses
from helpers.launched import launched
from helpers.paths import ROOT, SCRIPTS


@pytest.mark.slow
@pytest.mark.parametrize("fsdp", ["on", "off"])
def test_two_processes_learn_as_one(folder, rows, tmp_path, monkeypatch, fsdp):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(SCRIPTS)]))
    alone = losses(folder, rows.file, tmp_path, "auto")
    words = launched(ROOT / "tests" / "helpers" / "images_in_shards.py", folder, rows.file, tmp_path, fsdp)
    done = subprocess.run(**words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == pytest.approx(alone, rel=1e-4)
    assert alone[2] < alone[0]
