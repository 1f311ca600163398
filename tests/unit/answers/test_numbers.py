"""Numbers of GSM8K and MATH: how they are written, and statements that offer several of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.answers.math_text import number
from tms.answers.numerals import plain
from tms.graders import math
from tms.graders import number as grader

WHOLE = "The answer is {}."


@pytest.mark.parametrize(
    "completion, answer",
    [
        ("2 1/2 hours", "2.5"),
        ("2½ hours", "2.5"),
        ("The answer is 2 ½.", "2.5"),
        ("#### 2⅔", "8/3"),
        ("The answer is $2\\tfrac{1}{2}$ hours", "2.5"),
        ("The answer is 2 and a half hours.", "2.5"),
        ("The answer is 2 and 1/2 hours.", "2.5"),
        ("\\boxed{1⁄2}", "0.5"),
        ("12 000 dollars", "12000"),
        ("12\u202f000", "12000"),
        ("#### 12\u00a0000\u00a0000", "12000000"),
        ("\\boxed{12\\,000}", "12000"),
        ("\\boxed{12~000.50}", "12000.5"),
        ("1e3", "1000"),
        ("The answer is 1.5E+3.", "1500"),
        ("The answer is １２．", "12"),
        ("#### １，２００", "1200"),
        ("答案 is ٣", "3"),
        ("The answer is $12.50", "12.5"),
        ("The answer is 12 dollars and 50 cents.", "12.5"),
        ("The answer is __12__.", "12"),
        ("The answer is 50%.", "50"),
        ("The answer is 50%.", "0.5"),
        ("The answer is 3:00 p.m.", "3"),
        ("The answer is -5 degrees", "-5"),
        ("The answer is −5°", "-5"),
        ("The answer is 12, not 20.", "12"),
        ("The answer is 12 rather than 20.", "12"),
        ("The answer is not 20 but 12.", "12"),
        ("The answer is 12 and not 20 or 30.", "12"),
        ("The answer is 15. The answer is not 12.", "15"),
        ("The answer is 12, or rather 20.", "20"),
        ("The answer is 12 or 12.0.", "12"),
        ("\\boxed{12.5} or \\boxed{25/2}", "12.5"),
        ("The answer is 20. No: the answer is 12.", "12"),
        ("Either 20 or 12. The answer is 12.", "12"),
        ("It is 12 or 20 at first.\n#### 12", "12"),
        ("I try \\boxed{20}. The answer is \\boxed{12}.", "12"),
        ("She has 20 boys and 12 girls.", "12"),
        ("By day 5, 20 apples are left.", "20"),
        ("<think>12 or 20?</think><answer>12</answer>", "12"),
        ("The answer is 3 * 4 + 5.", "17"),
        ("The answer is 6 * 2 = 12, since 3 + 3 = 6.", "12"),
        ("The answer is 3 million.", "3000000"),
        ("The answer is $1.5 million.", "1.5"),
        ("The answer is 1.2 x 10^3", "1200"),
        ("The answer is √16.", "4"),
        ("\\boxed{3 \\cdot 4 + 5}", "17"),
        ("The answer is 12</s>", "12"),
        ("The answer is 12 (twelve).", "12"),
        ("The answer is 12; otherwise they could not share.", "12"),
        ("The answer is 12. Or, in words, twelve.", "12"),
        ("The answer is 12 (maybe even less).", "12"),
        ("The answer is 12 to be exact.", "12"),
        ("The answer is 12. Alternatively, one counts 4 by 4.", "12"),
    ],
)
def test_a_number_is_read(completion, answer):
    assert grader.grade(completion, answer).score == 1


@pytest.mark.parametrize(
    "completion, answers",
    [
        ("\\boxed{12 \\text{ and } 20}", "12 20"),
        ("\\boxed{12, 20}", "12 20 1220"),
        ("\\boxed{12 \\quad 20}", "12 20 1220"),
        ("\\boxed{12} or 20", "12 20"),
        ("12 or \\boxed{20}", "12 20"),
        ("The answer is 12 or 20.", "12 20"),
        ("The answer is 12 or\n20.", "12 20"),
        ("The answer is either 12 or maybe even 20.", "12 20"),
        ("The answer is 12 apples or 20 apples.", "12 20"),
        ("The answer is $12/$20.", "12 20"),
        ("The answer is x = 12 or x = 20.", "12 20"),
        ("The answer is 5 + 7 = 12 or 5 + 15 = 20.", "12 20"),
        ("The answer is 1,200 or 1,300", "1200 1300"),
        ("The answer is 12, 20, or 30", "12 20 30"),
        ("#### 12 20", "12 20 1220"),
        ("between 12 and 20", "12 20"),
        ("The answer is 12–20 days.", "12 20"),
        ("The answer is 12 to 20.", "12 20"),
        ("The answer is 12...20", "12 20"),
        ("The answer is 12 ± 8", "12 20 8"),
        ("so 12 or 20.", "12 20"),
        ("12, 20", "12 20"),
        ("The answer is 2 2/3.", "2 3 2/3"),
        ("#### 2 2/3", "2 3"),
        ("2½", "2 21 21/2 10.5 1/2"),
        ("The answer is 2 and a half hours.", "2 1/2"),
        ("The answer is 12 00.", "12 0 1200"),
        ("The answer is 1234 567.", "1234 567 1234567"),
        ("The answer is 12 34.", "12 34 1234"),
        ("The answer is 12 0000.", "12 120000"),
        ("The answer is 1, 200.", "1 200"),
        ("The answer is 8².", "8 82 2"),
        ("The answer is 1e3.", "1 3"),
        ("The answer is 3:30.", "3 30"),
        ("The answer is 2:1.", "2 1"),
        ("The answer is 10/12/2023.", "10 12 2023"),
        ("The answer is 12 dollars and 50 cents.", "12 50"),
        ("The answer is 2 hours and 30 minutes.", "2 30"),
        ("The answer is not 12.", "12"),
        ("Either the answer is 12 or the answer is 20.", "12 20"),
        ("The answer is 12. Or 20.", "12 20"),
        ("The answer is 12 <br> 20", "12 20"),
        ("The answer is 5 ft 6 in.", "5 6"),
        ("The answer is √16.", "16"),
        ("The answer is 12, not 20.", "20"),
        ("The answer is 12 (maybe 20).", "12 20"),
        ("The answer is 12 versus 20.", "12 20"),
        ("The answer is 12 vs. 20.", "12 20"),
        ("The answer is 12 as well as 20.", "12 20"),
        ("The answer is 12 — or 20.", "12 20"),
        ("The answer is 12... or 20.", "12 20"),
        ("The answer is 12? or 20?", "12 20"),
        ("The answer is 12 or most likely 20.", "12 20"),
        ("The answer is 12, or alternatively, 20.", "12 20"),
        ("The answer is 12; otherwise 20.", "12 20"),
        ("The answer is 12. Alternatively, the answer is 20.", "12 20"),
        ("so 12 and/or 20", "12 20"),
        ("The answer is 12. Alternatively, 20.", "12 20"),
        ("\\boxed{12} (or 20)", "12 20"),
        ("\\boxed{12}, 20", "12 20"),
        ("\\boxed{12} / 20", "12 20"),
        ("\\boxed{12}. Or \\boxed{20}.", "12 20"),
        ("so 12 or, maybe, 20", "12 20"),
        ("The answer is 12, or rather 20.", "12"),
        ("The answer is 3 * 4 + 5.", "3 4 5"),
    ],
)
def test_what_offers_several_values_or_another_is_wrong(completion, answers):
    assert [grader.grade(completion, answer).score for answer in answers.split()] == [0] * len(
        answers.split()
    )


def test_ascii_stands_for_other_signs_without_a_unicode_normalisation():
    assert plain("２½ ⅓ ٣ 8² −5") == "2 1/2 1/3 3 8² -5"
    assert number("8²") is None and number("2½") == number("5/2")
    assert number("1234 567") is None and number("1 234 567") == 1234567
    assert number("2 5/3") is None  # a mixed number's fraction is below one


FORMS = [
    "{}",
    "{:,}",
    "{:_}",
    "${}",
    "{}.0",
    "{} dollars",
    "**{}**",
    "{}%",
    "{}e0",
    "\\({}\\)",
    "\\text{{{}}}",
]


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from(FORMS), st.sampled_from("０\u00a0\u202f\u2009 "))
def test_a_number_is_read_exactly_however_it_is_written(value, form, sign):
    text = form.format(value).replace("_", sign if sign != "０" else " ")
    if sign == "０":
        text = text.translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    assert grader.grade(WHOLE.format(text), str(value)).score == 1
    assert grader.grade(f"\\boxed{{{text}}}".replace("\\(", "").replace("\\)", ""), str(value)).score == 1
    assert grader.grade(WHOLE.format(text), str(value + 1)).score == 0


VALUES = (
    st.integers(-999, 999)
    | st.fractions(0, 99, max_denominator=9)
    | st.integers(1000, 10**6).map("{:,}".format)
)
JOINS = [" or ", ", ", " and ", " / ", "; ", ", or ", " or maybe ", "\nor ", " to ", " and/or "]
FRAMES = ["The answer is {}.", "#### {}", "\\boxed{{{}}}", "Answer: {}", "**Final Answer:** {}", "{}"]
UNITS = ["{}", "{} apples", "${}$", "x = {}", "\\text{{{}}}"]


@settings(max_examples=60)
@given(
    st.lists(VALUES.map(str), min_size=2, max_size=3),
    *map(st.sampled_from, (JOINS, FRAMES, UNITS, [grader, math])),
)
def test_a_last_statement_that_offers_two_values_is_wrong_for_both(values, join, frame, unit, judge):
    bare = frame == "{}" and (unit != "{}" or join not in (" or ", ", or "))
    exact = [number(value) for value in values]
    one_number = join == " / " and (
        len(values) > 2 or {0, 1} & {*exact} or exact[0] == exact[1] ** 2
    )  # 4 / 2
    if len({*exact}) < len(values) or bare or one_number or (unit[0] == "$" and "boxed" in frame):
        return
    completion = "First 5 + 5 = 10.\n" + frame.format(join.join(map(unit.format, values)))
    assert [judge.grade(completion, value).score for value in values] == [0] * len(values)
    ended = completion + f"\nNo. The answer is {values[0]}, not {values[1]}."
    if "boxed" not in frame:
        assert judge.grade(ended, values[0]).score == 1
        assert judge.grade(ended, values[1]).score == 0
