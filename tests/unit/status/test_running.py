"""Lines of a run, from its events."""

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.summary import Machine
from tms.planned_jobs.jobs import Job
from tms.status.running import Running
from tms.status.snakemake_files import Failure
from tms.status.time_left import TimeLeft

JOBS = {
    7: Job("prepare", {}, [], ["a"], log=["logs/prepare/chain/test.log"]),
    3: Job("prepare", {}, [], ["b"], log=["logs/prepare/facts/test.log"]),
    9: Job("train_sft", {}, ["a", "b"], ["c"], log=["logs/train_sft/tiny/sft/chain/seed0.log"]),
}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_run(known: bool = True) -> tuple[Running, Clock]:
    clock = Clock()
    run = Running(JOBS, clock, ".snakemake/log/x.log")
    if known:
        estimates = [Estimate(job, 60.0, trained=float(job.rule == "train_sft")) for job in JOBS.values()]
        run.time_left = TimeLeft(estimates, Machine(0, 1))
    return run, clock


def test_a_run_from_start_to_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, clock = a_run()
    assert run.opening() == "3 jobs in 2 stages; full log: .snakemake/log/x.log"
    assert run.now() == "about 3 min left by estimate"
    run.start(7)
    clock.now = 20
    assert run.finish(7) == []
    run.start(3)
    clock.now = 50
    assert run.finish(3) == [f"2/3  {'prepare data':<38}2 jobs   50 s       about 1 min left by estimate"]
    run.start(9)
    log = tmp_path / "logs/train_sft/tiny/sft/chain/seed0.log"
    log.parent.mkdir(parents=True)
    log.write_text("train: 12/64 steps (19 %), 0.2 steps/s, 250 s left, loss 1.5\n")
    assert run.now() == ("about 4 min left by estimate; train SFT (tiny/sft/chain/seed0): 12/64 steps")
    clock.now = 350
    assert run.finish(9) == [f"3/3  {'train SFT':<47}5 min", "3/3  done in 5 min"]
    assert run.now() == ""


def test_nothing_is_said_of_a_time_that_is_not_known():
    run, _ = a_run(known=False)
    run.start(7)
    run.start(3)
    assert run.now() == "prepare data (chain/test), 1 more"
    run.finish(7)
    assert run.finish(3) == ["2/3  prepare data                          2 jobs   0 s"]


def test_a_failed_job_shows_its_log_and_may_start_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, _ = a_run()
    run.start(7)
    (tmp_path / "x.log").write_text(
        "".join(f"line {n}\n" for n in range(20)) + f"error: \x1b[31m{'no ' * 40}rows;\tadd some\n"
    )
    shown = run.fail(7, Failure("prepare", "", ["a"], ["x.log"]))
    assert shown[:3] == ["failed: prepare data (prepare)", "  x.log", "    line 11"]
    assert shown[-1] == f"    error: [31m{'no ' * 40}rows; add some" and len(shown) == 12
    assert run.ending() == (
        "1 of 3 jobs failed, 0 done, 2 not run; correct what the lines above name, then\n"
        "  give the same command again: it goes on from what is stored"
    )
    run.start(7)
    for number in (7, 3, 9):
        run.start(number)
        run.finish(number)
    assert not run.failed and run.count() == "3/3"


def test_a_job_that_was_not_planned_is_passed_over():
    run, _ = a_run()
    run.start(1234)
    assert not run.started and run.finish(1234) == [] and run.count() == "0/3"
