"""The check on a CPU: processes with gloo train copied and sharded; vLLM draws rows by their seeds."""

import json
import os
import subprocess
import sys

import pytest
from helpers.paths import ROOT, SCRIPTS

# What a machine with torch, transformers and accelerate alone lacks.
ABSENT = ["trl", "vllm", "snakemake", "pyarrow", "datasets", "jsonschema"]


def check(folder, *words, absent=()):
    """Run the program in the project's folder; gives the process and its report."""
    (folder / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({list(absent)}))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(folder)}
    out = folder / "out"
    command = [sys.executable, str(SCRIPTS / "gpu_check.py"), *words, "--folder", str(out)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    report = out / "report.json"
    return done, json.loads(report.read_text()) if report.exists() else None


def status(report):
    return {row["check"]: row["status"] for row in report["rows"]}


@pytest.mark.slow
def test_training_parts_without_other_packages(tmp_path):
    done, report = check(tmp_path, "--small", "--seconds", "900", absent=ABSENT)
    assert done.returncode == 0, done.stdout + done.stderr
    found = status(report)
    assert found.pop("driver") == found.pop("generate") == found.pop("on-policy") == "skipped"
    assert set(found.values()) == {"pass"}
    assert {"all-reduce", "train tiny copied", "train tiny sharded"} <= found.keys()
    assert report["parts"]["all-reduce"][0]["processes"] == 2
    trained = report["parts"]["train tiny sharded 4 layers"]
    # Two processes, two micro-batches of two rows of 64 tokens.
    assert len(trained) == 2 and trained[0]["tokens"] == 2 * 2 * 2 * 64
    assert not (tmp_path / "out" / "work").exists()


@pytest.mark.slow
def test_on_policy_parts(tmp_path):
    """GRPO in shards, TRAPO copied, REINFORCE in one process."""
    done, report = check(tmp_path, "--small", "--only", "on-policy", "--seconds", "900")
    assert done.returncode == 0, done.stdout + done.stderr
    parts = {name: how for name, how in report["parts"].items() if name != "cards"}
    assert {name: len(how) for name, how in parts.items()} == {
        "grpo tiny sharded 4 layers": 2,
        "reinforce tiny 4 layers": 1,
        "trapo tiny copied 4 layers": 2,
    }
    # Rows of 64 tokens: 4 rollouts of a prompt a process, 4 of a process, 8 of a prompt a process.
    assert [how[0]["tokens"] for how in parts.values()] == [64 * rows for rows in (8, 4, 16)]
    assert all(process["seconds"] > 0 for how in parts.values() for process in how)


@pytest.mark.slow
@pytest.mark.vllm
def test_rows_are_seeded(tmp_path):
    pytest.importorskip("vllm")
    done, report = check(tmp_path, "--small", "--only", "generate", "--seconds", "900")
    assert done.returncode == 0, done.stdout + done.stderr
    part = report["parts"]["generate tiny copied"][0]
    assert (part["equal_rows"], part["equal_first"]) == (1.0, 1.0)  # float32 on a CPU
    assert part["engine"].startswith("vllm") and part["write_tokens_a_second"] > 0


@pytest.mark.parametrize("handed_out", [None, "0,1"])  # by a lease, or by a cluster
def test_a_machine_without_cards_fails_with_the_remedy(tmp_path, monkeypatch, handed_out):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if handed_out:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", handed_out)
    (tmp_path / "config").symlink_to(ROOT / "config")
    done, report = check(tmp_path, "--only", "train", absent=ABSENT)
    assert done.returncode == 1
    failed = next(row for row in report["rows"] if row["check"] == "driver")
    assert failed["status"] == "fail" and "PROFILE=slurm" in failed["remedy"]
    assert "to do: run on a node with GPUs" in done.stdout
    assert report["speeds"] == report["parts"] == {}


def test_a_wrong_name_is_one_line(tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    done, _ = check(tmp_path, "--models", "gpt")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --models gpt: no such model; known: tiny, ")
