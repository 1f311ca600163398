"""Solutions: what makes another one and what does not, by hand and on the references of a benchmark."""

import re
import textwrap

import pyarrow.parquet as pq
import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.cpu_limit import cpu_limit
from hypothesis import given
from hypothesis import strategies as st

from tms.experiments.solutions import LONGEST, solution, solution_class

SAME = {
    "48 / 2 24 48 + 24 72": [
        "48/2=24\n48+24=72",
        "48 / 2 = 24. 48 + 24 = 72.",
        "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nIn all 48+24 = <<48+24=72>>72 clips.\n#### 72",
        "**Step 1:** she sold 48 ÷ 2 = 24 clips.\n\n2. So she sold 48 + 24 = **72**.\n\nThe answer is 72.",
        r"In May: $\frac{48}{2}=24$. Then \[48 + 24 = \boxed{72}\]",
        "48 divided by 2 is 24. 48 plus 24 is equal to 72",
        "48 clips / 2 = 24 clips, and 48 red clips + 24 blue clips = 72 clips!",
        "- 48 / 2 = 24\n- 48 + 24 = 72",
        "* 48 divided by 2 is 24\n* 48 plus 24 is 72",
        "Of 48 clips half: 48/2 = 24. So 48+24 = 72. As I said, 48/2 = 24, so it is 72 by June 30.",
        "４８÷２＝２４，４８＋２４＝７２",
        "48.0/2 = 24.00 and 048 + 24 = 72",
        "48/2 = 24 clips and 48 + 24 = 72 clips and 48/2 = 24 as said",
    ],
    "1000 * 3 3000": [
        "1,000 * 3 = 3,000",
        "1{,}000 × 3 = 3000",
        r"1\,000 \cdot 3 = 3000.0",
        "1000 x 3 = 3000",
    ],
    "+ 3 7": ["x + 3 = 7 ⇒ x = 4", r"x + 3 = 7 \implies x = 4", "x + 3 = 7, so x = 4", "x + 3 → 7"],
    "60 * 2 120": ["60 * 2 = 120", "60 km/h * 2 h = 120 km", "60 m/s × 2 s is 120 m"],
    "2 ^ 3 8": ["2^3 = 8", "2**3 = 8", "2³ = 8", "2^{3} is 8", "2 cubed is 8"],
    "1 / 2 + 1 / 3 5 / 6": ["1/2 + 1/3 = 5/6", r"\frac12 + \dfrac{1}{3} = \tfrac{5}{6}", "½ + 1/3 = 5/6"],
    "^ 2 + 1 / 3 5": [r"\frac{x^{2}+1}{3} = 5", "(y^2 + 1)/3 = 5"],
    "20 % * 50 10": ["20% of 50 = 10", "20 percent of 50 is 10", "20% × 50 = 10"],
    "sqrt 16 4": ["√16 = 4", r"\sqrt{16} = 4", "sqrt(16) = 4"],
    "5 ! 120": ["5! = 120", "(5)! = 120"],
    "6 * 5 + 5": ["try 5 : need 30 40 7 , have 11 1 30 , 30 fits . answer : 6 * 5 + 5", "answer: (6*5)+5"],
    "3 * - 2 + 7 1": ["3 * -2 + 7 = 1", "3 × (−2) + 7 = 1"],
}


@pytest.mark.parametrize("expected, text", [(key, text) for key, texts in SAME.items() for text in texts])
def test_wording_layout_and_spelling_make_no_other_solution(expected, text):
    assert " ".join(solution(text)) == expected


OTHERS = [
    "48 / 2 = 24, 48 + 24 = 72",
    "48 * 2 = 24, 48 + 24 = 72",  # another operation
    "48 / 2 = 24, 48 + 25 = 72",  # another number
    "48 / 2 = 24, 24 + 48 = 72",  # another order of numbers
    "48 + 24 = 72, 48 / 2 = 24",  # and of steps
    "48 / 2 = 24",
    "48 / -2 = 24, 48 + 24 = 72",
    "4.8 / 2 = 24, 48 + 24 = 72",
    "72",
    "",
]


def test_another_operation_number_or_order_makes_one():
    assert len({solution_class(text) for text in OTHERS}) == len(OTHERS)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("answer : 47", "47"),
        ("half of 48 is 24", "48 24"),  # said in words alone: its numbers are all there is
        ("We get 12! A two-step plan and/or 3 m/s.", "12 3"),
        ("x = -3", "3"),
        ("no number at all", ""),
    ],
)
def test_without_a_formula_the_numbers_count(text, expected):
    assert " ".join(solution(text)) == expected


def test_a_sign_at_the_start_of_a_line_goes_on_or_is_a_bullet():
    assert solution("y = 20\n- 3 + 1") == solution("y = 20 - 3 + 1")
    assert solution("Given:\n- 5 + 1 = 6\n- 6 * 2 = 12") == solution("5 + 1 = 6. 6 * 2 = 12")


NUMBERS = st.integers(0, 10**6)
STEPS = st.lists(
    st.tuples(NUMBERS, st.sampled_from("+-*/^"), NUMBERS, NUMBERS), min_size=1, max_size=5, unique=True
)


@given(
    STEPS, st.lists(st.sampled_from(["so we", "Then", "and thus", "we find that"]), min_size=5, max_size=5)
)
def test_the_sequence_of_any_steps_is_read_back(steps, said):
    """Each step is a formula of three numbers; words and line breaks are between them."""
    expected = [text for a, sign, b, c in steps for text in (str(a), sign, str(b), str(c))]
    shown = [f"{word} {a}{sign}{b}={c}." for (a, sign, b, c), word in zip(steps, said, strict=False)]
    assert list(solution(" ".join(shown))) == expected
    spaced = [
        f"{word}\n\n$ {a} {sign} {b}  =  {c} $ ."
        for (a, sign, b, c), word in zip(steps, said[::-1], strict=False)
    ]
    assert list(solution("\n".join(spaced))) == expected


@given(st.text(max_size=300))
def test_any_text_has_a_solution_of_numbers_and_operations(text):
    assert all(part.strip() == part and part for part in solution(text))


@pytest.mark.parametrize(
    "part",
    [
        "<<",
        r"\frac{",
        "(",
        "9",
        "1,",
        "- ",
        "\n- ",
        "+",
        "a ",
        "1 a",
        "1(",
        "x 1 ",
        "**",
        "1**",
        r"\,000",
        "<<1",
    ],
)
def test_hostile_text_takes_bounded_work(part):
    with cpu_limit(5):
        solution(part * (2 * LONGEST // len(part)))


def test_what_is_beyond_the_limit_does_not_count():
    assert solution("1 + 2 = 3. " + "a" * LONGEST + " 4 * 5 = 20") == ("1", "+", "2", "3")


@needs_data
def test_reference_solutions_keep_theirs_under_other_white_space():
    """GSM8K's: a line each, or wrapped; a wrapped line that starts with a sign may look like a bullet."""
    answers = pq.read_table(DATA / "gsm8k/main/test-00000-of-00001.parquet")["answer"].to_pylist()[:400]
    own = [solution(text) for text in answers]
    assert min(map(len, own)) > 2
    assert [solution(re.sub(r"[ ]+", "  ", text)) for text in answers] == own
    assert [solution(text.replace(" ", "\n")) for text in answers] == own
    wrapped = [
        "\n".join(textwrap.wrap(t, 60, break_long_words=False, break_on_hyphens=False)) for t in answers
    ]
    same = sum(solution(text) == one for text, one in zip(wrapped, own, strict=True))
    assert same / len(own) > 0.95
    assert len(set(own)) > 0.98 * len(own)
