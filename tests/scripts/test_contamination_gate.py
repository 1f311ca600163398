"""contamination_gate.py: too much overlap stops the run, accepted and kept pairs pass and are named."""

import csv
import json

import pytest

from tms.data.contamination.report import contaminated_pairs

COUNTS = {"rows": 20, "short": 3, "exact": 0, "exact_heldout": 0, "overlapping": 0, "share": 0.0, "mostly": 0}


@pytest.fixture
def gate(program, tmp_path):
    """Run the gate on a report with one clean benchmark, one alike, and one that is trained on."""
    alike = COUNTS | {"overlapping": 1, "share": 0.05}
    trained = COUNTS | {"exact": 20}
    report = {"task": "chain", "benchmarks": {"clean": COUNTS, "alike": alike, "trained": trained}}
    (tmp_path / "overlap.json").write_text(json.dumps(report))

    def run(*words):
        flags = ["--report", "overlap.json", "--max-share", "0.01"]
        outputs = ["--output", "contamination.json", "--table", "contamination.csv"]
        return program("contamination_gate", *flags, *outputs, *words)

    return run


def test_too_much_overlap_is_one_line(gate, tmp_path):
    done = gate()
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    for part in ("chain", "alike 5.0%", "overlap.json", "contamination.accepted.chain"):
        assert part in line
    assert "alike\t20" in done.stdout
    assert not (tmp_path / "contamination.json").exists()


def test_the_share_may_be_raised(gate, tmp_path):
    assert gate("--max-share", "0.05").returncode == 0
    assert contaminated_pairs([tmp_path / "contamination.json"]) == {}


def test_an_accepted_pair_passes_and_is_named(gate, tmp_path):
    done = gate("--accept", "alike=both were written by one author", "--keep", "trained=as the paper does")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "contamination.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert {line["short"] for line in lines} == {"3"}
    assert [(line["benchmark"], line["share"], line["outcome"]) for line in lines] == [
        ("clean", "0.0000", "ok"),
        ("alike", "0.0500", "accepted"),
        ("trained", "0.0000", "kept"),
    ]
    notes = contaminated_pairs([tmp_path / "contamination.json"])
    assert list(notes) == [("chain", "alike"), ("chain", "trained")]
    assert "1 of 20 rows (5.0%)" in notes["chain", "alike"] and "one author" in notes["chain", "alike"]
    assert "20 training rows equal rows of it and were kept" in notes["chain", "trained"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--accept", "alike= "], "--accept alike: the reason is empty"),
        (["--keep", "alike="], "--keep alike: the reason is empty"),
        (["--accept", "alke=typing"], "--accept alke: not among the benchmarks (clean, alike, trained)"),
        (["--accept", "alike"], "write it as name=value"),
        (["--report", "none.json"], "none.json: no such file; run decontaminate again"),
    ],
)
def test_bad_flags_are_one_line(gate, words, message):
    done = gate(*words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert message in line
