"""Stages of the runs on a joint target: files and flags."""

from helpers.joint_config import TARGET, joint_config

from tms.config import paths, run_settings, study, tasks
from tms.config.run_folder import Run
from tms.config.stages import data, drift, evaluate, experiments, mixture, tables, teacher, train

CONFIG = joint_config()
CONFIG["tasks"]["chain"]["max_new_tokens"] = 64
DATA = "data/{}/joint/tiny_teacher/{}"


def test_references_are_those_of_its_tasks():
    assert paths.teacher_file(CONFIG, "tiny", TARGET, "references.parquet") == DATA.format(
        TARGET, "references.parquet"
    )
    files = teacher.joined_files(TARGET, "joint", "tiny_teacher/references")
    assert files == {name: DATA.format(name, "references.parquet") for name in ("chain", "mini_countdown")}
    assert teacher.join_flags(TARGET, "joint", "tiny_teacher/heldout_references") == (
        "--rows references --tasks chain=data/chain/joint/tiny_teacher/heldout_references.parquet "
        "mini_countdown=data/mini_countdown/joint/tiny_teacher/heldout_references.parquet"
    )
    assert teacher.join_flags(TARGET, "joint", "heldout").startswith(
        "--rows examples --tasks chain=data/chain/"
    )


def test_each_task_is_kept_apart_from_every_benchmark():
    benchmarks = ["chain", "mini_countdown", "facts"]
    assert data.suite_benchmarks(CONFIG, "joint") == benchmarks
    assert study.benchmarks(CONFIG, "tiny") == benchmarks
    assert paths.contamination_files(CONFIG, ["tiny"]) == {
        f"tiny/{name}": f"data/{name}/joint/contamination.json" for name in benchmarks[:2]
    }


def test_its_teacher_cost_is_that_of_its_tasks():
    costs = tables.run_costs(CONFIG, "tiny", "sft", TARGET, 0)
    assert costs == {
        "teacher-chain": DATA.format("chain", "samples.cost.json"),
        "teacher-mini_countdown": DATA.format("mini_countdown", "samples.cost.json"),
        "sft": f"results/tiny/sft/{TARGET}/seed0/train.cost.json",
    }


def test_each_row_has_its_limit_where_rows_are_sampled_one_by_one():
    flags = mixture.harvest_flags(CONFIG, "tiny", "tms", TARGET, "0", "1", "1")
    assert " --max-new-tokens chain=64 mini_countdown=96 " in flags
    assert " --max-new-tokens 96 " in train.row_flags(CONFIG, "tiny", "sft", TARGET, "0")
    assert " --max-new-tokens 96 " in train.on_policy_flags(CONFIG, "tiny", "grpo", TARGET, "0")
    assert " --longest-target 96 " in drift.drift_flags(CONFIG, "tiny", "tms", TARGET, "0")


def test_each_row_has_its_grader():
    assert " --grader chain=chain mini_countdown=countdown " in train.on_policy_flags(
        CONFIG, "tiny", "grpo", TARGET, "0"
    )
    assert train.on_policy_modules(CONFIG, "grpo", TARGET) == (
        "tms.on_policy.grpo",
        "tms.graders.chain",
        "tms.graders.countdown",
    )
    kept = joint_config()
    kept["harvest"]["keep"] = "correct"
    assert mixture.build_flags(kept, "tiny", "tms", TARGET) == (
        "--keep correct --grader chain=chain mini_countdown=countdown"
    )
    assert tasks.grader_modules(kept, mixture.graded_tasks(kept, "tiny", "tms", TARGET)) == (
        "tms.graders.chain",
        "tms.graders.countdown",
    )


def test_one_of_its_tasks_needs_the_sentence_splitter():
    config = joint_config({"mix": ["ifeval", "gsm8k"]})
    assert tasks.punkt(config, ["ifeval+gsm8k"]) == [paths.PUNKT]
    assert tasks.punkt(config, ["gsm8k"]) == []


def test_its_tasks_are_sampled_for_diversity():
    for run in ("base", f"sft/{TARGET}/seed0"):
        assert evaluate.sampled_tasks(CONFIG, "tiny", run) == ["chain", "mini_countdown"]
    assert " --graders chain=chain mini_countdown=countdown " in experiments.diversity_flags(CONFIG, "tiny")
    assert experiments.bound_benchmarks(CONFIG, "tiny") == ["chain", "mini_countdown", "facts"]


def test_prompts_for_kl_are_those_of_its_tasks_together():
    assert drift.kl_prompts(CONFIG, "tiny", TARGET) == {
        "heldout": f"data/{TARGET}/joint/heldout.parquet",
        "facts": "data/facts/test.parquet",
    }


def test_the_settings_of_a_run_name_each_task():
    run = Run(paths.Path(f"results/tiny/sft/{TARGET}/seed0"), "tiny", "sft", TARGET, 0)
    found = {setting.name: setting.value for setting in run_settings.run_settings(CONFIG, run)}
    assert found["task.chain.max_new_tokens"] == 64
    assert found["task.mini_countdown.grader"] == "countdown"
    run_settings.check_run(CONFIG, run)
