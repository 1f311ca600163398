"""Signs that an evaluation says little."""

from tms.metrics.health import constant, of_grades, short
from tms.training.health import Sign


def rows(benchmark, grades, cut=0, reasons=()):
    reasons = [*reasons, *[""] * (len(grades) - len(reasons))]
    return [
        {
            "benchmark": benchmark,
            "grade": grade,
            "finish_reason": "length" if number < cut else "stop",
            "reason": reason,
        }
        for number, (grade, reason) in enumerate(zip(grades, reasons, strict=True))
    ]


def test_completions_that_do_not_end_are_told_from_a_fifth_on():
    assert of_grades(rows("a", [1.0] * 100, cut=19), ["a"]) == []
    (some,) = of_grades(rows("a", [1.0] * 100, cut=20), ["a"])
    assert some.what == "a: 20 of 100 completions are cut at their limit"
    assert some.remedy == "raise tasks.a.max_new_tokens"
    (never,) = of_grades(rows("a", [None] * 100, cut=95), ["a", "b"])
    assert "does not end its answers" in never.remedy and "chat template" in never.remedy


def test_rows_without_a_grade_on_their_merits_are_counted_by_benchmark():
    graded = [
        *rows("a", [None, None, 0.0, 1.0], reasons=["crash", "timeout", "limit"]),
        *rows("b", [0.0], reasons=["error"]),
        *rows("other", [0.0], reasons=["error"]),
    ]
    assert [sign.what for sign in of_grades(graded, ["b", "a"])] == ["b: 1 failed", "a: 2 lost, 1 limit"]


def test_a_benchmark_on_which_every_model_scores_the_same_everywhere_tells_nothing():
    same = [rows("a", [0.0] * 10), rows("a", [0.0] * 10)]
    assert [sign.what for sign in constant(same, ["a"])] == ["a: every model scores 0 on each example"]
    ones = [rows("a", [1.0] * 10), rows("a", [1.0] * 9 + [None], reasons=[""] * 9 + ["crash"])]
    assert constant(ones, ["a"]) == []  # nine and ten rows: fewer than ten of each
    ones = [rows("a", [1.0] * 12), rows("a", [1.0] * 11 + [None], reasons=[""] * 11 + ["crash"])]
    assert constant(ones, ["a"])[0].remedy.endswith("take a harder benchmark")
    assert constant([rows("a", [0.0] * 10), rows("a", [0.0] * 9 + [1.0])], ["a"]) == []
    assert constant([rows("a", [0.0] * 10), rows("a", [1.0] * 10)], ["a"]) == []
    assert constant([rows("a", [None] * 10)], ["a"]) == []


def test_signs_as_a_cell():
    signs = {"base": [Sign("one", "x"), Sign("two", "y")], "sft/seed0": [], "all": [Sign("three", "z")]}
    assert short(signs) == "base: one; base: two; all: three"
