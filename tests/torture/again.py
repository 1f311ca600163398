"""The plain command again, and what its messages tell to do, to the letter."""

import re
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from torture import checks, processes

COMMANDS = 6  # after which a fault counts as not mended
PATIENCE = 1800.0  # wall seconds for a command
KILL = re.compile(r"`kill (\d+)`")
DELETE = re.compile(r"^(?P<path>[^:]+): .*\bdelete (?P<what>it|the file|the folder)\b")


@dataclass
class Mended:
    """The commands by which a run came to its end after a fault, and what they said."""

    whole: bool = False  # a command ended well
    commands: int = 0  # times that the plain command was given
    told: list[str] = field(default_factory=list)  # remedies that messages gave, in order
    printed: str = ""


def mend(folder: Path, targets: list[str], printed: Path) -> Mended:
    """Give the plain command until it ends well, and between two do exactly what its message says.

    Args:
        folder: the disturbed run.
        targets: of the command.
        printed: a file for what is printed.
    """
    done = Mended()
    while done.commands < COMMANDS:
        said = _give(folder, processes.command(targets), printed)
        done.commands += 1
        done.printed += said[1]
        if said[0] == 0:
            done.whole = True
            return done
        remedy = follow(folder, targets, said[1], printed)
        if remedy is None:
            return done
        done.told.append(remedy)
    return done


def _give(folder: Path, words: list[str], printed: Path) -> tuple[int | None, str]:
    """Exit status of a command (None: it had to be killed) and what it printed."""
    before = printed.stat().st_size if printed.exists() else 0
    run = processes.start(folder, words, printed)
    ended = processes.end(run, PATIENCE)
    said = printed.read_bytes()[before:].decode(errors="replace")
    return (run.returncode if ended else None), said


def follow(folder: Path, targets: list[str], said: str, printed: Path) -> str | None:
    """Do what a message says; words for it, None where it says nothing that can be done."""
    if "--unlock" in said:
        _give(folder, processes.command(targets, "--unlock", "--cores=1"), printed)
        return "--unlock"
    lines = checks.error_lines(said)
    for line in lines:
        if match := KILL.search(line):
            _end(int(match[1]), folder)
            return "kill"
    deleted = False
    for line in lines:
        if match := DELETE.match(line):
            deleted |= _delete(folder, match["path"], match["what"])
    return "delete" if deleted else None


def _end(number: int, folder: Path) -> None:
    """`kill` of a process that works in the folder, and wait for its end."""
    for process in processes.of_folder(folder):
        if process.pid == number:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(600)
            except psutil.TimeoutExpired:
                return


def _delete(folder: Path, path: str, what: str) -> bool:
    """Delete what a message names, if it lies in the folder; whether there was something."""
    named = folder / path
    if what == "the folder" and not named.is_dir():
        named = named.parent
    if not named.exists() or folder.resolve() not in named.resolve().parents:
        return False
    shutil.rmtree(named) if named.is_dir() else named.unlink()
    return True
