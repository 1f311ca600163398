"""MATH: answers of several values, the boxes of the last sentence, and inequalities."""

import pytest
from helpers.cpu_limit import cpu_limit
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.answers.lists import solutions, split_values
from tms.answers.math import equal
from tms.answers.number_extraction import offered
from tms.graders import math

UNION = "(-\\infty,-8)\\cup(8,\\infty)"


@pytest.mark.parametrize(
    "completion, answer",
    [
        ("The answers are $1$ and $4$.", "1,4"),
        ("The answers are 1 and 4.", "1,4"),
        ("The answers are: $x=1$, or $x=4$.", "4,1"),
        ("The final answers are $-1$, $1$, and $4$.", "-1,1,4"),
        ("The answers are $1$ for the small and $4$ for the large one.", "1,4"),
        ("$\\boxed{(2, 3)}$ for part (a) and $\\boxed{(4, 5)}$ for part (b)", "(2, 3), (4, 5)"),
        ("\\boxed{1} for the small and \\boxed{4} for the large one", "1,4"),
        ("I first get \\boxed{3}. Then the answer is \\boxed{5}.", "5"),
        ("We get \\boxed{3}.$ Then $x=\\boxed{5}$.", "5"),
        ("\\boxed{3}, so the answer is \\boxed{5}.", "5"),
        ("Is it \\boxed{3}? It is \\boxed{5}.", "5"),
        ("\\boxed{3} at first\nbut it is \\boxed{5}", "5"),
        ("not \\boxed{3} but \\boxed{5}", "5"),
        ("\\boxed{5}, not \\boxed{3}", "5"),
        ("$\\boxed{1}$\n\n$\\boxed{4}$", "1,4"),
        ("\\boxed{\\frac12} = \\boxed{0.5}", "\\frac{1}{2}"),
        ("\\boxed{\\frac{1}{2}, 0.5}", "\\frac12"),
        ("We have $AB=3$ and $BC=4$.", "4"),
        ("$f(2) = \\boxed{4}$ and $f(3) = 9$.", "4"),
        ("that is $x + 3 = 5$, or $x = \\boxed{2}$.", "2"),
        ("It is $\\frac23$ of $6,$ or $\\boxed{4}.$", "4"),
        ("The answer is $12$, not $20$.", "12"),
        ("The answer is 12, not 20.", "12"),
        ("so $x = 1$ or $x = 4$.", "1, 4"),
        ("\\boxed{a=1,b=2;a=3,b=4}", "a=1, b=2 \\text{ and } a=3, b=4"),
        ("\\boxed{b=4,a=3 \\text{ or } a=1,b=2}", "a=1, b=2 \\text{ and } a=3, b=4"),
        ("\\boxed{(1,2), (3,4)}", "a=1, b=2 \\text{ and } a=3, b=4"),
        ("\\boxed{a=1,b=2 \\text{ or } a=3,b=4}", "(3,4),(1,2)"),
        ("\\boxed{x+11}", "x+11, 11+x"),
        ("\\boxed{12 000}", "12000"),
        ("\\boxed{2½}", "2.5"),
        ("\\boxed{3 \\cdot 4 + 5}", "17"),
        ("\\boxed{-1 \\le x \\le 4}", "[-1,4]"),
        ("\\boxed{4 \\ge x \\ge -1}", "[-1,4]"),
        ("\\boxed{x \\ge -1 \\text{ and } x \\le 4}", "[-1,4]"),
        ("\\boxed{x>-1, x<3}", "(-1,3)"),
        ("\\boxed{x<3}", "(-\\infty,3)"),
        ("\\boxed{3 > x}", "(-\\infty,3)"),
        ("\\boxed{x \\ge \\frac{1}{2}}", "[\\frac12,\\infty)"),
        ("\\boxed{-\\sqrt{2} < x < \\sqrt{2}}", "(-\\sqrt2,\\sqrt2)"),
        ("\\boxed{\\{x \\mid -1 < x < 3\\}}", "(-1,3)"),
        ("\\boxed{x \\ne 3}", "(-\\infty,3)\\cup(3,\\infty)"),
        ("\\boxed{x>3, x \\ne 5}", "(3,5)\\cup(5,\\infty)"),
        ("\\boxed{m<-8 \\text{ or } m>8}", UNION),
        ("\\boxed{m>8, m<-8}", UNION),
        ("\\boxed{m < -8 \\lor m > 8}", UNION),
        ("\\boxed{\\{m : m<-8 \\text{ or } m>8\\}}", UNION),
        ("The answer is $m<-8$ or $m>8$.", UNION),
        ("\\boxed{m>8 \\text{ or } m<-8}", "m<-8 \\text{ or } m>8"),
        ("\\boxed{2x+1<7}", "2x+1<7"),
        ("\\boxed{(-1,3)}", "-1 < x < 3"),
        ("\\boxed{-x > -1}", "x < 1"),
        ("\\boxed{-x > -3}", "(-\\infty,3)"),
        ("\\boxed{3 \\ge -x}", "[-3,\\infty)"),
        ("\\boxed{x=0 \\text{ or } x>2}", "\\{0\\}\\cup(2,\\infty)"),
        ("\\boxed{x < -8 \\cup x > 8}", UNION),
        ("\\boxed{(-\\infty,-8) \\text{ or } (8,\\infty)}", UNION),
        ("\\boxed{\\{(1,2), (3,4)\\}}", "(1,2),(3,4)"),
        ("\\boxed{x^2 - 7x + 10 < 0 \\implies 2 < x < 5}", "(2,5)"),
        ("\\boxed{2 \\le f(x) \\le 5}", "[2,5]"),
        ("\\boxed{x < 1 \\text{ or } x \\in (2, 3)}", "(-\\infty,1)\\cup(2,3)"),
        ("The answer is $\\boxed{\\frac{10}{3}}$, or approximately 3.33.", "\\frac{10}{3}"),
        ("The answer is $12$. Alternatively, by symmetry $x = 3$ gives it too.", "12"),
        ("The answer is 12. Alternatively, we can see it from a picture.", "12"),
        ("The answer is $5\\sqrt{2}$, or about $7.07$.", "5\\sqrt{2}"),
        ("Thus we get 3 and then $f(2) < f(1) < f(4)$", "f(2) < f(1) < f(4)"),
        ("Thus we get 3 and then $\\frac{1}{7}$", "\\frac17"),
        ("So $J$ must be $\\boxed{120}$ (or else $J$ would have more than 16 factors).", "120"),
        ("We conclude that the sum of $a$ and $b$ is $5$.", "5"),
        ("so $P(B) = \\frac13$, and $P(A \\cap B) = \\frac16$", "\\frac16"),
    ],
)
def test_right(completion, answer):
    assert math.grade(completion, answer).score == 1


