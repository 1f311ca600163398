"""Snakemake's output on a terminal or in a pipe: stages with progress and time left in place of its log.

Its own output stays with `--printshellcmds`, `--verbose`, `--debug-dag`, `--quiet`, in dry runs, and with a
`--logger` that writes on the screen. Its log file has all of it in any case.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from tms.cost_estimate import throughput
from tms.cost_estimate.summary import Machine
from tms.io import disk
from tms.planned_jobs.jobs import Job
from tms.preflight.start import cards, planned
from tms.status.running import Running
from tms.status.snakemake_files import Failure
from tms.status.time_left import TimeLeft

STREAM = "DefaultStreamHandler"  # Snakemake's name of what writes on the screen
REFRESH = 2.0  # seconds between two looks at the running jobs
QUIET = 60.0  # seconds without a line after which a pipe gets one; of a long run, a share of its time
SHARE = 0.02
BAR = "{n_fmt}/{total_fmt} {bar:16} {desc}"
# What Snakemake says before the first job of every run; anything else that it says there is shown.
USUAL = ("Building DAG", "Using shell", "Conda environments: ignored", "Assuming unrestricted")
RETRY = "Trying to restart job"
ENDING = "Exiting because a job execution failed"
# Of a failed job and a failed run, beside the lines that tell of them.
TOLD = ("CalledProcessError in file", "At least one job did not complete successfully")


def show(workflow, config: dict) -> None:
    """Put this in the place of Snakemake's own output, unless more, less or other output is asked for.

    Args:
        workflow: Snakemake's; one that runs a single job for another one is left alone.
        config: the whole configuration.
    """
    asked = workflow.logger_manager.settings
    own = asked.dryrun or asked.verbose or asked.printshellcmds or asked.debug_dag or asked.quiet
    logger = workflow.logger_manager.logger
    [*plain] = [handler for handler in logger.handlers if handler.name == STREAM]
    if own or not plain or not workflow.is_main_process:
        return
    handler = Terminal(workflow, config, plain[0])
    logger.removeHandler(plain[0])
    logger.addHandler(handler)
    earlier = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is threading.main_thread() and callable(earlier):

        def on_signal(*words) -> None:
            handler.end()
            earlier(*words)

        signal.signal(signal.SIGINT, on_signal)


class Terminal(logging.Handler):
    """Writes lines as stages end and jobs fail; on a terminal a bar below them, in a pipe a line at times.

    Args:
        workflow: Snakemake's.
        config: the whole configuration.
        plain: Snakemake's own handler, which words all else.
    """

    def __init__(self, workflow, config: dict, plain: logging.StreamHandler):
        super().__init__()
        self.workflow, self.config, self.plain, self.stream = workflow, config, plain, plain.stream
        self.run: Running | None = None
        self.bar = None  # of tqdm
        self.over = threading.Event()
        self.last = time.monotonic()  # when a line was written

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a record gives rise to."""
        if self.over.is_set():
            return
        try:
            self.write(self.lines(record))
        except Exception:  # logging's own way: a traceback on the screen, and the run goes on
            self.handleError(record)

    def lines(self, record: logging.LogRecord) -> list[str]:
        """Lines that a record gives rise to."""
        event = getattr(record, "event", None)
        if event is LogEvent.RUN_INFO:
            return [self.begin()]
        if self.run and event is LogEvent.JOB_STARTED:
            for number in record.jobs:
                self.run.start(number)
            return []
        if self.run and event is LogEvent.JOB_FINISHED:
            return self.run.finish(record.job_id)
        if self.run and event is LogEvent.JOB_ERROR:
            return self.run.fail(record.jobid, failure(record))
        text = record.getMessage() if record.msg else ""
        if self.run and text.startswith(ENDING):
            return [self.run.ending()]
        if any(said in text for said in TOLD):
            return []
        if record.levelno > logging.INFO or text.startswith(RETRY):
            return [refused() or self.plain.format(record)]
        return [text] if text and not (event or self.run or text.startswith(USUAL)) else []

    def begin(self) -> str:
        """The run starts: its jobs are known."""
        jobs = {self.workflow.dag.jobid(job): planned(job) for job in self.workflow.dag.needrun_jobs()}
        [*logs] = self.workflow.logger_manager.get_logfile()
        self.run = Running(jobs, time.monotonic, os.path.relpath(logs[-1]) if logs else "")
        if self.stream.isatty() and os.environ.get("TERM") != "dumb":
            with contextlib.suppress(
                ImportError
            ):  # jobs may have an environment of their own, with more in it
                from tqdm import tqdm

                settings = {"bar_format": BAR, "leave": False, "dynamic_ncols": True}
                self.bar = tqdm(total=len(jobs), file=self.stream, **settings)
        threading.Thread(target=self.watch, daemon=True).start()
        return self.run.opening()

    def watch(self) -> None:
        """Estimate the jobs, then keep the bar or the lines of a pipe going."""
        try:
            self.run.time_left = time_left(self.workflow, self.config, list(self.run.jobs.values()))
        except Exception as error:  # of files, tokenizers and models; the progress goes on without
            with self.lock:
                self.write([f"time left is not known: {error}"])
        while not self.over.wait(REFRESH):
            with self.lock:
                self.refresh()

    def refresh(self) -> None:
        """Draw the bar anew; in a pipe, write a line if there was none for long."""
        if self.over.is_set():
            return
        if self.bar is not None:
            self.bar.n = len(self.run.taken)
            self.bar.set_description_str(self.run.now())
        elif time.monotonic() - self.last >= max(QUIET, SHARE * self.run.elapsed()):
            self.write([f"{self.run.count()}  {self.run.now()}".rstrip()])

    def write(self, lines: list[str]) -> None:
        """Write lines, above the bar where there is one."""
        if not lines:
            return
        self.last = time.monotonic()
        if self.bar is not None:
            self.bar.clear()
        self.stream.write("".join(f"{line}\n" for line in lines))
        self.stream.flush()
        if self.bar is not None:
            self.bar.refresh()

    def end(self) -> None:
        """Remove the bar; nothing is written any more."""
        self.over.set()
        with self.lock:
            if self.bar is not None:
                self.bar.close()
                self.bar = None

    def close(self) -> None:
        """End with the run."""
        self.end()
        super().close()


