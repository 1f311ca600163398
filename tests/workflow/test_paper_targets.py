"""The paper's targets resolve, on a node and for a cluster, with the cards that the configuration names."""

import re

import pytest

pytestmark = pytest.mark.slow

QWEN = "results/qwen3b/tms/table.csv"
LITERAL = "results/qwen3b_literal/tms/table.csv"
SEEDS, TARGETS, MODELS = 3, 5, 5


@pytest.fixture(scope="module")
def empty(new_project):
    """A copy of the project, with nothing made."""
    return new_project("empty")


def jobs(project, target, *configs, options=()):
    """Number of jobs of each rule, of the paper's configuration, and what the dry-run printed."""
    return project.plan(target, *options, configs=configs, smoke=False)


def test_one_method_of_one_model(empty):
    (empty.folder / "benchmarks").mkdir()
    overlay = empty.overlay("config/local.yaml", "data: {root: benchmarks}\n")
    found, text = jobs(empty, QWEN, overlay, options=("--printshellcmds",))
    runs = SEEDS * TARGETS
    expected = {"train_sft": runs, "train_student": runs, "harvest": 8 * runs, "drift": runs}
    expected |= {"generate": runs + 1, "judge": runs + 1, "grade": runs + 1, "decontaminate": TARGETS}
    expected |= {
        "teacher": TARGETS,
        "filter_teacher": TARGETS,
        "download": 3,
        "download_punkt": 1,
        "aggregate": 1,
    }
    assert {name: found[name] for name in expected} == expected
    assert "--data-root benchmarks" in text
    commands = {
        rule: re.search(rf"lease.py .*{rule}.py .*", text)[0] for rule in ("train_sft", "harvest", "teacher")
    }
    assert "--gpus 8" in commands["train_sft"] and "accelerate launch" in commands["train_sft"]
    assert "--gpus 1" in commands["harvest"] and "--tensor-parallel 1" in commands["harvest"]
    assert "--gpus 4" in commands["teacher"] and "--tensor-parallel 4" in commands["teacher"]


def test_the_whole_paper_for_a_cluster(empty):
    found, _ = jobs(empty, "results/table.csv", options=("--profile=slurm",))
    assert found["aggregate"] == 9 * MODELS and found["table"] == MODELS and found["join_tables"] == 1
    runs = (3 * SEEDS + 2) * TARGETS  # of a method
    assert (found["train_sft"], found["train_student"], found["train_on_policy"]) == (
        2 * runs,
        4 * runs,
        3 * runs,
    )


def test_several_tasks_in_one_run(empty):
    """One run a method and seed; teacher, filter and gate of each task, as for runs of its own."""
    mixed = "suites: {two: {targets: [{mix: [gsm8k, math]}], retention: [arc_c]}}\n"
    mixed += "models: {qwen3b: {suite: two}}\n"
    overlay = empty.overlay("config/two.yaml", mixed)
    found, text = jobs(empty, "results/qwen3b/table.csv", overlay, options=("--printshellcmds",))
    expected = {
        "join_tasks": 3,
        "decontaminate": 2,
        "contamination_gate": 2,
        "teacher": 2,
        "filter_teacher": 2,
    }
    expected |= {"prepare": 2 * 3 + 1, "train_on_policy": 3 * SEEDS, "train_sft": 2 * SEEDS, "table": 1}
    assert {name: found[name] for name in expected} == expected
    assert " --grader gsm8k=number math=math " in text
    assert "results/qwen3b/tms/gsm8k+math/seed0/mixture.parquet" in text


def test_grpo_alone_needs_no_sft(empty):
    found, text = jobs(empty, "results/qwen3b/grpo/table.csv", options=("--printshellcmds",))
    assert found["train_on_policy"] == SEEDS * TARGETS
    assert not {"train_sft", "train_student", "harvest"} & set(found)
    command = re.search(r"lease.py .*train_on_policy.py .*--grader ifeval.*", text)[0]
    assert "--gpus 8" in command and "accelerate launch" in command and "--engine vllm" in command
    assert "--max-new-tokens 2048" in command and "--samples 8" in command


def test_to_the_letter(empty):
    found, text = jobs(empty, LITERAL, "config/paper_literal.yaml", options=("--printshellcmds",))
    assert found["train_sft"] == found["train_student"] == found["harvest"] == 6
    assert "--tensor-parallel 8" in re.search(r"lease.py .*harvest.py .*", text)[0]
    gate = re.search(r"decontaminate.py --task math500_literal .*", text)[0]
    assert "--keep math math500_literal " in gate
    gate = re.search(r"gate.py .*data/math500_literal/paper_literal.*", text)[0]
    assert "'math=Math-500 is a part of" in gate


def test_grpo_to_the_letter(empty):
    """Table 4's learning rate, and a KL term."""
    target = LITERAL.replace("/tms/", "/grpo/")
    found, text = jobs(empty, target, "config/paper_literal.yaml", options=("--printshellcmds",))
    assert found["train_on_policy"] == 6
    assert re.search(r"train_on_policy.py .*--learning-rate 2e-05 .*--beta 0.05", text)
