"""Mathematical answers: where they stand, when they are equal, and text that is out to break the grader."""

import pytest
from helpers.cpu_limit import cpu_limit
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.answers.boxes import boxed
from tms.answers.lists import is_list
from tms.answers.math import equal, harmless
from tms.answers.math_extraction import expression_answer, number_answer
from tms.answers.math_text import number, tidy
from tms.graders import math
from tms.graders import number as number_grader
from tms.grading.pool import Task, grade_all
from tms.grading.worker import Limits


@pytest.mark.parametrize(
    "completion, answer",
    [
        ("The answer is 42.", "42"),
        ("#### 42", "42"),
        ("**Answer: 12 apples**", "12"),
        ("Answer: **12**", "12"),
        ("### Final Answer\n\n**\\$1,234.50**", "1234.5"),
        ("so \\(x=5\\)", "5"),
        ("so he has 5 + 3 = 8 dollars.", "8"),
        ("It costs 2 * $9 = $18 per day", "18"),
        ("Thus, there are 48/2 = 24 and 48+24 = 72 clips.", "72"),
        ("The total is $1,000$", "1000"),
        ("#### 1,000", "1,000"),
        ("\\boxed{1{,}000}", "1000"),
        ("The answer is 42. I checked it in 3 ways.", "42"),
        ("The answer is that each of the 3 kids gets 4 candies.", "4"),
        ("The answer is 7 out of 10.", "7"),
        ("Answer: 1.5 hours * 60 = 90 minutes", "90"),
        ("Answer: 18 dollars/day for 7 days", "18"),
        ("He pays $18.00", "18"),
        ("the answer is $2\\frac{1}{2}$ hours", "2.5"),
        ("The answer is $\\frac{84}{2}=42$", "42"),
        ("\\boxed{18 \\text{ dollars}}", "18"),
        ("\\boxed{5+3=8}", "8"),
        ("First \\boxed{3}, no: \\boxed{4}. It took 5 steps.", "4"),
        ("Put it in \\boxed{}. The answer is 4", "4"),
        ("A room of 10 m^2", "10"),
        ("It falls by 5 to -5", "-5"),
        ("10-5=5", "5"),
        ("**Final Answer**: The final answer is $\\boxed{7}$. I hope it is correct.", "7"),
        ("The answer (in dollars) is 5. I used 3 steps.", "5"),
        ("\\boxed{255} in all. Final Answer: The final answer is $10,455$. I hope it is correct.", "10455"),
        ("\\boxed{32,\\! 349}", "32349"),
    ],
)
def test_a_number_is_found(completion, answer):
    assert number_grader.grade(completion, answer).score == 1


def test_a_times_minutes_and_a_units_exponent_are_no_numbers():
    assert number_answer("They meet at 3:00") == "3"
    assert number_answer("An area of 12 cm^2 or 12 cm^{2}") == "12"


@pytest.mark.parametrize(
    "completion, answer",
    [
        ("", "0"),
        ("no number", "0"),
        ("\\boxed{}", "1"),
        ("The answer is 43, not 42", "42"),
        ("42, or rather 43", "42"),
        ("\\boxed{43} since 42 is too small", "42"),
        ("The answer is 4.2", "42"),
        ("142", "42"),
        ("-42", "42"),
        ("42,000", "42"),
        ("\\boxed{42", "43"),
    ],
)
def test_another_number_is_wrong(completion, answer):
    assert number_grader.grade(completion, answer).score == 0


