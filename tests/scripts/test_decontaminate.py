"""decontaminate.py: equal rows go, what overlaps is counted."""

import json

import pytest

from tms.io import parquet

OUTPUTS = {
    "output": "out/train.parquet",
    "heldout-output": "out/heldout.parquet",
    "report": "out/overlap.json",
}


def row(example_id, problem):
    return {
        "example_id": example_id,
        "prompt": f"Solve: {problem}",
        "answer": "1",
        "problem": problem,
        "solution": "",
    }


def text(name, length=20):
    return " ".join(f"{name}{word}" for word in range(length))


@pytest.fixture
def decontaminate(program, tmp_path):
    """Write 40 training rows, 8 held-out ones, and benchmarks `clean` and `alike`; `run` runs it."""
    train = [row(f"t{index}", text(f"t{index}x")) for index in range(40)]
    heldout = [row(f"h{index}", text(f"h{index}x")) for index in range(8)]
    clean = [row(f"c{index}", text(f"c{index}x")) for index in range(20)]
    clean[3]["problem"] = train[5]["problem"].upper() + "!"  # equal to a training row
    clean[4]["problem"] = "What is 2 + 2?"
    train[6]["problem"] = "what is $2+2$"
    heldout[1]["problem"] = clean[7]["problem"]
    heldout[2]["problem"] = train[9]["problem"]
    alike = [row(f"a{index}", text(f"a{index}x")) for index in range(20)]
    alike[2]["problem"] += " " + " ".join(train[11]["problem"].split()[:13])
    sets = {"train": train, "heldout": heldout, "clean": clean, "alike": alike}

    def run(*words, **changed):
        for name, found in (sets | changed).items():
            parquet.write(tmp_path / f"{name}.parquet", parquet.PREPARED, found, {})
        flags = [word for name, path in OUTPUTS.items() for word in (f"--{name}", path)]
        inputs = ["--task", "chain", "--train", "train.parquet", "--heldout", "heldout.parquet"]
        benchmarks = ["--benchmarks", "clean=clean.parquet", "alike=alike.parquet"]
        return program("decontaminate", *inputs, *benchmarks, *flags, *words)

    run.sets = sets
    return run


def ids(path):
    return [found["example_id"] for found in parquet.read(path, parquet.PREPARED)]


def test_equal_rows_go_and_overlaps_are_counted(decontaminate, tmp_path):
    done = decontaminate()
    assert done.returncode == 0, done.stderr
    left = [f"t{index}" for index in range(40) if index not in (5, 6)]
    assert ids(tmp_path / OUTPUTS["output"]) == left
    assert ids(tmp_path / OUTPUTS["heldout-output"]) == ["h0", "h3", "h4", "h5", "h6", "h7"]
    whole = parquet.read(tmp_path / "train.parquet", parquet.PREPARED)
    kept = parquet.read(tmp_path / OUTPUTS["output"], parquet.PREPARED)
    assert kept == [found for found in whole if found["example_id"] in left]
    report = json.loads((tmp_path / OUTPUTS["report"]).read_text())
    assert report["train"] == {"rows": 40, "removed": ["t5", "t6"], "left": 38}
    assert report["heldout"]["equal_to_train"] == {"h2": ["t9"]}
    assert report["benchmarks"]["clean"]["exact_pairs"] == {"t5": ["c3"], "t6": ["c4"]}
    assert report["benchmarks"]["clean"]["exact_heldout_pairs"] == {"h1": ["c7"]}
    [overlap] = report["benchmarks"]["alike"]["overlaps"]
    assert (overlap["example_id"], overlap["train_id"]) == ("a2", "t11")
    assert overlap["words"] == " ".join(f"t11x{word}" for word in range(13))
    counts = {
        name: (found["rows"], found["exact"], found["overlapping"], found["share"])
        for name, found in report["benchmarks"].items()
    }
    assert counts == {"clean": (20, 2, 0, 0.0), "alike": (20, 0, 1, 0.05)}
    assert [report["benchmarks"][name]["short"] for name in ("clean", "alike")] == [1, 0]


def test_a_row_that_stands_whole_in_a_training_row_overlaps(decontaminate, tmp_path):
    alike = decontaminate.sets["alike"]
    alike[2] = row("a2", " ".join(decontaminate.sets["train"][11]["problem"].split()[3:12]))
    done = decontaminate(alike=alike)
    assert done.returncode == 0, done.stderr
    assert len(ids(tmp_path / OUTPUTS["output"])) == 38  # counted, not removed
    found = json.loads((tmp_path / OUTPUTS["report"]).read_text())["benchmarks"]["alike"]
    words = " ".join(f"t11x{word}" for word in range(3, 12))
    assert found["overlaps"] == [{"example_id": "a2", "train_id": "t11", "matched": 1.0, "words": words}]
    assert (found["share"], found["short"]) == (0.05, 0)


def test_a_kept_pair_stays_in_training(decontaminate, tmp_path):
    test = decontaminate.sets["clean"]
    done = decontaminate("--keep", "clean", train=test, heldout=test[:4])
    assert done.returncode == 0, done.stderr
    assert len(ids(tmp_path / OUTPUTS["output"])) == 20
    assert len(ids(tmp_path / OUTPUTS["heldout-output"])) == 4
    assert json.loads((tmp_path / OUTPUTS["report"]).read_text())["benchmarks"]["clean"]["exact"] == 20


def test_nothing_left_is_an_error(decontaminate):
    done = decontaminate(train=decontaminate.sets["clean"])
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "train.parquet: nothing is left" in done.stderr and "contamination.kept.chain" in done.stderr


def test_an_unknown_benchmark_is_one_line(decontaminate):
    done = decontaminate("--keep", "alke")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "--keep alke: not among --benchmarks (clean, alike)" in done.stderr


def test_an_empty_problem_is_an_error(decontaminate):
    done = decontaminate(clean=[row("c0", " ")])
    assert done.returncode == 2
    assert "clean.parquet: example c0 has an empty problem" in done.stderr
