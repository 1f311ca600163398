"""A grader that hangs, dies, raises or grows on demand; else a completion is right where it is the answer."""

import os
import re
import signal
import time
from pathlib import Path

from tms.answers.grade import Grade
from tms.io.errors import InputError

METRIC = "accuracy"


def grade(completion, answer):
    if completion in ("hang", "spin") and "/" in answer:
        _log(answer)
    if completion == "hang":
        time.sleep(1000)
    if completion == "spin":
        re.match("(a+)+b", "a" * 100)  # holds the interpreter's lock
    if completion == "die" or (completion, answer) == ("", "deadly"):
        os._exit(1)
    if completion == "stop":  # and the next time not
        if not Path(f"{answer}.{os.getppid()}").exists():
            _log(f"{answer}.{os.getppid()}")
            os.kill(os.getpid(), signal.SIGSTOP)
        return Grade(1.0, "went on")
    if completion == "die then spin":
        _log(answer)
        if Path(answer).read_text() == "graded\n":
            os._exit(1)
        if Path(answer).read_text() == "graded\n" * 2:
            re.match("(a+)+b", "a" * 100)
    if completion == "once":
        if not Path(answer).exists():
            _log(answer)
            os._exit(1)
        children = Path(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read_text().split()
        commands = [Path(f"/proc/{child}/cmdline").read_text() for child in children]
        forked = commands.count(Path("/proc/self/cmdline").read_text())
        return Grade(1.0, f"{forked - 1} siblings")
    if completion == "raise":
        raise ValueError("a bug")
    if completion == "lacking":
        raise InputError("punkt: not there; fetch it")
    if completion == "huge":
        bytearray(8 << 30)
    if completion == "slow":
        return Grade(0.0, "slow", failure="timeout")
    if completion == "slower":
        time.sleep(1)
    if completion == "pid":
        time.sleep(0.01)  # so that each worker gets some
        return Grade(1.0, str(os.getpid()))
    if completion == "log":
        _log(answer)
    score = None if answer == "unscored" else float(completion == answer)
    return Grade(score, completion, {"items": [float(bool(completion)), 0.5]})


def _log(file):
    with Path(file).open("a") as opened:
        opened.write("graded\n")
