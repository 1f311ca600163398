"""How programs start and fail."""

import argparse
import os

import pytest

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
