"""How programs start and fail."""

import argparse
import os
import subprocess
import sys

import pytest
from helpers.paths import SCRIPTS

from tms.io.cli import parse_pairs, run, same_kernels
from tms.io.errors import InputError


def test_pairs_keep_their_order_and_further_signs():
    assert parse_pairs(["b=x=y", "a=", "c/seed0=p/q.json"]) == {"b": "x=y", "a": "", "c/seed0": "p/q.json"}


@pytest.mark.parametrize("pairs, message", [(["x"], "name=value"), (["a=1", "a=2"], "given twice")])
def test_other_arguments_are_refused(pairs, message):
    with pytest.raises(InputError, match=message):
        parse_pairs(pairs)


@pytest.fixture
def parser(monkeypatch):
    monkeypatch.setattr("sys.argv", ["program", "--threads", "3"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int)
    return parser


def test_an_input_error_is_one_line_and_status_2(parser, capsys):
    def main(args):
        raise InputError("config: tms.alpha: 2 is not a probability")

    with pytest.raises(SystemExit) as stop:
        run(main, parser)
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: config: tms.alpha: 2 is not a probability\n"


def test_other_errors_are_bugs_and_keep_their_traceback(parser):
    def main(args):
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        run(main, parser)


def test_threads_are_set_before_the_program_imports_torch(parser):
    seen = []
    run(lambda args: seen.append(os.environ["OMP_NUM_THREADS"]), parser)
    assert seen == ["3"]


@pytest.mark.parametrize(
    "flags, chosen, expected",
    [
        ("fma avx2 avx512f avx512vl", None, "avx2"),
        ("fma avx2", None, None),
        ("fma avx2 avx512f avx512vl", "default", "default"),
    ],
)
def test_newer_cpus_use_the_kernels_of_older_ones(monkeypatch, tmp_path, flags, chosen, expected):
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    if chosen:
        monkeypatch.setenv("ATEN_CPU_CAPABILITY", chosen)
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags\t\t: {flags} rdseed\n")
    same_kernels(cpuinfo)
    assert os.environ.get("ATEN_CPU_CAPABILITY") == expected
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)


PRINTING = """
import argparse, sys
from pathlib import Path
from tms.io import cli

def main(args):
    for number in range(args.lines):
        print(number, "x" * 99, flush=args.flush)
        print("at line", number, file=sys.stderr)
    Path(args.file).write_text("the work is done")

flags = argparse.ArgumentParser(description="help " * 20000)
flags.add_argument("file")
flags.add_argument("--lines", type=int, default=0)
flags.add_argument("--flush", action="store_true")
cli.run(main, flags)
"""


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("words", [["--lines=1"], ["--lines=2000"], ["--lines=3", "--flush"], ["--help"]])
@pytest.mark.parametrize("start", [[], ["-u"]])
def test_a_program_whose_reader_has_gone_does_its_work(tmp_path, words, both, start):
    """As `program | head` and `program 2>&1 | head`."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, *start, "-c", PRINTING, "done.txt", *words]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    streams = {"stdout": writer, "stderr": writer if both else subprocess.PIPE}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, check=False, **streams)
    os.close(writer)
    assert done.returncode == 0, done.stderr
    if words != ["--help"]:
        assert (tmp_path / "done.txt").read_text() == "the work is done"
    if not both:
        assert [line for line in done.stderr.splitlines() if not line.startswith("at line")] == []


def test_what_is_read_of_a_program_comes_in_order(tmp_path):
    command = [sys.executable, "-c", f"print('before')\n{PRINTING}", "done.txt", "--lines=3"]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[::2] == ["before", "x" * 99, "x" * 99, "x" * 99]
    assert len(done.stderr.splitlines()) == 3


def test_an_error_after_its_reader_has_gone_keeps_its_status(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    code = PRINTING.replace("Path(args.file)", "raise cli.InputError('no'); Path(args.file)")
    command = [sys.executable, "-c", code, "done.txt", "--lines=2000"]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run(command, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.returncode == 2 and done.stderr.endswith(b"error: no\n")
