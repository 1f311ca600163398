"""The workflow on a real SLURM: a student at smoke size, and a training job that is stopped."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.paths import ROOT
from helpers.slurm_node import fit_profile

pytestmark = [pytest.mark.slow, pytest.mark.slurm]
PARTS = ["Snakefile", "config", "envs", "profiles", "slurm", "workflow"]
# A job takes 18 seconds here before it is seen to have ended.
LOCAL = ["pretrain", "prepare", "decontaminate", "contamination_gate", "filter_teacher", "plan_mixture"]
LOCAL += ["build_mixture", "grade"]
GPUS = """
compute: {{preflight: warn}}
models: {{tiny: {{gpus: {{train: {train}, generate: 0}}, training: {{epochs: {epochs}, device_batch: 2}}}}}}
"""


# A node of two cards and little memory, that has not the environment of one.
# Without on-policy methods, whose two processes ask for more memory than a small machine has.
NODE = """
table: {models: [qwen3b]}
models: {qwen3b: {gpus: {train: 2, generate: 1}, parameters: 1.0e+6, experiments: [main]}}
experiments: {main: [sft, tms]}
teachers: {llama70b: {gpus: 2}}
"""


def start(folder: Path, target: str, *words: str, config: str = "gpus.yaml") -> subprocess.Popen:
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--nocolor", *words]
    command += ["--configfile", "config/smoke.yaml", config, "--", target]
    with (folder / "snakemake.log").open("w") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)


def logged(folder: Path) -> str:
    """The output of the last run, and its whole log."""
    [*_, log] = sorted((folder / ".snakemake" / "log").glob("*.log"))
    return (folder / "snakemake.log").read_text() + log.read_text()


def finish(folder: Path, process: subprocess.Popen, seconds: int) -> str:
    try:
        process.wait(seconds)
    finally:
        process.kill()
    text = logged(folder)
    assert process.returncode == 0, text[-6000:]
    return text


@pytest.fixture(scope="module")
def project(slurm, tmp_path_factory) -> Path:
    """A copy of the project whose profile fits this cluster."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    with (folder / "Snakefile").open("a") as file:
        file.write(f"\n\nlocalrules:\n    {', '.join(LOCAL)},\n")
    fit_profile(folder)
    return folder


def test_a_student_and_all_it_is_made_of_run_on_slurm(project):
    (project / "gpus.yaml").write_text(GPUS.format(train=1, epochs=2))
    run = "results/tiny/tms/chain/seed0"
    log = finish(project, start(project, f"{run}/scores.json"), 600)
    assert "chain" in json.loads((project / run / "scores.json").read_text())
    assert len(re.findall("has been submitted with SLURM jobid", log)) >= 5  # teacher to generate


def test_a_job_that_is_told_to_stop_saves_and_its_next_try_goes_on(project):
    """SIGTERM to the job's steps is what SLURM sends before a time limit (`--signal=TERM@600`)."""
    (project / "gpus.yaml").write_text(GPUS.format(train=2, epochs=30))
    log = project / "logs/train_sft/tiny/sft/chain/seed0.log"
    curves = project / "logs/tensorboard/tiny/sft/chain/seed0"
    shutil.rmtree(curves, ignore_errors=True)  # of the first test
    process = start(project, "results/tiny/sft/chain/seed0/checkpoint-1of1")
    deadline = time.monotonic() + 300
    while not list(curves.glob("events.*")):  # written when training begins
        assert process.poll() is None and time.monotonic() < deadline, (project / "snakemake.log").read_text()
        time.sleep(0.5)
    asked = ["squeue", "--noheader", "--format=%i %C"]
    job, cores = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    assert cores == "2"  # two processes of one thread, in one task
    subprocess.run(["scancel", "--signal=TERM", job], check=True)
    finish(project, process, 400)
    assert re.search(r"train from step [1-9][0-9]*:", log.read_text())


def queued() -> str:
    return subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=True).stdout


def ended(folder: Path, process: subprocess.Popen, seconds: int) -> tuple[int, str]:
    """Exit status and log of a run that is to fail."""
    try:
        status = process.wait(seconds)
    finally:
        process.kill()
    return status, logged(folder)


def test_a_failing_preflight_is_one_list_and_sends_no_job(project):
    """Cards are asked for, and torch is a build for CPUs."""
    gpus = GPUS.format(train=2, epochs=2).replace("preflight: warn", "preflight: stop")
    (project / "missing.yaml").write_text(gpus)
    target = "results/tiny/sft/chain/seed0/drift.json"
    status, log = ended(project, start(project, target, config="missing.yaml"), 200)
    assert status == 2
    told = [line for line in log.splitlines() if line.startswith("error")]
    assert told[0] == "error: preflight: one thing is missing:"
    assert "torch is a build for CPUs" in told[1] and "make -B gpu" in told[1]
    assert "Traceback" not in log and "submitted" not in log and queued() == ""


def test_the_check_of_a_node_is_one_job_that_is_not_sent_again(project):
    """The node's cards are no cards."""
    (project / "node.yaml").write_text(NODE)
    words = ("--forcerun", "gpu_check")
    process = start(project, "logs/gpu_check/report.json", *words, config="node.yaml")
    status, log = ended(project, process, 300)
    assert status == 1 and log.count("has been submitted with SLURM jobid") == 1
    table = (project / "logs/gpu_check/table.txt").read_text()
    assert "nvidia-smi does not answer" in table and table.endswith("skipped\n")
    assert not list((project / "logs/gpu_check").glob("train*"))