@pytest.mark.parametrize(
    "completion, answer",
    [
        ("The final answer is $\\frac12$. I hope it is correct.", "\\frac{1}{2}"),
        ("so $x=\\boxed{1}$ or $x=\\boxed{2}$", "1,2"),
        ("\\boxed 3", "3"),
        ("\\fbox{3}", "3"),
        ("The answer is $x=1$ and $x=2$.", "1,2"),
        ("Thus the answer is Evelyn.", "\\text{Evelyn}"),
        ("Therefore $x = 3$ and the total is 12.", "12"),
        ("We have $$a=5$$", "5"),
        ("answer: (3, \\frac{\\pi}{2})", "\\left( 3, \\frac{\\pi}{2} \\right)"),
        ("The answer is (C).", "\\text{(C)}"),
        ("\\boxed{x = 5 \\text{ cm}}", "5"),
        ("\\boxed{3}, or rather \\boxed{4", "3"),
        ("\\boxed{\\left\\{1,2\\right\\}}", "1,2"),
        ("The value is $f(2) = 2^2+1 = 5$.", "5"),
        ("answer is \\( \\frac{1}{2} \\)", "\\frac12"),
        ("Final Answer: 11√2", "11\\sqrt2"),
        ("Final Answer: The largest $n$ is 34.", "34"),
        ("Final Answer: The volume of $ABCD$ is 120. I hope it is correct.", "120"),
        ("Final Answer: Jane started growing Sphere 3 hours ago.", "3"),
        ("Answer: We need to find how many Natalia sold in May. That is 48 / 2 = 24", "24"),
        ("\\boxed{-2} \\quad \\text{and} \\quad \\boxed{1}", "1,-2"),
        ("$x_1 = \\boxed{1}$ and $x_2 = \\boxed{2}$", "\\{1,2\\}"),
        ("(2, 3)", "(2,3)"),
        ("\\frac{10}{9}", "10/9"),
        ("So we find it.\n\nx^2 + 1", "x^2+1"),
        ("It is x = \\frac{4}{23} in the end", "\\frac{4}{23}"),
        ("so it is 48/2 = 24 km", "24"),
        ("the area is 3π square units", "3\\pi"),
        ("The answer is clearly 42", "42"),
        ("The answer is June 20", "\\text{June 20}"),
        (
            "\\[ \\boxed{ \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix} } \\]",
            "\\begin{pmatrix}1\\\\2\\end{pmatrix}",
        ),
    ],
)
def test_an_expression_is_found(completion, answer):
    assert math.grade(completion, answer).score == 1


EQUAL = [
    ("90^\\circ", "90"),
    ("\\$36", "36"),
    ("\\text{Evelyn}", "evelyn"),
    ("11\\sqrt2", "11\\sqrt{2}"),
    ("\\frac12", "0.5"),
    ("\\dfrac{3}{4}", "3/4"),
    ("1,000", "1000"),
    ("1000", "1\\,000"),
    ("10\\%", "10"),
    ("10\\%", "0.1"),
    ("2\\frac{1}{2}", "2.5"),
    ("0.\\overline{3}", "\\frac13"),
    ("4.5e33", "4.5 \\times 10^{33}"),
    ("\\text{(C)}", "C"),
    ("x \\in [-2,7]", "[-2,7]"),
    ("[-1,2]", "-1 \\le x \\le 2"),
    ("3 \\pm 2\\sqrt{2}", "3+2\\sqrt{2}, 3-2\\sqrt{2}"),
    ("1,-2", "-2, 1"),
    ("2,3,5", "2, 3, \\text{ and } 5"),
    ("4210_5", "4210_{5}"),
    ("4210_5", "4210"),
    ("(-\\infty,0)\\cup(1,2)", "(1,2) \\cup (-\\infty, 0)"),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{bmatrix} 1 \\\\ 2 \\end{bmatrix}"),
    ("y=2x+3", "2x+3"),
    ("(x+1)^2", "x^2+2x+1"),
    ("64", "64 square inches"),
    ("10\\text{ cm}^2", "10"),
    ("\\text{June 20}", "June 20"),
    ("\\frac{\\sqrt{3}}{2}", "0.866025"),
    ("x=3", "3"),
    ("11,\\! 111,\\! 100", "11111100"),
    ("1 1/2", "1.5"),
    ("10", "10 cm^2"),
    ("x \\neq 3", "x != 3"),
]
UNEQUAL = [
    ("\\pm 3", "3"),
    ("(1,2)", "(2,1)"),
    ("(1,2)", "[1,2]"),
    ("[1,2)", "[1,2]"),
    ("4210_5", "4210_6"),
    ("4210_5", "2410_5"),
    ("12:00", "1:00"),
    ("3:1", "3"),
    ("2s", "\\$2"),
    ("x=3", "y=3"),
    ("\\text{east}", "\\text{west}"),
    ("\\text{stale}", "least"),
    ("\\frac{1}{2004!}", "\\frac{1}{2006!}"),
    ("1 - \\frac{1}{e}", "1 + \\frac{1}{e}"),
    ("\\infty", "-\\infty"),
    ("\\frac13", "0.333"),
    ("1{,}000{,}000.5", "1000001"),
    ("0.0000001", "0.0000002"),
    ("5", ""),
    ("1,2", "1"),
    ("1 1/2", "11/2"),
    ("34", "3 4"),
]