@pytest.mark.parametrize(
    "completion, answers",
    [
        ("The answers are $1$ and $4$.", ["1", "4", "1,5"]),
        ("The answer is $12$ or 20.", ["12", "20"]),
        ("The answer is $12, $20.", ["12", "20"]),
        ("The answer is 12 apples or it is 20 apples.", ["12", "20"]),
        ("\\boxed{1} for the small and \\boxed{4} for the large one", ["1", "4", "1,4,5"]),
        ("$\\boxed{(2, 3)}$ for part (a) and $\\boxed{(4, 5)}$ for part (b)", ["(2,3)", "(4,5)"]),
        ("so $x=\\boxed{1}$ or $x=\\boxed{2}$", ["1", "2"]),
        ("\\boxed{12} or 20", ["12", "20"]),
        ("The answer is 12 or \\boxed{20}", ["12", "20"]),
        ("I first get \\boxed{3}. Then the answer is \\boxed{5}.", ["3", "3,5"]),
        ("so $x = 1$ or $x = 4$.", ["1", "4"]),
        ("\\boxed{12 \\text{ and } 20}", ["12", "20", "1220"]),
        ("\\boxed{\\text{between } 12 \\text{ and } 20}", ["12", "20"]),
        ("\\boxed{12; 20}", ["12", "20"]),
        ("\\boxed{12 \\lor 20}", ["12", "20"]),
        ("\\boxed{12 \\quad 20}", ["12", "20", "1220"]),
        ("\\boxed{12 \\\\ 20}", ["12", "20"]),
        ("\\boxed{x^2, x^3}", ["x^2", "x^3"]),
        ("\\boxed{\\pm 3}", ["3", "-3"]),
        ("\\boxed{1, 200}", ["1200"]),
        ("\\boxed{1234 567}", ["1234567"]),
        ("\\boxed{2\\frac{2}{3}}", ["2", "\\frac{4}{3}"]),
        ("\\boxed{a=1,b=4;a=3,b=2}", ["a=1, b=2 \\text{ and } a=3, b=4", "(1,2),(3,4)"]),
        ("\\boxed{a=1,b=2}", ["a=1, b=2 \\text{ and } a=3, b=4"]),
        ("\\boxed{x^2-3x \\le 4}", ["[-1,4]", "-1 \\le x \\le 4"]),
        ("\\boxed{x(x-3) \\le 4}", ["[-1,4]"]),
        ("\\boxed{(x-4)(x+1) \\le 0}", ["[-1,4]"]),
        ("\\boxed{|x-1|<2}", ["(-1,3)", "-1 < x < 3"]),
        ("\\boxed{-2 < x - 1 < 2}", ["(-1,3)"]),
        ("\\boxed{2x + 1 < 7}", ["(-\\infty,3)", "x < 3"]),
        ("\\boxed{2x < 6}", ["(-\\infty,3)"]),
        ("\\boxed{\\frac{x}{3} < 1}", ["(-\\infty,3)"]),
        ("\\boxed{\\{x : x^2 - 2x < 3\\}}", ["(-1,3)"]),
        ("\\boxed{|m| > 8}", [UNION]),
        ("\\boxed{m^2 > 64}", [UNION]),
        ("\\boxed{m \\le -8 \\text{ or } m \\ge 8}", [UNION]),
        ("\\boxed{x > -1 \\text{ or } x < 3}", ["(-1,3)"]),
        ("\\boxed{2x+1=7}", ["3"]),
        ("\\boxed{\\pm 3}", ["(-3,3)", "-3 < x < 3"]),
        ("\\boxed{\\{-3, 3\\}}", ["(-3,3)", "[-3,3]"]),
        ("Either the answer is $12$ or the answer is $20$.", ["12", "20"]),
        ("The answer is $12$. Or $20$.", ["12", "20"]),
        ("\\boxed{x^2=4}", ["2,-2"]),
        ("\\boxed{x > 12}", ["12"]),
        ("\\boxed{2 < x < 5 \\implies x^2 - 7x + 10 < 0}", ["(2,5)"]),
        ("The answer is $\\frac{10}{3}$, or about 3.34.", ["\\frac{10}{3}"]),
        ("The answer is $\\frac{10}{3}$, or about 3.", ["\\frac{10}{3}"]),
        ("$x+1$ or maybe $x+2$", ["x+1", "x+2"]),
        ("$x+1$ and/or $x+2$", ["x+1", "x+2"]),
        ("**12** or **20**", ["12", "20"]),
        ("$f(1) < f(2)$ or $f(2) < f(1)$", ["f(1) < f(2)", "f(2) < f(1)"]),
    ],
)
def test_wrong(completion, answers):
    assert [math.grade(completion, answer).score for answer in answers] == [0] * len(answers)


