"""One spelling for each LaTeX command and sign, a case for each way that answers are written."""

import pytest

from tms.answers.math_text import normal_form, tidy, without_name, without_units


@pytest.mark.parametrize(
    "text, expected",
    [
        (r"11,\! 111{,}100", "11,111,100"),
        (r"3{,}000", "3,000"),
        (r"\\frac{1}{2}", r"\frac{1}{2}"),  # escaped twice
        (r"a\!b", "ab"),
        (r"x != 3", r"x\ne  3"),
        (r"x\neq 3", r"x\ne  3"),
        (r"1\,000\;m", "1 000 m"),
        (r"\dfrac{1}{2}+\tfrac34", r"\frac{1}{2}+\frac{3}{4}"),
        (r"\left(1,\bigg|2\right)", "(1,|2)"),
        (r"\displaystyle 5", "5"),
        (r"1\quad 2", "1   2"),
        (r"\mbox{cm}\textbf{A}\mathrm{B}", r"\text{cm}\text{A}\text{B}"),
        (r"x\leq 3\leqslant y", r"x\le 3\le y"),
        (r"x\geq 3\geqslant y", r"x\ge 3\ge y"),
        (r"\varnothing", r"\emptyset"),
        (r"5\blacksquare", "5"),
        ("sqrt(2)", r"\sqrt{2}"),
        ("2pi", r"2\pi"),
        (r"\frac12 \frac{1}2 \sqrt2", r"\frac{1}{2} \frac{1}{2} \sqrt{2}"),
        ("−5 × 10²", r"-5 \times  10^2"),
        ("x ≤ ∞", r"x \le  \infty"),
        ("2**3", "2^3"),
        (r"\(5\)", "5"),
        ("**5**", "5"),
        (r"\$5.", "5"),
    ],
)
def test_one_spelling(text, expected):
    assert tidy(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        (r"45^\circ", "45"),
        (r"45^{\circ}", "45"),
        (r"45\degree", "45"),
        (r"50\%", "50"),
        (r"5\text{ cm}^2", "5"),
        ("5 cm^2", "5"),
        (r"3 \text{ and } 4", r"3 \text{ and } 4"),
        ("12 apples", "12"),
        ("2 squared", "2 squared"),
    ],
)
def test_units_are_left_out(text, expected):
    assert without_units(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        (r"3 \text{ and } 4", "3,4"),
        (r"3\text{or}4", "3,4"),
        (r"\text{Blue}", "blue"),
        ("(C)", "c"),
        (".5", "0.5"),
    ],
)
def test_the_form_that_is_compared(text, expected):
    assert normal_form(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [("x = 5", "5"), (r"f(x)=x^2", "x^2"), (r"x \in [1,2]", "[1,2]"), ("x = y = 5", "x = y = 5")],
)
def test_a_leading_name_is_left_out(text, expected):
    assert without_name(text) == expected
