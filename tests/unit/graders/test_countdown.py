"""Countdown: in which forms an expression is read, and what offers more or less than one."""

import json
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.graders import countdown

RIGHT = "8*3+4", [8, 3, 4], 28


def score(completion: str, numbers: list[int] = RIGHT[1], target: int = RIGHT[2]) -> float:
    return countdown.grade(completion, json.dumps({"numbers": numbers, "target": target})).score


@pytest.mark.parametrize(
    "statement",
    """8 x 3 + 4|8 X 3+4|8x3+4|8 · 3 + 4|8 ⋅ 3 + 4|8 ∙ 3 + 4|8 • 3 + 4|8×3+4|8✕3+4|8 ∗ 3 + 4|8 ＊ 3 ＋ 4
８*３+４|（８＊３）＋４|8\\*3 + 4|8 \\times 3 + 4|\\(8 * 3 + 4\\)|\\( 8 \\cdot 3 + 4 = 28 \\)|\\[8*3+4\\]
$8 * 3 + 4$|$$8*3+4$$|$8*3$ + 4|\\left(8 \\times 3\\right) + 4|\\bigl(8 * 3\\bigr) + 4
\\text{8 * 3 + 4}|\\mathbf{8*3+4}|\\boxed{8*3+4}|$\\boxed{8*3+4=28}$|"8 * 3 + 4"|'8 * 3 + 4'
“8 * 3 + 4”|‘8 * 3 + 4’|«8*3+4»|`8*3+4`|```8*3+4```|**8*3+4**|*8*3+4*|__8*3+4__|**`8*3+4`**|8*3+4,
8*3+4;|8*3+4.|8*3+4.**|<8*3+4>|<b>8*3+4</b>|<expression>8*3+4</expression>|[8*3+4]|{8*3+4}
[8 * 3] + 4|8*3+4<br>|8*3+4 = 28.|28 = 8*3+4|8*3+4 = 24+4 = 28|8*3+4 -> 28|8*3+4 ✓
8*3+4, which equals 28|8*3+4 equals 28.|8*3+4 is 28|8*3+4 (uses all numbers)|8*3+4 (uses 8, 3 and 4)
8*3+4 (= 28)|(8*3)+4 (which is 28)|8*3+4 [each number once]|8*3+4, since 8*3 = 24 and 24+4 = 28
8*3+4. It uses all numbers.|8*3+4 - this uses all numbers|8*3+4 – as asked|8*3+4, not 8+3+4
8*3+4 (not 8+3+4)|not 8+3+4 but 8*3+4|8*3+4 rather than 8+3+4|8*3+4 or 4+8*3|8*3+4 or 28
The expression is 8*3+4.|we can use 8*3+4|The answer is 8*3+4|((8)*(3))+(4)""".replace("\n", "|").split("|"),
)
@pytest.mark.parametrize("form", ["answer: {}", "I think.\n**Answer:** {}\n\nThat is all."])
def test_a_statement_is_read(statement, form):
    assert score(form.format(statement)) == 1


