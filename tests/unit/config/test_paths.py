"""Files of the workflow, by hand for two models of the shipped configuration."""

import re

from helpers.shipped_config import SHIPPED

from tms.config import paths

RUN = "results/tiny/sft/chain/seed0"


def test_checkpoints_of_a_run():
    place = (SHIPPED, "tiny", "sft", "chain", 0)
    points = ["0of1", "2of5", "1of2", "1of1"]
    assert paths.checkpoint_folders(*place, points) == {
        "0of1": "models/tiny/base",
        "2of5": f"{RUN}/trajectory/checkpoint-2of5",
        "1of2": f"{RUN}/trajectory/checkpoint-1of2",
        "1of1": f"{RUN}/checkpoint-1of1",
    }
    # The folder of those before the end is one output.
    assert paths.checkpoint_inputs(*place, points) == [
        "models/tiny/base",
        f"{RUN}/checkpoint-1of1",
        f"{RUN}/trajectory",
    ]
    assert paths.checkpoint_inputs(*place, ["0of1"]) == ["models/tiny/base"]


def test_files_of_runs_and_methods():
    assert paths.run_files(SHIPPED, "tiny", ["sft", "tms"], "drift.json") == {
        "sft/mini_countdown/seed0": "results/tiny/sft/mini_countdown/seed0/drift.json",
        "sft/chain/seed0": "results/tiny/sft/chain/seed0/drift.json",
        "tms/mini_countdown/seed0": "results/tiny/tms/mini_countdown/seed0/drift.json",
        "tms/chain/seed0": "results/tiny/tms/chain/seed0/drift.json",
    }
    # Five targets by three seeds.
    assert len(paths.run_files(SHIPPED, "qwen3b", ["tms"], "drift.json")) == 15
    assert paths.method_files("tiny", ["sft"], "cost.csv") == {"sft": "results/tiny/sft/cost.csv"}
    assert paths.cell_files("tiny", ["main", "theorem61"]) == [
        "results/tiny/cells/main.parquet",
        "results/tiny/cells/theorem61.parquet",
    ]


def test_answers_of_the_teacher_and_reports_of_the_gate_belong_to_a_suite():
    name = "references.parquet"
    assert paths.teacher_file(SHIPPED, "qwen3b", "math", name) == f"data/math/paper/llama70b/{name}"
    assert paths.contamination_files(SHIPPED, ["tiny"]) == {
        "tiny/mini_countdown": "data/mini_countdown/miniature/contamination.json",
        "tiny/chain": "data/chain/miniature/contamination.json",
    }


def test_names_in_a_pattern():
    assert re.fullmatch(paths.any_of(["qwen1.5b", "tiny"]), "qwen1.5b")
    assert not re.fullmatch(paths.any_of(["qwen1.5b", "tiny"]), "qwen1x5b")
    assert not re.fullmatch(paths.any_of([]), "")


def test_what_can_be_evaluated():
    pattern = paths.evaluated_runs(SHIPPED)
    for run in ("base", "tms/chain/seed0", "tms_alpha0/math/seed12", "sft/chain/seed0/points"):
        assert re.fullmatch(pattern, run)
    # A benchmark that is no target, an unknown method, another folder of a run.
    for run in ("tms/facts/seed0", "own/chain/seed0", "sft/chain/seed0/diversity", "sft/chain"):
        assert not re.fullmatch(pattern, run)
