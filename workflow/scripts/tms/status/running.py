"""A run of the workflow as lines on a screen: stages that ended, what runs, the time left, failed jobs."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tms.planned_jobs.jobs import Job
from tms.status import job_log, words
from tms.status.failures import failure_lines, wrapped
from tms.status.job_log import Reported
from tms.status.snakemake_files import Failure
from tms.status.time_left import TimeLeft

READ = 8  # logs of running jobs that are read at a time
STAGE = 38  # characters of the column of stages


@dataclass
class Running:
    """A run: which of its jobs have started, ended and failed.

    Args:
        jobs: Snakemake's number -> job, of all that are to be done.
        clock: monotonic seconds.
        log: Snakemake's own log, "" where it writes none.
    """

    jobs: dict[int, Job]
    clock: Callable[[], float]
    log: str = ""
    time_left: TimeLeft | None = None  # of `jobs`, in their order; None: not known
    begun: float = field(init=False)
    started: dict[int, float] = field(default_factory=dict, init=False)  # of running jobs
    taken: dict[int, float] = field(default_factory=dict, init=False)  # seconds of finished jobs
    failed: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock()
        self.order = {number: index for index, number in enumerate(self.jobs)}
        self.stages = Counter(job.rule for job in self.jobs.values())

    def opening(self) -> str:
        """Number of jobs and stages, and where the full log is."""
        place = f"; full log: {self.log}" if self.log else ""
        return f"{_count(len(self.jobs), 'job')} in {_count(len(self.stages), 'stage')}{place}"

    def start(self, number: int) -> None:
        """A job starts, perhaps once more; on a cluster it is sent."""
        if number in self.jobs:
            self.started[number] = self.clock()
            self.failed.discard(number)

    def finish(self, number: int) -> list[str]:
        """A job has ended well: a line where it was the last of its stage, one more after the last of all."""
        if number not in self.jobs:
            return []
        now = self.clock()
        self.taken[number] = now - self.started.pop(number, now)
        rule = self.jobs[number].rule
        of_stage = [seconds for one, seconds in self.taken.items() if self.jobs[one].rule == rule]
        lines = []
        if len(of_stage) == self.stages[rule]:
            number_of_jobs = _count(len(of_stage), "job") if len(of_stage) > 1 else ""
            left = self.left_words(self.reports())
            line = f"{self.count()}  {words.stage(rule):<{STAGE}}{number_of_jobs:<9}"
            lines.append(f"{line}{words.span(sum(of_stage)):<11}{left}".rstrip())
        if len(self.taken) == len(self.jobs):
            lines.append(f"{self.count()}  done in {words.span(self.elapsed())}")
        return lines

    def fail(self, number: int, failure: Failure) -> list[str]:
        """A job has failed: what it is, its log and that log's last lines."""
        self.started.pop(number, None)
        self.failed.add(number)
        heading = f"failed: {words.stage(failure.rule)} ({failure.rule})"
        return failure_lines(failure, heading, fold=False)

    def ending(self) -> str:
        """A run that ends with failed jobs: how it stands, and how it goes on."""
        done, every = len(self.taken), len(self.jobs)
        waiting = every - done - len(self.failed)
        rest = f", {waiting} not run" if waiting else ""
        return wrapped(
            f"{len(self.failed)} of {_count(every, 'job')} failed, {done} done{rest}; correct what the lines "
            f"above name, then give the same command again: it goes on from what is stored"
        )

    def now(self) -> str:
        """The time left and a running job's own progress."""
        reports = self.reports()
        parts = [part for part in (self.left_words(reports), self.present(reports)) if part]
        return "; ".join(parts)

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.begun

    def count(self) -> str:
        """Finished of all jobs."""
        return f"{len(self.taken):>{len(str(len(self.jobs)))}}/{len(self.jobs)}"

    def reports(self) -> dict[int, Reported]:
        """The progress that running jobs have logged."""
        read = [(number, log) for number in self.started for log in self.jobs[number].log[:1]][:READ]
        return {number: found for number, path in read if (found := job_log.reported(Path(path)))}

    def left_words(self, reports: Mapping[int, Reported]) -> str:
        """The time left, `about 5 min left`; "" where it is not known."""
        if self.time_left is None or len(self.taken) == len(self.jobs):
            return ""
        now = self.clock()
        measured = {self.order[number]: seconds for number, seconds in self.taken.items()}
        running = {self.order[number]: now - since for number, since in self.started.items()}
        said = {self.order[number]: report.left for number, report in reports.items()}
        failed = {self.order[number] for number in self.failed}
        seconds = self.time_left.seconds(measured, running, said, failed)
        if seconds is None:
            return ""
        basis = " by estimate" if self.time_left.by_estimate(measured) else ""
        return f"{words.about(seconds)} left{basis}"

    def present(self, reports: Mapping[int, Reported]) -> str:
        """The running job that has been at work longest, with its progress, and how many more run."""
        if not self.started:
            return ""
        number = next((one for one in self.started if one in reports), next(iter(self.started)))
        rule = self.jobs[number].rule
        name = words.stage(rule)
        if logs := self.jobs[number].log:
            inner = Path(logs[0]).with_suffix("").parts
            place = "/".join(inner[inner.index(rule) + 1 :]) if rule in inner else ""
            name += f" ({place})" if place else ""
        more = f", {len(self.started) - 1} more" if len(self.started) > 1 else ""
        return f"{name}{f': {reports[number].count}' if number in reports else ''}{more}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
