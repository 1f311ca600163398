"""The list of what is missing, before the first job of a real run; the hub is a server of the test's own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict

import pytest
from helpers.copies import copy_folder
from helpers.local_hub import serve
from helpers.paths import ROOT, SCRIPTS
from helpers.shipped_config import SHIPPED

from tms.planned_jobs.jobs import Job

GUARD = "models/hub/wildguard"
JOBS = [
    Job("download", {"download": "wildguard"}, [], [GUARD]),
    Job("judge", {"model": "tiny", "run": "base", "judge": "wildguard"}, [GUARD], ["judgements"]),
]


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with serve() as (hub, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.delenv("HTTP_PROXY", raising=False)
        yield hub


def checked(folder, **compute: str) -> subprocess.CompletedProcess:
    """The program on a plan whose judge is downloaded and runs on a CPU, with the engine transformers."""
    judges = {"wildguard": SHIPPED["judges"]["wildguard"] | {"engine": "transformers", "parameters": 1e6}}
    config = SHIPPED | {"judges": judges, "compute": SHIPPED["compute"] | compute}
    plan = {"config": config, "jobs": list(map(asdict, JOBS)), "gpus": 0, "other_interpreter": False}
    command = [sys.executable, str(SCRIPTS / "preflight.py"), "--plan"]
    return subprocess.run(
        command, cwd=folder, input=json.dumps(plan), capture_output=True, text=True, check=False
    )


def test_what_may_be_downloaded_passes(hub, tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    hub.access = {"allenai/wildguard": ""}
    done = checked(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("preflight: 2 jobs; 1 repositories of the hub within reach; disk (models")
    assert "/api/models/allenai/wildguard/auth-check" in hub.requests


def test_a_gated_model_stops_or_is_a_warning(hub, tmp_path):
    hub.access = {"allenai/wildguard": "GatedRepo"}
    done = checked(tmp_path)
    assert done.returncode == 2
    assert "error: preflight: one thing is missing:\nerror: - allenai/wildguard is gated" in done.stderr
    assert (
        "https://huggingface.co/allenai/wildguard " in done.stderr and "judges.wildguard.model" in done.stderr
    )
    done = checked(tmp_path, preflight="warn")
    assert done.returncode == 0 and done.stderr.startswith("warning: preflight: one thing is missing")


@pytest.mark.slow
def test_a_real_run_stops_before_its_first_job(hub, tmp_path):
    """A gated model stops a run, and no dry run. What needs neither cards nor downloads asks nothing."""
    for part in ("config", "workflow", "profiles", "envs"):
        copy_folder(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "Snakefile", tmp_path)

    def snakemake(*words: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--nocolor", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=False
        )

    done = snakemake("--configfile", "config/smoke.yaml", "--", "data/chain/test.parquet")
    assert done.returncode == 0 and hub.requests == [], done.stderr
    hub.access = {"allenai/wildguard": "GatedRepo"}
    assert snakemake("--dry-run", "--", GUARD).returncode == 0 and hub.requests == []
    target = "results/llama1b/base/judgements/wildguard.parquet"
    done = snakemake("--", target)
    assert done.returncode != 0
    assert "allenai/wildguard is gated" in done.stderr
    assert "Error in rule" not in done.stderr and not (tmp_path / "models" / "hub").exists()
    # The lock is gone: the next command can start.
    assert not list((tmp_path / ".snakemake").glob("locks/*"))
