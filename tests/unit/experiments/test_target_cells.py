"""Shares of the targets that a method's runs trained on, counted by hand."""

import pytest
from helpers.health_facts import SOUND

from tms.experiments.target_cells import target_cells

# Of the second run half of the sampled targets are cut.
CUT = SOUND | {
    "masked": {"length": 40},
    "cut": {"checkpoint 1of2": 40},
    "sources": {"teacher": 25, "checkpoint 1of1": 35},
    "tokens": {"teacher": 500, "checkpoint 1of1": 300},
    "empty_steps": 3,
}
REFERENCES = SOUND | {
    **{name: {"teacher": 100} for name in ("planned", "sources", "tokens")},
    "alpha": None,
}


def values(health, task):
    cells = target_cells(health, ["chain", "other"])
    assert {cell["train_task"] for cell in cells} == {"", *(run[0] for run in health)}
    return {
        cell["quantity"].removeprefix("targets."): cell["value"]
        for cell in cells
        if cell["train_task"] == task
    }


def test_runs_count_together_and_those_on_a_task_for_it():
    health = {("chain", 0): SOUND, ("chain", 1): CUT, ("other", 0): SOUND}
    assert values(health, "chain") == pytest.approx(
        {
            "alpha": 0.25,
            "teacher": 50 / 160,
            "teacher_tokens": 1000 / 2800,
            "masked": 40 / 200,
            "cut": 40 / 150,
            "empty_steps": 1.5,
        }
    )
    assert values(health, "")["teacher"] == pytest.approx(75 / 260)


def test_tasks_of_different_alphas_have_none_together():
    health = {("chain", 0): SOUND, ("other", 0): SOUND | {"alpha": 0.5}}
    assert [values(health, task).get("alpha") for task in ("", "chain", "other")] == [None, 0.25, 0.5]


def test_references_have_no_alpha_and_no_sampled_targets():
    found = values({("chain", 0): REFERENCES}, "chain")
    assert found == {"teacher": 1.0, "teacher_tokens": 1.0, "masked": 0.0, "empty_steps": 0.0}


def test_a_method_without_such_runs_has_no_cells():
    assert target_cells({}, ["chain"]) == []


def test_general_prompts_have_shares_of_their_own():
    counts = {name: REFERENCES[name] | {"general": 300} for name in ("planned", "sources", "tokens")}
    found = values({("chain", 0): REFERENCES | counts}, "chain")
    assert (found["teacher"], found["general"], found["general_tokens"]) == (1.0, 0.75, 0.75)
