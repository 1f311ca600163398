"""Jobs that an edit makes stale: the table of docs/running.md, as dry runs on a finished smoke run."""

import os
import re

import pytest

TARGET = "results/tiny/tms/table.csv"
TABLE = "results/tiny/table.csv"
REPORT = "results/tiny/report.html"
ON_POLICY = {"grpo", "trapo"}
AFTER_PLAN = {
    "plan_mixture",
    "harvest",
    "build_mixture",
    "train_student",
    "generate",
    "grade",
    "drift",
    "aggregate",
}
pytestmark = [pytest.mark.slow]


def trained(printed: str) -> set[str]:
    """Methods whose training a dry-run has printed."""
    jobs = re.findall(r"^rule train_\w+:\n(?:    .*\n)*?    wildcards: (.*)\n", printed, re.M)
    return {re.search(r"method=(\w+)", wildcards)[1] for wildcards in jobs}


def test_nothing_edited(project):
    assert project.planned(REPORT) == {}


def test_alpha_reruns_from_the_plan_on(project):
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", "tms: {alpha: 0.4}"),))
    assert set(jobs) == AFTER_PLAN


def test_a_window_reruns_from_the_plan_on(project):
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", "tms: {window: late}"),))
    assert set(jobs) == AFTER_PLAN


def test_decoding_of_the_evaluation_reruns_generation_and_what_follows(project):
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", "evaluation: {temperature: 0.5}"),))
    assert set(jobs) == {"generate", "grade", "aggregate"}


def test_the_limit_of_a_benchmark_reruns_generation_and_what_follows(project):
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", "tasks: {facts: {limit: 20}}"),))
    assert set(jobs) == {"generate", "grade", "aggregate"}


def test_a_retention_grader_reruns_grading_and_aggregation(project, edit):
    edit("workflow/scripts/tms/graders/facts.py", "METRIC =", "EDITED = 1\nMETRIC =")
    assert set(project.planned(TARGET)) == {"grade", "aggregate"}


def test_a_target_grader_reruns_the_filter_and_what_follows(project, edit):
    edit("workflow/scripts/tms/graders/chain.py", "METRIC =", "EDITED = 1\nMETRIC =")
    jobs = project.planned(TARGET)
    assert "filter_teacher" in jobs
    assert not {"teacher", "prepare", "pretrain"} & set(jobs)
    assert jobs["train_sft"] == jobs["filter_teacher"] == 1  # the other target's run stays


def test_a_task_reruns_its_data_and_what_follows(project, edit):
    edit("workflow/scripts/tms/tasks/facts.py", "def build(", "EDITED = 1\n\n\ndef build(")
    jobs = project.planned(TARGET)
    assert jobs["prepare"] == 1  # the other tasks' data stay
    assert "pretrain" in jobs  # the miniature's corpus is made of its tasks


def test_the_learning_rate_of_another_model_reruns_nothing(project):
    other = """
models:
  other:
    base: models/tiny/base
    teacher: tiny_teacher
    suite: miniature
    seeds: [0]
    training: {learning_rate: 1.0e-5, effective_batch: 8}
"""
    assert project.planned(TARGET, configs=(project.overlay("o.yaml", other),)) == {}


def test_a_learning_rate_reruns_training_and_what_follows(project):
    jobs = project.planned(
        TARGET, configs=(project.overlay("o.yaml", "models: {tiny: {training: {learning_rate: 1.0e-4}}}"),)
    )
    assert {"train_sft", "harvest", "train_student"} <= set(jobs)
    assert not {"teacher", "filter_teacher", "pretrain", "prepare", "plan_mixture"} & set(jobs)


def test_a_general_learning_rate_reruns_nothing_where_the_model_sets_its_own(project):
    overlay = project.overlay("o.yaml", "training: {learning_rate: 0.5}")
    assert project.planned(TARGET, configs=(overlay,)) == {}


@pytest.mark.parametrize(
    ("edited", "methods"),
    [
        # The model has a rate of its own for GRPO.
        ("models: {tiny: {on_policy: {learning_rate: 5.0e-5}}}", {"trapo"}),
        ("on_policy: {top_p: 0.9}", ON_POLICY),
        ("models: {tiny: {methods: {grpo: {on_policy: {learning_rate: 5.0e-5}}}}}", {"grpo"}),
        ("models: {tiny: {on_policy: {samples: 2}}}", {"grpo"}),
        ("on_policy: {beta: 0.1}", {"grpo"}),
        ("on_policy: {entropy_bonus: 0.01}", {"trapo"}),
        ("training: {trsft_floor: 0.2}", {"trapo"}),
        ("tms: {loss: trsft}", {"tms"}),
    ],
)
def test_a_key_of_an_algorithm_reruns_the_training_that_reads_it_alone(project, edited, methods):
    overlay = (project.overlay("o.yaml", edited),)
    jobs, printed = project.plan(TABLE, configs=overlay)
    assert trained(printed) == methods
    stages = {"train_sft", "train_student", "train_on_policy"} & set(jobs)
    assert set(jobs) == stages | {"generate", "grade", "drift", "aggregate", "table"}
    runs = 2 * len(methods)  # one a target
    assert sum(jobs[stage] for stage in stages) == jobs["generate"] == jobs["drift"] == runs


