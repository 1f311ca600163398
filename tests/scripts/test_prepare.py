"""prepare.py: a split of a task as Parquet."""

import json

from tms import rows

OPTIONS = json.dumps({"count": 3, "max_number": 12, "max_target": 40})


def test_writes_a_split(program, tmp_path):
    words = ["--task", "mini", "--kind", "countdown", "--split", "test", "--seed", 3, "--options", OPTIONS]
    done = program("prepare", *words, "--size", 20, "--output", "data/mini/test.parquet")
    assert done.returncode == 0, done.stderr
    program("prepare", *words, "--size", 5, "--output", "short.parquet")
    found = rows.read(tmp_path / "data/mini/test.parquet", rows.EXAMPLES)
    assert len(found) == 20
    assert rows.read(tmp_path / "short.parquet", rows.EXAMPLES) == found[:5]
    assert rows.provenance(tmp_path / "short.parquet")["task"] == "mini"


def test_bad_input_is_one_line(program):
    for words, message in [
        (["--kind", "contdown", "--size", 5], "contdown"),
        (["--kind", "os.path", "--size", 5], "os.path"),
        (["--kind", "refusal", "--size", 100_000], "100000 rows asked for"),
        (["--kind", "chain", "--size", 5, "--options", '{"max": 3}'], "max"),
    ]:
        done = program("prepare", "--task", "x", "--split", "test", "--output", "x.parquet", *words)
        assert done.returncode == 2
        assert message in done.stderr and len(done.stderr.splitlines()) == 1
