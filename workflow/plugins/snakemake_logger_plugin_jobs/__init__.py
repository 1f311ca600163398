"""A Snakemake logger plugin that writes each job of a (dry) run as a line of JSON.

`tms/planned_jobs/jobs.py` uses it. Snakemake finds it by its name, where the folder `workflow/plugins` is
on the import path.
"""

import json
import os
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

TARGET_FILE = "TMS_JOBS_FILE"  # environment variable that names the file to write


class LogHandler(LogHandlerBase):
    """Writes rule, wildcards, files and resources of every job."""

    writes_to_stream = False
    writes_to_file = False
    has_filter = True  # else `--quiet` would hide jobs
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.stream = Path(os.environ[TARGET_FILE]).open("w", encoding="utf-8")  # noqa: SIM115

    def emit(self, record: LogRecord) -> None:
        if getattr(record, "event", None) is LogEvent.JOB_INFO:
            self.stream.write(json.dumps(described(record)) + "\n")

    def close(self) -> None:
        self.stream.close()
        super().close()


def described(record: LogRecord) -> dict:
    """The facts of a job that can be written as JSON."""
    return {
        "rule": record.rule_name,
        "wildcards": {name: str(value) for name, value in (record.wildcards or {}).items()},
        "input": list(map(str, record.input)),
        "output": list(map(str, record.output)),
        "benchmark": str(record.benchmark or ""),
        "log": list(map(str, record.log or [])),
        "threads": record.threads if isinstance(record.threads, int) else 1,
        "gpus": gpus(record.resources),
        "priority": record.priority if isinstance(record.priority, int) else 0,
        "command": record.shellcmd or "",
    }


def gpus(resources) -> int:
    count = resources.get("gpu", 0)
    return count if isinstance(count, int) else 0