@pytest.mark.parametrize("gold, prediction", EQUAL)
def test_equal_answers(gold, prediction):
    assert equal(gold, prediction)


@pytest.mark.parametrize("gold, prediction", UNEQUAL)
def test_unequal_answers(gold, prediction):
    assert not equal(gold, prediction)


def test_numbers_are_exact():
    assert number("2\\frac{1}{2}") == number("5/2") == number("2.50")
    assert number("10^{20}") is None
    assert number("1/0") is None
    assert number("0.1") * 10 == 1


def test_lists_are_told_from_points_and_thousands():
    lists = ["1, -2", "1 \\text{ or } 2", "3 \\pm \\sqrt2", "(1,2), (3,4)"]
    assert [is_list(answer) for answer in lists] == [True] * 4
    others = ["(1,2)", "10,000", "\\$15,\\!000", "\\left(-\\tfrac52, 1\\right)", "8:34 \\text{ p.m.}"]
    assert [is_list(answer) for answer in others] == [False] * 5


HOSTILE = [
    "9**9**9**9",
    "9^{9^{9^9}}",
    "(9^9)^(9^9)",
    "10^10^10",
    "9" + "**2" * 80,
    "1" + "^{2}" * 80,
    "1000000000!",
    "((((5!)!)!)!)",
    "\\frac{1}{" * 10_000 + "1" + "}" * 10_000,
    "{" * 100_000,
    "2^{999999999}",
    "2/3" * 100,
    "\\frac{1}{1+" * 18 + "1" + "}" * 18,
    "1+\\sin(x+" * 12 + "1" + ")" * 12,
    "5 " + "a" * 300 + "1",
    "\\sum_{k=1}^{1000000000} k^k",
    "\\binom{1000000000}{500000000}",
    "((2^{9999})^{9999})^{9999}",
    "x" * 400,
    "1," * 200,
    "(" * 400,
    "__import__('os').system('true')",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_answers_end_at_once(text):
    for form in ("\\boxed{%s}", "the answer is $%s$", "%s"):
        for grader, gold in ((math, "\\frac{x^2+1}{7}"), (number_grader, "77")):
            with cpu_limit(3):
                grade = grader.grade(form % text, gold)
            assert (grade.score, grade.failure) == (0, "")


@pytest.mark.parametrize(
    "text", ["2^{1005}", "e^{x^2}", "20!", "\\binom{100}{3}", "x^{10}+x^9+x^8", "10^{10}"]
)
def test_what_real_answers_hold_is_harmless(text):
    assert harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "\\frac{1}{1}" + "".join(f"+\\frac{{1}}{{{n}}}" for n in range(2, 20)),
        ",".join(f"\\frac{{\\sqrt{{{n}}}}}{{2}}" for n in range(2, 20)),
        "\\sqrt{2+\\sqrt{2+\\sqrt{2}}}",
        "\\frac{1}{1+\\frac{1}{2+\\frac{1}{3+\\frac{1}{4}}}}",
        "\\begin{pmatrix} 1/2 & 1/3 & 1/4 \\\\ 1/5 & 1/6 & 1/7 \\\\ 1/8 & 1/9 & 1/10 \\end{pmatrix}",
    ],
)
def test_many_fractions_and_roots_beside_one_another_are_harmless(text):
    assert harmless(tidy(text))


@pytest.mark.parametrize(
    ("text", "stated"), [("-\\frac{1}{2}", "-\\frac{1}{2}"), ("12-\\frac{1}{2}", "12, -\\frac{1}{2}")]
)
def test_signs_before_an_expression_stay(text, stated):
    assert math.grade(f"so it is {text}", "0").extracted == stated


def test_a_comparison_that_takes_long_is_wrong_and_counted():
    texts = ["\\boxed{(a+b+c+d+e)^{500}}", "\\boxed{\\frac12}"]
    found = grade_all([Task("math", text, "\\frac{1}{2}") for text in texts], 2, limits=Limits(cpu=0.5))
    assert [(grade.score, grade.failure) for grade in found] == [(0, "limit"), (1, "")]


