"""Snakemake's records in `.snakemake`: the log of each run, marks of outputs that are being made, locks.

Nothing here starts Snakemake or takes its lock, so it can be read beside a run.
"""

import ast
import base64
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(".snakemake")
MADE = ("results/", "data/", "models/")  # where the files lie that a command asks for
SECTION = re.compile(r"^(?:local)?(?:rule (?P<rule>\w+)|Error in rule (?P<failed>\w+)):$")
ENTRY = re.compile(r"^    (?P<key>output|log|message): (?P<value>.*)$")
QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
STAMP = re.compile(r"^\[(?P<time>\w{3} \w{3} .*\d{4})\]$")


@dataclass(frozen=True)
class Failure:
    """A job that failed in a run."""

    rule: str
    time: str
    output: list[str]
    logs: list[str]
    message: str = ""  # of the executor, e.g. a cluster's; "" where it has none


@dataclass(frozen=True)
class Run:
    """A run of Snakemake, by its log."""

    path: Path
    started: str
    host: str
    command: list[str]
    configfiles: list[Path]  # laid over config/config.yaml, in order
    failures: list[Failure] = field(default_factory=list)  # of jobs that did not start again

    @property
    def targets(self) -> list[str]:
        """Targets of the command; none: the workflow's default."""
        if "--" in self.command:
            return self.command[self.command.index("--") + 1 :]
        return [word for word in self.command if word.startswith(MADE)]


def runs(folder: Path = FOLDER, last: int = 20) -> list[Run]:
    """The last runs, the newest first. Dry runs leave no log."""
    paths = sorted((folder / "log").glob("*.snakemake.log"), reverse=True)[:last]
    read = [read_run(path) for path in paths]
    return [run for run in read if run is not None]


def read_run(path: Path) -> Run | None:
    """A run from its log; None for a log that ends before its heading."""
    lines = path.read_text(errors="replace").splitlines()
    heading = dict(re.findall(r"^  ([\w() ]+): (.*)$", "\n".join(lines[:40]), re.M))
    if "Command" not in heading:
        return None
    quoted = re.findall(QUOTED, heading.get("Config file(s)", ""))  # PosixPath('...'), "it's.yaml"
    named = [Path(ast.literal_eval(text)) for text in quoted]
    return Run(
        path=path,
        started=heading.get("Date", ""),
        host=heading.get("Host", ""),
        command=heading["Command"].split(),
        configfiles=[name for name in named if name != Path("config/config.yaml")],
        failures=_failures(lines),
    )


def _failures(lines: list[str]) -> list[Failure]:
    """The failures in a log, of jobs that did not start again."""
    failures: dict[str, Failure] = {}
    time = ""
    for number, line in enumerate(lines):
        if stamp := STAMP.match(line):
            time = stamp["time"]
        elif section := SECTION.match(line):
            entries = {}
            for following in lines[number + 1 :]:
                if not following.startswith("    "):
                    break
                if entry := ENTRY.match(following):
                    entries.setdefault(entry["key"], entry["value"])
            output = entries.get("output", "").split(", ")
            failures.pop(output[0], None)
            if section["failed"]:
                logs = entries.get("log", "").removesuffix(" (check log file(s) for error details)")
                message = entries.get("message", "None")
                failures[output[0]] = Failure(
                    rule=section["failed"],
                    time=time,
                    output=output,
                    logs=logs.split(", ") if logs else [],
                    message="" if message == "None" else message,
                )
    return list(failures.values())


def marked(folder: Path = FOLDER) -> dict[str, float]:
    """Outputs of jobs that were started and have not ended -> time of the start, in seconds since 1970.

    On a cluster a job starts when it is sent. A mark outlives a run that was stopped or killed.
    """
    marks = {}
    top = folder / "incomplete"
    for path in top.rglob("*") if top.is_dir() else ():
        try:
            if path.is_file():
                # A long name is cut into folders, each with a leading @.
                name = "".join(part.removeprefix("@") for part in path.relative_to(top).parts)
                marks[base64.urlsafe_b64decode(name).decode()] = path.stat().st_mtime
        except (OSError, ValueError):  # the job ended while it was read, or a file of another kind
            continue
    return marks


def locked(folder: Path = FOLDER) -> bool:
    """Whether a run holds a lock, or was killed with one."""
    return any((folder / "locks").glob("*.lock"))


def process(run: Run, processes: Path = Path("/proc")) -> int | None:
    """Number of the process of a run that was started on this machine, in this folder; None: it has ended."""
    here = os.path.realpath(".")
    for folder in processes.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text(errors="replace").strip("\0").split("\0")
            where = os.path.realpath(folder / "cwd")
        except OSError:  # it ended, or belongs to somebody else
            continue
        # The interpreter stands before a program that is started as a module; words may hold spaces.
        given = " ".join(run.command[1:])
        if where == here and "snakemake" in " ".join(words[:3]) and " ".join(words).endswith(given):
            return int(folder.name)
    return None
