"""`make bench`: its rows are whole, its sides are measured apart, its page keeps what is hand-written."""

import sys

import pytest
from helpers.paths import ROOT

from tms.io import parquet

BENCH = ROOT / "benchmarks" / "bench"
NAMES = sorted(path.stem for path in (BENCH / "rows").glob("[a-z]*.py"))
ROW = """
import os
WORK, PEER, PACKAGES, FIRST, REACH, SIZES = "sums", "none", [], "1", {"time": 1}, [10, 20]
def product(inputs):
    return lambda: (sum(range(inputs.size)), os.getpid(), os.environ["OMP_NUM_THREADS"])
def peer(inputs):
    return product(inputs)
def check(ours, theirs):
    assert ours[0] == theirs[0] and ours[1] != theirs[1] and ours[2] == theirs[2] == "1"
def units(result):
    return 2
"""


@pytest.fixture
def bench(monkeypatch):
    """The programs' modules importable."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("rows", "measuring", "page")]:
        del sys.modules[name]


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_whole(name, bench):
    from importlib import import_module

    from page import AT_LEAST

    row = import_module(f"rows.{name}")
    assert row.WORK and row.FIRST and callable(row.product) and "torch" not in row.__dict__
    assert bool(row.PEER) == hasattr(row, "peer") == hasattr(row, "check")
    quantities = {"seconds", "megabytes", *(["growth"] if hasattr(row, "SIZES") else [])} | (
        {"time", "memory", *AT_LEAST} if row.PEER else set()
    )
    assert row.REACH and row.REACH.keys() <= quantities


def test_the_rows_of_a_stored_stage_are_written(bench, tmp_path):
    """With the stage's own modules, whose interfaces change."""
    from rows import _stored_rows

    _stored_rows.write_stage(tmp_path, 3)
    assert parquet.count(tmp_path / "test.parquet") == 3
    (segment,) = (tmp_path / "rows").rglob("*.parquet")
    assert parquet.count(segment) == 3


def test_turns(bench, tmp_path, monkeypatch):
    from measuring import Inputs, measure

    folder = tmp_path / "rows"  # in place of the rows of the program
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "sums.py").write_text(ROW)
    monkeypatch.syspath_prepend(str(tmp_path))
    turns = measure("sums", Inputs(tmp_path, None, 10, 1), 2)
    assert [len(turns[side]) for side in ("product", "peer")] == [2, 2]
    assert all(turn["megabytes"] > 1 and turn["wall"] >= 0 for side in turns.values() for turn in side)


def test_page(bench):
    from page import document, lines

    def turn(cpu, megabytes=100.0):
        return {"cpu": cpu, "wall": cpu, "megabytes": megabytes}

    row = {
        "work": "w",
        "peer": "p",
        "first": "0.9",
        "reach": {"speed": 2, "memory": 0.4},
        "command": "c",
        "commit": "abc",
        "date": "2026-01-01",
        "load": 1,
        "threads": 1,
        "versions": {"torch": "1"},
        "machine": {"processor": "x", "cores": 2, "memory_gb": 1, "system": "Linux"},
        "sizes": {
            "1000": {"product": [turn(1)], "peer": [turn(1)]},
            "2000": {"product": [turn(1), turn(2), turn(1)], "peer": [turn(2), turn(6), turn(8)]},
        },
    }
    small, large = lines(row)
    assert small.startswith("| w | p | 1,000 | 1.00 (1.00-1.00) |") and "speed" not in small
    assert "| 2,000 | 0.33 (0.12-0.50) | 3.00 | 0.33 | 1.00 | 1, 6 | 100, 100 |" in large
    assert large.endswith("speed >= 2: yes; memory <= 0.4: **no** |")
    sizes = row["sizes"] | {"4000": {"product": [turn(4.1)]}}
    assert lines(row | {"sizes": sizes, "reach": {"growth": 1}})[-1].endswith("growth <= 1: **no** |")
    assert lines(row | {"sizes": sizes, "reach": {"growth": 1.1}})[-1].endswith("growth <= 1.1: yes |")
    text = "by hand\n<!-- measured -->\nold\n<!-- end of measured -->\n\n## Tried\n"
    made = document(text, [row])
    assert made.startswith("by hand\n") and made.endswith("## Tried\n") and "old" not in made
    assert document(made, [row]) == made