@pytest.mark.parametrize(
    "text",
    [
        "\\boxed{" * 100_000,
        "$" * 1_000_000,
        "\\(" * 300_000,
        "answer is " * 100_000,
        "1 " * 300_000,
        "1/" * 300_000,
        "\\boxed{1}" + " " * 19_000 + "x\\boxed{2}",
        "the final answer is " * 50_000,
        " " * 1_000_000,
        "\n" * 1_000_000,
        "\t \n" * 300_000 + "x",
        "12" + " " * 19_000 + "x 7",
        "12" + " \u200b" * 9_000 + "x 7",
        "\\boxed{12} maybe" + " " * 19_000 + "x",
        "Answer: 5;" + " " * 300 + "x 7",
        "Answer: 5;" + "*" * 1_900 + "x 7",
        "Answer: 5 " + "a" * 1_900 + " 7",
        "Answer: $5$ " + "a" * 1_900 + " $7$",
        "5;" + "*" * 15_000 + "x 7",
        "5 " + "a" * 15_000 + " 7",
        "The answer is " + ";".join(map(str, range(100, 600))),
        "The answer is " + "2/3" * 600,
        "x" + "1" * 19_999,
        "The answer is 12 children attending kindergarten programmes throughout Massachusetts neighbourhoods "
        "(see above)",
    ],
)
def test_a_very_long_text_takes_no_time(text):
    with cpu_limit(3):
        assert math.grade(text, "\\frac{1}{7}").score == number_grader.grade(text, "77").score == 0


def test_boxes():
    assert boxed("\\boxed{a\\{b}") == "a\\{b"
    assert boxed("\\boxed{\\boxed{3}}") == "3"
    assert boxed("none") is None


MATHS = st.text("0123456789+-*/^=(){}[]\\$.,abxyπ√ ", max_size=60)
WORDS = st.lists(
    st.sampled_from("so we get 3 and $x=2$ then \\boxed{7} or 4.5 answer is".split()), max_size=30
)


@settings(max_examples=150)
@given(text=st.text(max_size=200) | MATHS | MATHS.map("\\boxed{{{}}}".format))
def test_no_text_raises(text):
    for grader, gold in ((number_grader, "5"), (math, "\\frac{1}{2}"), (math, "x^2+1")):
        grade = grader.grade(text, gold)
        assert grade.score in (0.0, 1.0)
        assert len(grade.extracted) <= 200


@settings(max_examples=60)
@given(padding=WORDS, answer=st.sampled_from(["\\frac{3}{7}", "11\\sqrt{2}", "(1, 2)", "-5", "x^2 + 1"]))
def test_what_stands_before_a_marked_answer_changes_nothing(padding, answer):
    before = " ".join(padding) + " .\n"
    assert expression_answer(f"{before}\\boxed{{{answer}}}") == answer
    if "\\boxed" not in before:
        assert expression_answer(f"{before}The answer is ${answer}$.") == answer


@settings(max_examples=60)
@given(
    value=st.integers(-(10**7), 10**7),
    form=st.sampled_from(
        ["{}", "{:,}", "${}", "\\${:,}", "{}.00", "{}.", "**{}**", "{} dollars", "{}\\text{{ cm}}", " {} "]
    ),
    frame=st.sampled_from(["\\boxed{{{}}}", "The answer is {}", "Answer: {}", "#### {}", "so it is {}"]),
)
def test_every_way_to_write_a_right_number_is_right(value, form, frame):
    assert number_grader.grade("2 + 2 = 4.\n" + frame.format(form.format(value)), str(value)).score == 1
    assert number_grader.grade("2 + 2 = 4.\n" + frame.format(form.format(value)), str(value + 1)).score == 0


@settings(max_examples=60)
@given(st.integers(-99, 99), st.integers(1, 99))
def test_a_fraction_equals_itself_in_every_form(top, bottom):
    forms = [
        f"{top}/{bottom}",
        f"\\frac{{{top}}}{{{bottom}}}",
        f"$\\dfrac{{{top}}}{{{bottom}}}$",
        f"x = {top}/{bottom}",
    ]
    assert all(equal(f"\\frac{{{top}}}{{{bottom}}}", form) for form in forms)
    assert not any(equal(f"\\frac{{{top + bottom}}}{{{bottom}}}", form) for form in forms)