@pytest.mark.parametrize(
    "completion",
    [
        "Final Answer:\n<answer>8*3+4</answer>",
        "**Final Answer: <answer> 8 * 3 + 4 </answer>**",
        "<think>the answer is: 8</think><answer>8*3+4</answer>",
        "the answer is: 8</think>\n\nanswer: 8*3+4",
        "<THINK>answer: 4</THINK>\n<Answer>\n8*3+4\n</Answer>",
        "<answer>8*3+4",
        "<answer>\\boxed{8*3+4}</answer>",
        "<answer>answer: 8*3+4</answer>",
        "**Answer**: 8*3+4",
        "**Final Answer**\n8*3+4",
        "### Final Answer\n\n8*3+4",
        "### Answer:\n\n$$\n8*3+4\n$$",
        "Final answer: \n\\[\n8 \\times 3 + 4\n\\]",
        "Answer：8*3+4",
        "answer = 8*3+4",
        "*Answer:* *8*3+4*",
        "“answer: 8*3+4”",
        "answer:\n```\n8 * 3 + 4\n```",
        "answer: ```python\n8 * 3 + 4\n```",
        "```text\n8 * 3 + 4\n```",
        "So the answer is 8*3+4.",
        "Final Answer: The final answer is $8*3+4$. I hope it is correct.",
        "answer: 8\u00a0*\u00a03\u202f+\u20094\u200b",
        "answer: 8+3+4\nNo, that is 15.\nanswer: 8*3+4",
        "answer: 8+3+4\nSo \\boxed{8*3+4}",
        "\\boxed{8+3+4} is 15.\nanswer: 8*3+4",
        "First \\boxed{8*3} and then\n\\boxed{8*3+4}.",
        "The answer is not 8+3+4.\nThe answer is 8*3+4.",
        "answer: **8*3+4** = 28 (8 * 3 = 24, 24 + 4 = 28)",
        "answer: `8*3+4` = 28",
        "answer: 8*3+4 (8*3 = 24, 24+4 = 28)",
        "answer: 8*3+4 -> 24 + 4 -> 28",
        "answer: 8+3+4, or rather 8*3+4",
        "answer: • 8*3+4",
        "<answer>8*3+4</answer><|endoftext|>",
        "Solution: 8*3+4",
        "answer: 8*3+4</s>",
        "answer: 8*3+4 🎉",
        "So one valid expression is **8 × 3 + 4 = 28**.",
        "So the expression that equals 28 is 8 * 3 + 4.",
        "One way to reach 28 is 8 * 3 + 4",
        "Using the numbers 8, 3 and 4: 8 * 3 + 4 = 28",
        "answer: 8*3+4, maybe not the only one",
        "answer: 8*3+4 and then we are done",
    ],
)
def test_the_last_statement_is_read(completion):
    assert score(completion) == 1


@pytest.mark.parametrize(
    "statement, numbers, target",
    [
        ("8 * 3 – 4", [8, 3, 4], 20),
        ("8 * 3 — 4", [8, 3, 4], 20),
        ("8 * 3 − 4", [8, 3, 4], 20),
        (r"\frac{6}{3} + 5", [3, 5, 6], 7),
        (r"$\dfrac{6 + 3}{9}$", [3, 6, 9], 1),
        (r"\frac{\frac{8}{2}}{4}", [2, 4, 8], 1),
        (r"2 \times \frac{6}{3}", [2, 3, 6], 4),
        ("6 ÷ 3 + 5", [3, 5, 6], 7),
        ("6 ∕ 3 + 5", [3, 5, 6], 7),
        ("6⁄3 + 5", [3, 5, 6], 7),
        (r"6 \div 3 + 5", [3, 5, 6], 7),
        ("5 * 3 + 2 (uses all numbers)", [2, 3, 5], 17),
    ],
)
def test_other_signs(statement, numbers, target):
    assert score(f"answer: {statement}", numbers, target) == 1


OFFERS = """A or B|B or A|either A or B|A, B|B, A|A; B|A and B|both A and B|between A and B|between B and A
A / B|A | B|A & B|A (or B)|A (alternatively B)|A, or maybe B|A or simply B|A = 28 or B = 15
A = 28; B = 15|A = B|B = A|A works, or B|A (another is B)|15 or A|15, A|A or 15|A, 15
\\boxed{A} or \\boxed{B}|\\boxed{B} or \\boxed{A}|\\boxed{B}, \\boxed{A}|\\boxed{A} or B
B or \\boxed{A}|A or answer: B|B or the answer: A|<answer>B</answer> or <answer>A</answer>
<answer>B</answer>, <answer>A</answer>|<answer>B</answer> and <answer>A</answer>|not A|not A but B
B rather than A"""


@pytest.mark.parametrize(
    "offer", [offer for line in OFFERS.replace("A | B", "A ¦ B").splitlines() for offer in line.split("|")]
)
@pytest.mark.parametrize("form", ["answer: {}", "The answer is {}", "{}"])
def test_two_offered_expressions_are_none(offer, form):
    offer = offer.replace("¦", "|").replace("A", "8*3+4").replace("B", "8+3+4")
    assert score(form.format(offer)) == 0