def refused() -> str | None:
    """The line for what a disk, the system or a lock has refused to Snakemake, instead of its own words."""
    error = sys.exc_info()[1]
    if type(error).__name__ == "LockException":
        unlock = os.path.relpath(Path(sys.executable).with_name("snakemake"))
        return (
            f"error: {Path.cwd()}: locked by another Snakemake that runs there, or by one that was killed; "
            f"if none runs, `{unlock} --unlock`, then the same command"
        )
    text = str(error)
    while error is not None and not isinstance(error, OSError):  # Snakemake words some of them itself
        error = error.__cause__ or error.__context__
    if error is None or f"[Errno {error.errno}]" not in text:
        return None
    told = disk.refused(error, Path.cwd() / ".snakemake")
    return f"error: {told}" if told else None


def failure(record: logging.LogRecord) -> Failure:
    """The failed job of a record."""
    logs = [str(path) for path in record.log or []]
    return Failure(
        record.rule_name, "", list(map(str, record.output or [])), logs, str(record.rule_msg or "")
    )


def time_left(workflow, config: dict, jobs: list[Job]) -> TimeLeft | None:
    """The estimate of a run's jobs; None on a cluster, where the queue decides.

    Raises:
        InputError: a job cannot be estimated.
    """
    if not workflow.local_exec:
        return None
    # Not before a run has begun: these load Arrow.
    from tms.cost_estimate.estimator import Estimator
    from tms.cost_estimate.lengths import Lengths

    figures = throughput.read(throughput.FILE)
    lengths = Lengths(config, figures, stale=frozenset(path for job in jobs for path in job.output))
    estimator = Estimator(lengths)
    return TimeLeft([estimator.estimate(job) for job in jobs], Machine(cards(workflow), workflow.cores))
