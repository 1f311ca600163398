"""Sampling for Table 2 in a finished smoke run: what it adds, and what an edit of it makes stale."""

import pytest

from tms.experiments import cells
from tms.io import parquet

TARGET = "results/tiny/cells/diversity.parquet"
pytestmark = pytest.mark.slow


def test_the_first_prompts_of_each_target_are_sampled(project):
    found = parquet.read(
        project.folder / "results/tiny/base/diversity/grades.parquet", ["benchmark", "sample"]
    )
    assert len(found) == 2 * 8 * 8 and {row["sample"] for row in found} == set(range(8))
    measured = cells.read([project.folder / TARGET])
    assert {cell["method"] for cell in measured} == {"base", "sft", "grpo", "tms"}
    assert {cell["train_task"] for cell in measured} == {"mini_countdown", "chain"}
    assert all(cell["value"] is not None and cell["n"] == 8 for cell in measured)


def test_another_k_samples_nothing(project):
    edit = project.overlay("o.yaml", "models: {tiny: {diagnose: {diversity: {k: 5}}}}")
    assert set(project.planned(TARGET, configs=(edit,))) == {"diversity"}


def test_more_samples_leave_greedy_completions_and_training_alone(project):
    edit = project.overlay("o.yaml", "models: {tiny: {diagnose: {diversity: {samples: 10}}}}")
    jobs = project.planned(TARGET, configs=(edit,))
    assert set(jobs) == {"generate_samples", "grade_samples", "diversity"}


def test_classes_of_answers_are_no_part_of_grading(project, edit):
    edit("workflow/scripts/tms/experiments/answer_classes.py", "DIGITS = 12", "DIGITS = 11")
    assert set(project.planned(TARGET)) == {"diversity"}