@pytest.mark.parametrize(
    "statement",
    """8²|8*3+4²|8*3+4!|8*3+4%|+8*3+4|-8*3+-4|1.8*3+4|0.8*3+4|8*3+4.0|8e0*3+4|sqrt(8)*3+4|abs(8)*3+4|√8*3+4
½8*3+4|8½*3+4|8*3+4½|8*3+4 if 1 else 0|8*3+4 # 5|8*3+4 +|8*3+4-0|8*3*1+4|8*3+4+0|8**3+4|8^3+4|8*3+40
8*3//1+4|(8*3+4|8*3+4)(|8_*3+4|8<sup>1</sup>*3+4|8*3+4 mod 30|lambda: 8*3+4|sum([8*3,4])|8*3|28
minus 8*3+4|the root of 8*3+4|8*3+④|٨*3+4|8*3+4 apples|(8)(3)+4|8 3+4|8,3+4|\\sqrt{8}*3+4|8^{1}*3+4
\\frac{8}{1}*3+4|8*3+4*2/2|__import__('os')|8*3+0x4|8*3+04|8*3+4j|9**9**9|1;8*3+4""".replace("\n", "|").split(
        "|"
    ),
)
def test_what_is_no_expression_of_the_numbers(statement):
    assert score(f"answer: {statement}") == 0


@pytest.mark.parametrize(
    "completion",
    [
        "<think>answer: 8*3+4</think> I do not know.",
        "answer: 8*3+4\nanswer: 8+3+4",
        "answer: 8*3+4\n\\boxed{8+3+4}",
        "<answer>8*3+4</answer>\n<answer>8+3+4</answer>",
        "It cannot be 8*3+4.",
        "The answer is not 8*3+4.",
        "8*3+4 is not it, so answer:",
        "answer:\n8*3+4\nor\n8+3+4",
        "answer: 8*3 = 24, 24 + 4 = 28",
        "answer: 8 times 3 plus 4",
        "answer: 8*3+4 (maybe 8+3+4)",
        "answer: 8*3+4, could be 8+3+4",
        "answer: 8*3+4 and then 8+3+4",
    ],
)
def test_what_is_not_the_last_statement_does_not_count(completion):
    assert score(completion) == 0


def expressions(numbers: tuple[int, ...]) -> st.SearchStrategy[str]:
    def combined(order: tuple[int, ...]) -> st.SearchStrategy[str]:
        operators = st.lists(st.sampled_from("+-*/"), min_size=2, max_size=2)
        shapes = st.sampled_from(["{0} {3} {1} {4} {2}", "({0} {3} {1}) {4} {2}", "{0} {3} ({1} {4} {2})"])
        return st.builds(lambda shape, signs: shape.format(*order, *signs), shapes, operators)

    return st.sampled_from(list(permutations(numbers))).flatmap(combined)


@settings(max_examples=150)
@given(
    pair=st.tuples(expressions((7, 3, 4)), expressions((7, 3, 4))),
    joined=st.sampled_from(
        ["{} or {}", "{} and {}", "{}, {}", "between {} and {}", "{}; {}", "{} (or {})", "either {} or {}"]
    ),
    form=st.sampled_from(["answer: {}", "<answer>{}</answer>", r"\boxed{{{}}}", "Final Answer:\n**{}**"]),
    earlier=st.sampled_from(["", "answer: 7 + 3 + 4\n", "I tried 7 * 3 or 4.\n"]),
)
def test_two_values_never_pay_and_one_always_does(pair, joined, form, earlier):
    one, other = (countdown.evaluate(expression) for expression in pair)
    if one is None or one[0].denominator != 1:
        return
    target = int(one[0])
    assert score(earlier + form.format(pair[0]), [3, 4, 7], target) == 1
    assert score(earlier + form.format(f"{pair[0]}, not {pair[1]}"), [3, 4, 7], target) == 1
    if other is None or other[0] != target:
        assert score(earlier + form.format(joined.format(*pair)), [3, 4, 7], target) == 0
        assert score(earlier + form.format(joined.format(*pair[::-1])), [3, 4, 7], target) == 0