def test_the_code_of_an_algorithm_reruns_it_alone(project, edit):
    edit("workflow/scripts/tms/on_policy/trapo.py", "\ndef loss(", "\nEDITED = 1\n\n\ndef loss(")
    assert trained(project.plan(TABLE)[1]) == {"trapo"}


def test_a_diagnosis_reruns_what_it_changes_alone(project):
    edit = project.overlay("o.yaml", "diagnose: {frontier: {reference: {target: 0.1, forgetting: -0.5}}}")
    jobs = project.planned(REPORT, configs=(edit,))
    assert set(jobs) == {"frontier", "answer", "draw_figures", "draw_tables", "questions", "report"}


def test_an_edited_ruling_makes_the_report_anew(project, edit):
    edit("docs/method.md", "# ", "# Edited: ")
    assert project.planned(REPORT) == {"report": 1}


def test_another_limit_of_the_gate_reruns_its_outcome_alone(project):
    overlay = "contamination: {max_share: 0.02, accepted: {chain: {facts: a reason}}}"
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", overlay),))
    assert set(jobs) == {"contamination_gate", "aggregate"}


def test_another_suite_with_the_same_task_reruns_nothing(project):
    overlay = "suites: {more: {targets: [chain], retention: [facts], reported: [mini_countdown]}}"
    assert project.planned(TARGET, configs=(project.overlay("o.yaml", overlay),)) == {}


def test_a_benchmark_more_in_the_suite_goes_through_the_gate(project):
    overlay = "suites: {miniature: {reported: [more]}}\n"
    overlay += (
        "tasks: {more: {kind: chain, grader: chain, test: 40, limit: 24, max_new_tokens: 96, seed: 7}}\n"
    )
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", overlay),))
    assert jobs["prepare"] == 1 and jobs["decontaminate"] == jobs["contamination_gate"] == 2
    assert {"teacher", "train_sft", "aggregate"} <= set(jobs)


def test_what_changes_no_result_reruns_nothing(project):
    overlay = "compute: {report_to: none, grading_processes: 1}\ntraining: {device_batch: 2}\n"
    overlay += "models: {tiny: {training: {device_batch: 2, gradient_checkpointing: true}, "
    overlay += "gpus: {train: 2, generate: 1}}}\nteachers: {tiny_teacher: {gpus: 1}}\n"
    assert project.planned(TABLE, configs=(project.overlay("o.yaml", overlay),)) == {}


@pytest.mark.parametrize(
    "file",
    [
        "workflow/scripts/harvest.py",
        "workflow/scripts/tms/training/sft_trainer.py",
        "workflow/scripts/tms/graders/chain.py",
    ],
)
def test_a_comment_or_a_docstring_reruns_nothing(project, edit, file):
    edit(file, '"""', '"""Edited. ')
    edit(file, "\nfrom ", "\n# a comment\nfrom ")
    assert project.planned(TARGET) == {}


def test_new_time_stamps_of_every_source_rerun_nothing(project):
    for folder in ("workflow", "config", "envs", "profiles"):
        for path in (project.folder / folder).rglob("*"):
            if path.is_file():
                os.utime(path)
    os.utime(project.folder / "Snakefile")
    assert project.planned(TARGET) == {}


def test_another_method_trains_a_student_and_no_new_sft(project):
    overlay = project.overlay("o.yaml", "methods: {tms_own: {kind: tms, tms: {window: late}}}")
    jobs = project.planned("results/tiny/tms_own/table.csv", configs=(overlay,))
    assert set(jobs) == AFTER_PLAN
    assert project.planned(TARGET, configs=(overlay,)) == {}


def test_a_sweep_of_another_t_trains_sft_anew(project):
    """Its checkpoints must be saved; methods that no experiment of the model names change nothing."""
    more = "experiments: {checkpoints: [tms, tms_t2]}\nmethods: {tms_t2: {tms: {num_checkpoints: 3}}}"
    overlay = project.overlay("o.yaml", more)
    assert {"train_sft", "harvest", "train_student"} <= set(project.planned(TARGET, configs=(overlay,)))
    other = "experiments: {mixture: [tms_other]}\n"
    other += "methods: {tms_other: {kind: tms, tms: {num_checkpoints: 11}}}"
    assert project.planned(TARGET, configs=(project.overlay("o.yaml", other),)) == {}


def test_another_seed_runs_that_seed_alone(project):
    jobs = project.planned(TARGET, configs=(project.overlay("o.yaml", "models: {tiny: {seeds: [0, 1]}}"),))
    assert jobs["train_sft"] == jobs["train_student"] == 2  # one a target
    assert not {"teacher", "filter_teacher", "pretrain", "prepare"} & set(jobs)


def test_one_stage_can_be_forced(project):
    jobs = project.planned(TARGET, "--forcerun=harvest")
    assert set(jobs) == AFTER_PLAN - {"plan_mixture"}


def test_one_file_can_be_forced(project):
    assert project.planned("results/tiny/tms/chain/seed0/mixture.parquet", "--force") == {"build_mixture": 1}


def test_until_stops_after_a_stage(project):
    overlay = project.overlay("o.yaml", "tms: {alpha: 0.4}")
    jobs = project.planned(TARGET, "--until=harvest", configs=(overlay,))
    assert set(jobs) == {"plan_mixture", "harvest"}
