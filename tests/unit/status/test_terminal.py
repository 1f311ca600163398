"""Snakemake's own handler makes way, or stays."""

import errno
import io
import json
import logging
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.paths import ROOT

from tms.status.terminal import STREAM, Terminal, show

SETTINGS = {"dryrun": False, "verbose": False, "printshellcmds": False, "debug_dag": False, "quiet": None}


@pytest.fixture
def workflow():
    """The parts of Snakemake's workflow that `show` looks at."""
    earlier = signal.getsignal(signal.SIGINT)
    plain = logging.StreamHandler(io.StringIO())
    plain.name = STREAM
    logger = logging.Logger("snakemake", logging.INFO)
    logger.addHandler(plain)
    manager = SimpleNamespace(settings=SimpleNamespace(**SETTINGS), logger=logger)
    yield SimpleNamespace(logger_manager=manager, is_main_process=True, plain=plain)
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.parametrize("key", [*SETTINGS, "part"])
def test_it_stays_where_more_or_less_is_asked_for(workflow, key):
    if key == "part":
        workflow.is_main_process = False
    else:
        setattr(workflow.logger_manager.settings, key, True)
    show(workflow, {})
    assert workflow.logger_manager.logger.handlers == [workflow.plain]


def test_it_stays_away_where_another_logger_writes(workflow):
    workflow.logger_manager.logger.handlers = [other := logging.NullHandler()]
    show(workflow, {})
    assert workflow.logger_manager.logger.handlers == [other]


def test_before_the_first_job_the_unusual_is_shown(workflow):
    show(workflow, {})
    logger = workflow.logger_manager.logger
    assert [type(handler) for handler in logger.handlers] == [Terminal]
    for text in ("Building DAG of jobs...", "Nothing to be done (all is there).", None):
        logger.info(text)
    logger.error("MissingInputException in rule x")
    logger.error("WorkflowError:\nAt least one job did not complete successfully.")
    logger.handlers[0].close()
    logger.error("after its end")
    said = workflow.plain.stream.getvalue()
    assert said == "Nothing to be done (all is there).\nMissingInputException in rule x\n"


def test_what_a_disk_refuses_to_snakemake_itself_is_one_line(workflow):
    """Snakemake would say it in a traceback of its own; other errors stay as they are."""
    show(workflow, {})
    logger = workflow.logger_manager.logger
    for error in (OSError(errno.ENOSPC, "full"), PermissionError(errno.EACCES, "no", "logs/a.log")):
        try:
            raise error
        except OSError:
            logger.error("Traceback (most recent call last):\n  many lines")
    try:
        raise ValueError
    except ValueError:
        logger.error("Traceback of a fault of Snakemake's")
    try:
        try:
            raise PermissionError(errno.EACCES, "no", "logs/pretrain")
        except OSError as error:
            raise ValueError(f"Failed to create output directory.\n{error}") from error
    except ValueError:
        logger.error("WorkflowError:\nFailed to create output directory.")
    first, second, third, fourth = workflow.plain.stream.getvalue().splitlines()
    assert fourth.startswith("error: logs/pretrain: ")
    assert first.startswith(f"error: {Path.cwd()}: no space left on its disk for .snakemake")
    assert second.startswith("error: logs/a.log: ")
    assert third == "Traceback of a fault of Snakemake's"


def test_a_lock_is_one_line_that_gives_the_command(workflow):
    """Snakemake says it in a paragraph that leaves the command to the reader."""
    show(workflow, {})
    try:
        raise type("LockException", (Exception,), {})
    except Exception:
        workflow.logger_manager.logger.error("LockException:\nError: Directory cannot be locked. ...")
    [line] = workflow.plain.stream.getvalue().splitlines()
    assert line.startswith(f"error: {Path.cwd()}: locked by another Snakemake")
    assert re.search(r"`\S*snakemake --unlock`, then the same command$", line)


def test_progress_goes_on_where_the_estimate_fails(workflow, monkeypatch):
    handler = Terminal(workflow, {}, workflow.plain)
    handler.run, handler.refresh = SimpleNamespace(jobs={}), handler.over.set
    monkeypatch.setattr("tms.status.terminal.REFRESH", 0)
    workflow.local_exec = True
    monkeypatch.setattr("tms.status.terminal.throughput.read", lambda path: json.loads("{"))
    handler.watch()
    assert handler.over.is_set()
    assert workflow.plain.stream.getvalue().startswith("time left is not known: Expecting property name")


def test_an_environment_that_holds_snakemake_alone_can_read_it():
    """Under `--software-deployment-method conda` the jobs have one of their own."""
    missing = "import sys; sys.modules.update(dict.fromkeys(('tqdm', 'numpy', 'pyarrow')))"
    words = [sys.executable, "-c", f"{missing}; import tms.status.terminal"]
    subprocess.run(words, cwd=ROOT / "workflow" / "scripts", check=True)
