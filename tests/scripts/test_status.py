"""A small real run that stopped at an error, in one screen."""

import shutil
import subprocess

import pytest
from helpers import forked_snakemake
from helpers.copies import copy_folder
from helpers.paths import ROOT

BROKEN = """
tasks: {facts: {test: 100000}}
suites: {miniature: {targets: [chain], retention: [facts]}}
"""


@pytest.mark.slow
def test_a_stopped_run(own_process, tmp_path):
    """One of two tasks cannot be prepared, so what compares both waits."""
    for part in ("config", "workflow", "profiles", "envs"):
        copy_folder(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    done = own_process("status")
    assert done.returncode == 2 and "no run was started here" in done.stderr
    words = ["--cores", "2", "--configfile", "config/smoke.yaml", "broken.yaml"]
    words += ["--", "data/chain/miniature/train.parquet"]
    command = [*forked_snakemake.command(), *words]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    done = own_process("status")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "data/chain/miniature/train.parquet"
    # Three splits of chain, the test split of facts, and the comparison.
    assert lines[1].startswith("3 of 5 jobs done; stopped (started ")
    table = {words[0]: words[1:] for words in map(str.split, lines[2:]) if words}
    assert table["prepare"][:2] == ["3", "1"] and table["decontaminate"][0] == "1"
    assert table["last"][:2] == ["error:", "prepare,"]
    log = lines.index("  logs/prepare/facts/test.log")
    assert lines[log + 1].startswith("    error: tasks.facts.test: ")
    assert max(map(len, lines)) <= 80
