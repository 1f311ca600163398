"""Signals: Ctrl-C ends programs and the workflow with one line that says how to go on, and no traceback."""

import atexit
import os
import signal
import sys
import threading

STATUS = 128 + signal.SIGINT
PATIENCE = 10.0  # seconds for a program to end by itself; one that was stopped within a library may never do
STOPPED = "stopped by Ctrl-C; the same command goes on from what is stored"
ENDING = "Ctrl-C: the running jobs end and keep what they have stored; once more ends them at once"


def end_program(said: str = STOPPED, status: int = STATUS) -> None:
    """Say a line and end this program; a further Ctrl-C ends it at once, without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print(said, file=sys.stderr, flush=True)
    last = threading.Timer(PATIENCE, os._exit, [status])
    last.daemon = True
    last.start()
    sys.exit(status)


def leave_on_sigterm() -> None:
    """Let SIGTERM, by which a scheduler stops a job, end this program by an exception: what is finished is
    then written."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def end_workflow(workflow) -> None:
    """Let Snakemake end with a line of ours after Ctrl-C; its log file still has what it says of the jobs.

    Its jobs are in its process group, so each Ctrl-C is theirs too. Snakemake waits for them.

    Args:
        workflow: Snakemake's; one that runs a single job for another one is left alone.
    """
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN  # a background job of a shell's
    if ignored or not workflow.is_main_process or threading.current_thread() is not threading.main_thread():
        return
    interrupted = []

    def on_signal(*_) -> None:
        if interrupted:  # it waits for the jobs, which have got this one too
            return
        interrupted.append(True)
        print(ENDING, file=sys.stderr, flush=True)
        for handler in workflow.logger_manager.logger.handlers:
            if handler.name == "DefaultStreamHandler":
                handler.addFilter(lambda record: False)
        raise KeyboardInterrupt

    def on_error(kind, error, trace) -> None:
        if not (interrupted and issubclass(kind, KeyboardInterrupt)):
            sys.__excepthook__(kind, error, trace)

    def on_exit() -> None:
        if interrupted:
            print(STOPPED, file=sys.stderr, flush=True)

    signal.signal(signal.SIGINT, on_signal)
    sys.excepthook = on_error
    atexit.register(on_exit)