def test_values_of_an_answer():
    assert (
        split_values("\\{1, 2\\}")
        == split_values("1 \\text{ and } 2")
        == split_values("1 or 2")
        == ["1", "2"]
    )
    assert split_values("(1, 2), [3, 4)") == ["(1, 2)", "[3, 4)"]
    assert split_values("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}") != ["1", "2"]
    assert split_values("1,000,000") == ["1,000,000"]
    assert solutions(["a=1", "b = 2", "a=3", "b=4"]) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert solutions(["a=1", "2"]) == []


@settings(max_examples=10)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=4, unique=True), st.randoms(use_true_random=False))
def test_a_list_is_equal_in_any_order_and_to_nothing_else(values, random):
    shuffled = random.sample(values, len(values))
    gold = ", ".join(map(str, values))
    for form in (", ".join, " \\text{ and } ".join, lambda texts: "\\{" + ", ".join(texts) + "\\}"):
        assert equal(gold, form(list(map(str, shuffled))))
        assert not equal(gold, form([*map(str, shuffled[1:]), "10"]))
    assert not any(equal(str(value), gold) or equal(gold, str(value)) for value in values)


def test_very_many_values_are_no_answer_and_take_no_time():
    values = [str(number) for number in range(1000, 3000)]
    with cpu_limit(0.5):
        stated = offered(values)
    assert stated.startswith("1000 or 1001 or ") and stated.count(" or ") == 19
