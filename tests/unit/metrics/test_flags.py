"""Labels of runs and their files on the command line."""

from pathlib import Path

import pytest

from tms.io.errors import InputError
from tms.metrics.flags import parse_run, parse_runs, read_runs, run_label


def test_run_labels():
    assert parse_run("mini_countdown/seed12") == ("mini_countdown", 12)
    for wrong in ("chain", "chain/seed", "/seed0", "chain/seedx"):
        with pytest.raises(InputError, match="task/seedN"):
            parse_run(wrong)
    assert run_label(("mini_countdown", 12)) == "mini_countdown/seed12"


def test_files_of_runs():
    assert parse_runs(["tms/chain/seed0=a", "sft/chain/seed1=b"]) == {
        ("tms", "chain", 0): Path("a"),
        ("sft", "chain", 1): Path("b"),
    }
    with pytest.raises(InputError, match="task/seedN"):
        parse_runs(["tms/chain=a"])


def test_what_is_read_of_runs_stands_by_method():
    pairs = ["tms/chain/seed0=a", "sft/chain/seed1=b", "tms/chain/seed1=c"]
    assert read_runs(pairs, str) == {
        "tms": {("chain", 0): "a", ("chain", 1): "c"},
        "sft": {("chain", 1): "b"},
    }
