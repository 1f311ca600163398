"""Program draw_figures: from files of cells to a folder with an index."""

import json

import pytest
from helpers import report_cells

from tms.experiments import cells

COMPARE = "model,table,method,quantity,paper,ours,ci_low,ci_high,difference,inside,note\n"


@pytest.fixture
def words(tmp_path):
    """Arguments for a model that has the experiment alpha alone."""
    some = {"alpha": report_cells.EXPERIMENTS["alpha"]}
    cells.write(tmp_path / "alpha.parquet", report_cells.MadeCells("tiny").all(some), {})
    (tmp_path / "compare.csv").write_text(COMPARE + "tiny,table9,sft,math,0.624,0.6,0.58,0.62,-0.024,no,\n")
    return [
        *("--models", f"tiny={report_cells.model_json(some)}"),
        *("--cells", "alpha.parquet"),
        *("--compare", "compare.csv", "--output", "out"),
    ]


def test_draws_what_was_measured(program, words, tmp_path):
    done = program("draw_figures", *words)
    assert done.returncode == 0, done.stderr
    index = {entry["name"]: entry for entry in json.loads((tmp_path / "out" / "index.json").read_text())}
    assert index["compare"]["drawn"] and index["mixture"]["reason"] == "models.tiny has no experiment mixture"
    for entry in index.values():
        assert all((tmp_path / "out" / name).exists() for name in entry["files"])


def test_a_broken_comparison_is_named(program, words, tmp_path):
    (tmp_path / "compare.csv").write_text("model,paper\n")
    done = program("draw_figures", *words)
    assert done.returncode == 2 and "compare.csv: no column table" in done.stderr


def test_a_missing_file_of_cells_is_named(program, words, tmp_path):
    (tmp_path / "alpha.parquet").unlink()
    done = program("draw_figures", *words)
    assert done.returncode == 2 and "alpha.parquet: no such file" in done.stderr
