"""What a target will take, asked of Snakemake's own dry run on the real rules."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from helpers import forked_snakemake
from helpers.copies import copy_folder
from helpers.paths import CONFIG, ROOT

SMOKE = ("--configfile", "config/smoke.yaml")
DEMO = "results/tiny/tms/table.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A copy of the project in which nothing was run."""
    copy = tmp_path_factory.mktemp("plan")
    for part in ("config", "workflow", "profiles", "envs"):
        copy_folder(ROOT / part, copy / part)
    shutil.copy(ROOT / "Snakefile", copy)
    return copy


@pytest.fixture(scope="module")
def estimate(folder, run_program):
    return lambda *words: run_program(folder, "estimate", *words)


def stages(printed: str) -> dict[str, dict]:
    return {row["stage"]: row for row in csv.DictReader(io.StringIO(printed))}


@pytest.mark.slow
class TestNothingRun:
    def test_the_miniature(self, estimate):
        done = estimate(DEMO, *SMOKE, "--csv")
        assert done.returncode == 0, done.stderr
        found = stages(done.stdout)
        jobs = {name: int(row["jobs"]) for name, row in found.items()}
        # One seed, two targets: two runs of SFT and two students; the base and both students are evaluated.
        expected = {"train_sft": 2, "harvest": 2, "train_student": 2, "generate": 3, "drift": 2}
        assert {name: jobs[name] for name in expected} == expected
        assert jobs["total"] == sum(jobs.values()) - jobs["total"]
        # 96 prompts, 85 % verified, 2 epochs, 45 and 40 tokens.
        assert float(found["train_sft"]["trained"]) == pytest.approx(2 * 0.85 * 96 * (45 + 40))
        # alpha .25 and T = 5: 5 (1 - (1 - .15)^2) pairs a prompt, and .75 for each of 24 held-out ones.
        pairs = 96 * 5 * (1 - 0.85**2) + 24 * 0.75
        assert float(found["harvest"]["generated"]) == pytest.approx(0.85 * pairs * (45 + 40))

    def test_a_table_for_people(self, estimate):
        done = estimate(DEMO, *SMOKE)
        lines = done.stdout.splitlines()
        assert lines[0].startswith(f"{DEMO}: ")
        head = next(line for line in lines if line.startswith("stage"))
        assert "hours on 8 GPUs" in head
        assert "lengths: assumed for chain, facts, lookup, mini_countdown, refusal" in lines
        # No job has cards, and of the CPU's speeds the shipped file leaves forward assumed.
        assert "warning: speeds assumed, not measured: forward of cpu (config/throughput.yaml)." in lines[-1]

    def test_the_papers_target_and_its_disk(self, estimate):
        """24 checkpoints in bf16 of a 3.09B model, for each target and seed: T = 2, 4, 6, 8, 10 and 12.

        A student keeps two of its own beside its end.
        """
        done = estimate("results/qwen3b/tms/table.csv", "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        found = {row["stage"]: row for row in report["stages"]}
        config = yaml.safe_load((CONFIG / "config.yaml").read_text())
        assert (found["teacher"]["gpus"], found["train_sft"]["gpus"], found["harvest"]["gpus"]) == (4, 8, 1)
        runs = len(config["suites"]["paper"]["targets"]) * len(config["models"]["qwen3b"]["seeds"])
        assert found["train_sft"]["jobs"] == found["train_student"]["jobs"] == runs
        assert found["train_sft"]["bytes"] == pytest.approx(runs * 24 * 2 * 3.09e9)
        assert report["disk"]["removable"] == pytest.approx(runs * (23 + 2) * 2 * 3.09e9)

    def test_checkpoints_that_may_go_lower_the_peak(self, estimate, folder):
        (folder / "needed.yaml").write_text("compute: {keep_checkpoints: needed}\n")
        kept, needed = (
            json.loads(estimate("results/qwen3b/tms/table.csv", "--json", *overlay).stdout)["disk"]
            for overlay in ((), ("--configfile", "needed.yaml"))
        )
        assert needed["removable"] == kept["removable"]
        assert needed["peak"] < kept["peak"] / 2


@pytest.mark.slow
@pytest.mark.parametrize(("policy", "gone"), [("all", []), ("needed", ["trajectory"])])
def test_snakemake_may_delete_all_checkpoints_but_the_last(folder, policy, gone):
    (folder / "policy.yaml").write_text(f"compute: {{keep_checkpoints: {policy}}}\n")
    run = folder / "results" / "tiny" / "sft" / "chain" / "seed0"
    for name in ("trajectory/checkpoint-1of2", "checkpoint-1of1"):
        (run / name).mkdir(parents=True, exist_ok=True)
    words = [
        "--dry-run",
        "--nolock",
        "--delete-temp-output",
        "--configfile",
        "config/smoke.yaml",
        "policy.yaml",
    ]
    done = subprocess.run(
        [*forked_snakemake.command(), *words, "--", DEMO],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(folder / "results")
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    deleted = [Path(line.split()[-1]).name for line in said.splitlines() if line.startswith("Would delete")]
    assert deleted == gone


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["results/tiny/gone/table.csv"], "results/tiny/gone/table.csv: the configuration has no method"),
        ([DEMO, "--configfile", "gone.yaml"], "gone.yaml: not a readable YAML file"),
        ([DEMO, "--configfile", "wrong.yaml"], "config: tms.alpha: 2 must be at most 1"),
        ([DEMO, "--device", "abacus"], "devices has no 'abacus'; known: a100, h100, cpu"),
        ([DEMO, "--throughput", "slow.yaml"], "slow.yaml: key device is missing"),
        ([DEMO, "--gpus", "0"], "--gpus 0: give at least 1"),
        ([DEMO, "--compare"], "no finished job has a run time"),
    ],
)
def test_one_line_says_what_is_wrong(estimate, folder, words, said):
    (folder / "wrong.yaml").write_text("tms: {alpha: 2}\n")
    (folder / "slow.yaml").write_text("devices: {}\n")
    done = estimate(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_finished_jobs_are_left_out_and_compared(estimate, folder):
    """Two real jobs, run by Snakemake, then another plan and the comparison."""
    target = "data/chain/test.parquet"
    before = stages(estimate(target, *SMOKE, "--csv").stdout)
    assert before["total"]["jobs"] == "1"
    words = ["--cores", "1", "--quiet", "all", "--configfile", "config/smoke.yaml", "--", target]
    ran = subprocess.run(
        [*forked_snakemake.command(), *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "nothing left to run" in estimate(target, *SMOKE).stdout
    found = stages(estimate(target, *SMOKE, "--compare", "--csv").stdout)
    with (folder / "logs/benchmarks/prepare/chain/test.tsv").open(newline="") as stream:
        seconds = float(next(csv.DictReader(stream, delimiter="\t"))["s"])
    assert float(found["prepare"]["measured_seconds"]) == pytest.approx(seconds)
    assert int(found["total"]["jobs"]) == 1
