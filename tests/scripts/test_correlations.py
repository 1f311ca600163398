"""Relations from the cells of two experiments."""

import pytest

from tms.experiments import cells

METHODS = ["sft", "self_sft", "tms", "tms_early"]
FLAGS = ["--model", "m", "--kinds", "sft=sft", "self_sft=self_sft", "tms=tms", "tms_early=tms"]
APART = ["--recipes", *(f"{method}={method}" for method in METHODS)]


def write_cells(path, methods, level):
    """Forgetting and KL of methods on two tasks; the KL follows the forgetting where `level` is 0."""
    found = []
    for method in methods:
        place = METHODS.index(method)
        for task in ("a", "b", ""):
            own = {"method": method, "train_task": task}
            found.append(cells.cell(path.stem, "m", "forgetting", -place / 10, **own))
            found.append(cells.cell(path.stem, "m", "target_mean", 0.5, **own))
            for prompts in ("heldout", "retention"):
                quantity = "kl.policy_base.per_sequence"
                found.append(cells.cell(path.stem, "m", quantity, place + level, prompts=prompts, **own))
    cells.write(path, found, {})


def test_relations_and_fronts(program, tmp_path):
    write_cells(tmp_path / "main.parquet", ["sft", "self_sft", "tms"], 0)
    write_cells(tmp_path / "windows.parquet", ["tms_early", "tms"], -9)  # tms counts as main has it
    done = program(
        "correlations",
        *FLAGS,
        *APART,
        "--cells",
        "main.parquet",
        "windows.parquet",
        "--output",
        "out.parquet",
    )
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "out.parquet"])
    assert {(cell["experiment"], cell["model"]) for cell in found} == {("correlations", "m")}
    quantity = "spearman.kl.policy_base.per_sequence"
    whole, *without = cells.select(found, quantity=quantity, prompts="heldout", group="all")
    assert whole["n"] == 8 and whole["value"] == pytest.approx(-0.2)  # ranks 2, 3, 4, 1 against 1, 2, 3, 4
    assert {cell["method"]: cell["value"] for cell in without} == pytest.approx(
        {"sft": -0.5, "self_sft": -0.5, "tms": -0.5, "tms_early": 1.0}
    )
    front = {cell["method"]: cell["value"] for cell in cells.select(found, quantity="pareto.forgetting")}
    assert front == {"sft": 1.0, "self_sft": 0.0, "tms": 0.0, "tms_early": 0.0}


def test_a_missing_file_is_one_line(program):
    done = program("correlations", *FLAGS, *APART, "--cells", "gone.parquet", "--output", "out.parquet")
    assert done.returncode == 2
    assert done.stderr == "error: gone.parquet: no such file; run the stage that makes it\n"


def test_methods_of_a_recipe_count_as_one(program, tmp_path):
    write_cells(tmp_path / "main.parquet", METHODS, 0)
    recipes = ["--recipes", "sft=sft", "self_sft=self_sft", "tms=tms", "tms_early=tms"]
    done = program("correlations", *FLAGS, *recipes, "--cells", "main.parquet", "--output", "out.parquet")
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "out.parquet"])
    quantity = "spearman.kl.policy_base.per_sequence"
    whole, *without = cells.select(found, quantity=quantity, prompts="heldout", group="all")
    assert whole["n"] == 6
    assert [cell["method"] for cell in without] == ["sft", "self_sft", "tms"]


def test_a_method_without_a_recipe_is_one_line(program, tmp_path):
    write_cells(tmp_path / "main.parquet", METHODS, 0)
    words = [*FLAGS, *APART[:-1], "--cells", "main.parquet", "--output", "out.parquet"]
    done = program("correlations", *words)
    assert done.returncode == 2
    assert done.stderr == "error: --recipes: none of tms_early; name one for each method of --kinds\n"
