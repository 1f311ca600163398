"""Where a completion states its final answer, and what of it is no part of the answer."""

import pytest

from tms.answers.final_answer import affirmed, final_answer, spoken, unwrapped
from tms.graders import chain, facts, lookup, qa

GRADERS = {"qa": (qa, "Paris", "London"), "facts": (facts, "moss", "fern"), "chain": (chain, "36", "35")}


@pytest.mark.parametrize(
    "completion, answer",
    [
        ("no marker", None),
        ("answer : 3\nanswer: 4 \n5", "4"),
        ("The Answer is: 4", "4"),
        ("**Answer**: 4", "4"),
        ("**Final Answer**\n\n4", "4"),
        ("Answer (in days): 4", "4"),
        ("Answer to the question is: 4", "4"),
        ("the answer is 4, I think", "4, I think"),
        ("the answer is not 4", None),
        ("the answer is correct", None),
        ("答案：4", "4"),
        ("<answer> 4 </answer> Done.", "4"),
        ("<answer>3\nso 4\n</answer>", "so 4"),
        ("<answer>4\nas 2 + 2 = 4", "4"),
        ("answer: \\boxed{4}", "4"),
        ("answer: so $x = \\boxed{4}$.", "4"),
        ("answer: 3\n\\boxed{4}", "4"),
        ("\\boxed{3}\nanswer: 4", "4"),
        ("\\boxed{3} or \\boxed{4}", "3 or 4"),
        ("\\boxed{3}, \\boxed{4}", "3, 4"),
        ("answer: \\boxed{3} or 4", "3 or 4"),
        ("answer: 3 or the answer: 4", "3 or the 4"),
        ("<answer>3</answer> or <answer>4</answer>", "3  or 4"),
        ("Answer: The answer is 4. I hope it is correct.", "4"),
        ("answer:\n```\n4\n```", "4"),
        ("answer:", ""),
    ],
)
def test_the_last_statement(completion, answer):
    assert final_answer(completion) == answer


@pytest.mark.parametrize(
    "completion, text",
    [
        ("<think>a</think>b", "\nb"),
        ("a</think>b", "b"),
        ("<think>a<think>b</think>c</think>d", "d"),
        ("x<Thinking>a</Thinking>b<think>c</think>d", "x\nb\nd"),
        ("<think>a", "<think>a"),
    ],
)
def test_thoughts_are_left_out(completion, text):
    assert spoken(completion) == text


@pytest.mark.parametrize(
    "text",
    [
        "**x y**",
        "“x y”",
        "'x y'",
        " x y. ",
        "`x y`;",
        "$x y$",
        "\\(x y\\)",
        "\\text{x y}",
        "<b>x y</b>",
        "<x y>",
        "**“x y.”**",
        "> x y",
        "# x y",
        "$\\boxed{\\text{x y}}$.",
        "x\u00a0y",
        "ｘ\u3000ｙ",
        "x\u200b y",
        "__x y__,",
    ],
)
def test_signs_around_an_answer_are_taken_off(text):
    assert unwrapped(text) == "x y"


@pytest.mark.parametrize(
    "text", ["8²", "2½", "a * b", "$1$ + $2$", "(x)", "[-1, 4]", "x_1^2", "1 < 2 > 1", "\\{1\\}"]
)
def test_nothing_else_is_taken_off(text):
    assert unwrapped(text) == text


@pytest.mark.parametrize(
    "text, said",
    [
        ("Paris, not London", "Paris"),
        ("Paris (not London)", "Paris"),
        ("Paris rather than London", "Paris"),
        ("not London but Paris", "Paris"),
        ("London, or rather Paris", "Paris"),
        ("London. No, wait: Paris", "Paris"),
        ("not London", ""),
        ("Nottingham", "Nottingham"),
    ],
)
def test_denied_values_are_no_part(text, said):
    assert affirmed(text) == said


@pytest.mark.parametrize("kind", GRADERS)
@pytest.mark.parametrize(
    "completion",
    [
        "<answer>A</answer>",
        "Final Answer:\n<answer>A</answer>",
        "**Final Answer: <answer> A </answer>**",
        "<think>answer: B</think>A",
        "answer: <A>",
        "answer: “A”.",
        "**Answer**: *A*",
        "### Answer\nA",
        "The answer is A.\nI hope this helps.",
        "answer: B or A?\nanswer: A",
        "answer: A, not B",
        "answer: A (not B)",
        "answer: not B but A",
    ],
)
def test_every_grader_reads_the_statement(kind, completion):
    grader, gold, other = GRADERS[kind]
    assert grader.grade(
        completion.replace("A", gold).replace("B", other).replace(f"{gold}nswer", "Answer"), gold
    ).score


@pytest.mark.parametrize("kind", GRADERS)
@pytest.mark.parametrize(
    "offer", ["{} or {}", "{} and {}", "{}/{}", "either {} or {}", "between {} and {}", "{}, or {}"]
)
@pytest.mark.parametrize(
    "form", ["answer: {}", "Final Answer:\n<answer>{}</answer>", "\\boxed{{{}}}", "The answer is {}."]
)
def test_two_values_are_no_answer(kind, offer, form):
    grader, gold, other = GRADERS[kind]
    for pair in ((gold, other), (other, gold)):
        assert grader.grade("answer: x\n" + form.format(offer.format(*pair)), gold).score == 0


def test_two_values_behind_a_comma():
    assert chain.grade("answer: 36, 35", "36").score == facts.grade("answer: moss, fern", "moss").score == 0
    assert chain.grade("36 , 35", "35").score == 0
    assert chain.grade("36 , or rather 35", "35").score == 1  # a correction
    assert chain.grade("answer: 36 35", "36").score == chain.grade("answer: 36 apples or 35", "36").score == 0
    assert chain.grade("answer: 36 apples in 3 boxes", "36").score == 1
    assert chain.grade("answer: 36 in 3 boxes", "36").score == 1
    assert chain.grade("it is not 12 . it makes 36", "36").score == 1
    # One place, whose words F1 counts as the official script does.
    assert qa.grade("answer: Chicago, Illinois", "Chicago").score == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "completion, score",
    [
        ("barn and mill", 1),
        ("barn or mill", 0),
        ("barn or farm , mill", 0),
        ("farm / barn , mill", 0),
        ("barn , farm , mill", 0),
        ("<answer>barn , mill</answer>", 1),
        ("barn , mill , not farm", 1),
    ],
)
def test_lookup_takes_one_word_a_chain(completion, score):
    assert lookup.grade(completion, "barn mill").score == score


@pytest.mark.parametrize(
    "stated, gold, f1",
    [
        ("Guthred or Guthfrith", "Guthred or Guthfrith", 1),
        ("Guthred", "Guthred or Guthfrith", 0.5),
        ("Simon and Garfunkel", "Garfunkel", 0),
        ("Barack Obama", "Obama", 2 / 3),
        ("AC/DC", "AC/DC", 1),
        ("London, Paris or Rome", "Paris", 0),
        ("American Samoa, but not Guam", "American Samoa, but not Guam", 1),
    ],
)
def test_alternatives_of_a_short_answer(stated, gold, f1):
    assert qa.grade(f"answer: {stated}", gold).score == pytest.approx(f1)


@pytest.mark.parametrize("more", range(12))
def test_the_end_of_a_long_text_begins_behind_a_whole_word(more):
    """Cut through "pick" a text began with "k", and a question with this label had its answer."""
    words = spoken("I pick " * 5_000 + "x" * more).split()
    assert {*words[:-1]} == {"I", "pick"}
