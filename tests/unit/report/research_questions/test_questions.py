"""All questions: what they are, and answers without cells."""

import pytest
from helpers.verdict_cells import SMALL, SUITE, front, measured, plane, verdict

from tms.report.research_questions.questions import QUESTIONS, answer


@pytest.mark.parametrize("question", [question.name for question in QUESTIONS])
def test_without_its_cells_no_question_is_answered(question):
    other = measured("else", "tms", "chain", 0.5)
    for suite in (SUITE, SMALL):
        outcome, evidence = verdict(question, [other], suite)
        assert outcome == "not measured"
        assert evidence.startswith("Not measured: ") and len(evidence) > len("Not measured: .")


def test_the_frontier_control_leads_and_the_paper_s_order_follows():
    assert [entry["id"] for entry in answer([], SUITE, "m")] == [
        "Frontier",
        *(f"RQ{i}" for i in range(1, 13)),
        "TrSFT",
    ]


def test_other_models_cells_do_not_answer_for_this_one():
    cells = [*plane("sft", 0.7, -0.2, model="other"), *plane("tms", 0.7, -0.1, model="other")]
    assert verdict("RQ2", cells)[0] == "not measured"


def test_the_cells_behind_a_verdict_are_listed():
    answers = {entry["id"]: entry for entry in answer(front(0.1, 0.01), SUITE, "m")}
    listed = {(entry["method"], entry["quantity"]) for entry in answers["Frontier"]["cells"]}
    assert listed == {("tms", "area_difference"), ("tms", "area"), ("sft", "area")}
    assert answers["RQ2"]["cells"] == []
