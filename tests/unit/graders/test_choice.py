"""Multiple choice: which label a completion answers with."""

import json

import pytest
from helpers.cpu_limit import cpu_limit
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.graders import choice
from tms.graders.choice import extract

LETTERS, TEXTS = list("ABCD"), ["Paris", "London", "A dog", "Vitamin C"]
TEN, TEN_TEXTS = list("ABCDEFGHIJ"), [f"reason number {i}" for i in range(10)]
DIGITS = list("1234")
GOLD = json.dumps({"label": "C", "labels": LETTERS, "texts": TEXTS})


@pytest.mark.parametrize(
    "completion",
    [
        "answer: C",
        "The answer is (C).",
        "**Answer: C**",
        "Answer: **C**",
        "answer: C. A dog",
        "answer: C) A dog",
        "answer: C - A dog",
        "answer: (C) A dog",
        "answer: c",
        "answer:\nC",
        "Final Answer:\n\n**C**",
        "Answer: $C$",
        "Answer: \\(C\\)",
        "\\boxed{C}",
        "$\\boxed{\\text{C}}$",
        "\\boxed{\\text{(C) A dog}}",
        "C",
        "(C)",
        "[C]",
        "C. A dog",
        "The correct answer is C because it is.",
        "So the best option is C.",
        "I choose option C",
        "The answer is letter C",
        "The answer to the question is C.",
        "The answer is A dog.",
        "answer: A dog",
        "A dog",
        "answer: A\nWait. answer: C",
        "The answer is not A. The answer is C.",
        "A: no. B: no. C: yes. So the answer is C",
        "The answer is C.\n\nOption A is wrong since Paris. Option B is wrong.",
        "**Answer:** C) A dog\n\nExplanation: A is Paris, B is London.",
        "The answer is C (A dog), not D",
        "The answer is C, A dog",
        "It must be C, as I said.",
        "The answer is C. The worst option is B.",
        "The wrong answer is A. So: C",
        "Hence the answer is (C). (A, B) and (B, C) only.",
        "A. Paris - no.\nB. London - no.\n\nThe correct answer is:\n\nThe answer is C.",
        "A. Paris - no.\nC. A dog - yes.\n\nThe correct answer is:\n\n**C**",
        "The answer is definitely C, not A",
        "I think it is C, not B",
        "Among the options, (C) is the best; (A) is wrong.",
        "A and B are wrong. C is the right one. Option D fails because of X.",
        "C A dog\nas said",
        "因此，选项C是正确的，B是错的",
        "我选择C因为B不对",
        "C。不是B",
        "C.一只狗",
        "A cat is not a dog. So I choose C.",
        "I think it is (C).",
        "答案：C",
        "答案是C。",
        "选C",
        "（C）",
    ],
)
def test_the_label_is_found(completion):
    assert extract(completion, LETTERS, TEXTS) == "C"


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "answer:",
        "answer: E",
        "answer: (Z)",
        "answer: 3",
        "The answer is All of the above",
        "I don't know",
        "A good question.",
        "It is a dog in A house",
        "answer: A and B",
        "answer: A or C",
        "answer: A, B, or C",
        "A B C D",
        "A B C D " * 500,
        "A\nB\nC\nD",
        "(A)\n(B)\n(C)\n(D)\n" * 100,
        "answer: A answer: B answer: C answer: D",
        "The answer is A. The answer is B. The answer is C. The answer is D. " * 20,
        "So (A) is correct. (B) is correct. (C) is correct. (D) is correct.",
        "I pick A. I pick B. I pick C. I pick D.",
        "\\boxed{A} \\boxed{B} \\boxed{C} \\boxed{D}",
    ],
)
def test_no_single_label_of_the_row_is_no_answer(completion):
    assert extract(completion, LETTERS, TEXTS) == ""


@pytest.mark.parametrize(
    "completion, label",
    [
        ("The answer is A because of it", "A"),
        ("The answer is A.", "A"),
        ("answer: a", "A"),
        ("answer: A Paris", "A"),
        ("The answer is a dog", "C"),
        ("The answer is a cat", ""),
    ],
)
def test_a_is_an_article_and_a_label(completion, label):
    assert extract(completion, LETTERS, TEXTS) == label


@pytest.mark.parametrize(
    "completion, label",
    [
        ("the answer is I.", "I"),
        ("answer: I", "I"),
        ("I think the answer is I", "I"),
        ("I think that (I) holds", "I"),
        ("I am not sure. I would say J", "J"),
        ("answer: I think B", "B"),
        ("I believe that I can't", ""),
        ("The answer is reason number 7", "H"),
        ("answer: K", ""),
    ],
)
def test_i_is_a_pronoun_and_a_label(completion, label):
    assert extract(completion, TEN, TEN_TEXTS) == label


@pytest.mark.parametrize(
    "completion, label",
    [
        ("answer: 3", "3"),
        ("The answer is (3).", "3"),
        ("3", "3"),
        ("3. A dog", "3"),
        ("The answer is 4 because", "4"),
        ("answer: A dog", "3"),
        ("answer: C", ""),
        ("answer: 35", ""),
        ("answer: 3.5", ""),
        ("answer: 2 apples", ""),
        ("There are 3 dogs in 2 houses", ""),
        ("1. first\n2. second\n3. third", ""),
    ],
)
def test_digits_as_labels(completion, label):
    assert extract(completion, DIGITS, TEXTS) == label


def test_two_options_with_one_text_are_not_told_apart_by_it():
    assert extract("answer: same", ["A", "B", "C"], ["same", "Same", "other"]) == ""
    assert extract("answer: other", ["A", "B", "C"], ["same", "Same", "other"]) == "C"


def test_the_gold_label_scores_1():
    assert choice.METRIC == "accuracy"
    assert choice.grade("answer: C", GOLD).score == 1
    assert choice.grade("answer: B", GOLD).score == 0
    assert choice.grade("", GOLD) == choice.grade("nothing", GOLD)


OPTIONS = ["red fox", "lead pipe", "green tea", "blue sky"]
BALLS = ["a red ball", "a blue cube", "a green cone"]


@pytest.mark.parametrize(
    "completion",
    r"""\boxed{C or D}¦\boxed{A or B or C or D}¦\boxed{A/B}¦\boxed{A, B}¦\boxed{\text{A and B}}
\boxed{A} or \boxed{B}¦\boxed{A}, \boxed{B}¦\boxed{A} or B¦B or \boxed{A}¦either A or B¦both A and B
A or B¦A and B¦It is A or B.¦(A) or (B)¦A/B¦A, B¦A|B¦(A) and (B)¦Both (A) and (B) are correct.
Neither A nor B¦Answer: C D¦Answer: C, D¦Answer: C/D¦Answer: C & D¦Answer: (C) or (D)
The answer is either C or D¦The answer is between C and D¦The answer is C. D¦Answer: A and/or B
Answer: A (or B)¦Answer: A-D¦Answer: A to D¦Answer: A through D¦Answer: A+B¦answer: a or b
Answer: B C D¦Answer: A B C D¦Answer: a) red fox or b) lead pipe¦The answer is red fox or lead pipe
The answer is A. red fox or B. lead pipe¦Answer: ABCD¦<answer>A or B</answer>
<answer>A</answer> or <answer>B</answer>¦answer: A or answer: B¦The answer is A or the answer is B
Answer: [A, B]¦Answer: {A, B}¦The answer is A; B¦答案是A或B¦答案：A、B¦A和B都对¦I think it could be A or C.
So A, B.¦Answer: AB¦The best answer is []¦The best answer is [ ].¦The answer is ()¦Answer: []
The answer is: ____¦Answer: ?¦Answer: none¦We talk of A, then B, then C.\nThe best answer is []
I choose A. The best answer is []¦It must be A.\nThe answer is¦Options A, B and C fail.\nAnswer:
<answer></answer>¦<answer>None</answer>¦The answer is none of these¦The answer is (X).
(A) red fox (B) lead pipe (C) green tea (D) blue sky
A. red fox\nB. lead pipe\nC. green tea\nD. blue sky¦A is wrong.¦not A¦It is not A.
The answer is not A.¦Option A is wrong. Option B is wrong.¦Vitamin C¦vitamin A and D¦维生素C
Answer: (E)¦<think>The answer is A.</think>I cannot say.""".replace("\n", "¦").split("¦"),
)
def test_no_or_several_labels_are_no_answer(completion):
    assert extract(completion.replace("\\n", "\n"), LETTERS, OPTIONS) == ""


@pytest.mark.parametrize(
    "completion",
    r"""Thus the answer is (B¦Answer: (b¦Answer: b¦Answer: b.¦Answer: b) lead pipe¦answer: b: lead pipe
The answer is b, because¦the answer is 'B'.¦‘B’¦“B”¦'B'¦[B]¦{B}¦<B>¦B)¦(b)¦b)¦**B**¦B.¦B:¦Answer - B
answer = B¦Answer：B¦Answer: Ｂ¦answer: （B）¦The answer is B, lead pipe¦The answer is b, lead pipe.
The answer is lead pipe¦the answer is the lead pipe.¦lead pipe¦<answer>B</answer>
<answer>\nB\n</answer>¦<answer>(B) lead pipe</answer>¦Final Answer:\n<answer>B</answer>¦answer: <B>
**Final Answer: <answer> B </answer>**¦**Final Answer**\n\nB\n\nSince lead.¦### Answer\nB) lead pipe
<b>Answer: B</b>¦<think>answer: A</think>B¦<think>The answer is A.</think>\nThe answer is B.
answer: A\nWait. The answer is B.¦\boxed{A}\nThe answer is B.¦The answer is A.\n\boxed{B}
\boxed{A} is not it.\nSo \boxed{B}.¦$\boxed{\mathbf{B}}$¦\boxed{\text{B) lead pipe}}
\boxed{B: lead pipe}¦\boxed{lead pipe}¦Answer: \textbf{B}¦Answer: $\mathrm{B}$¦Answer: **(B)**
The answer is B, not A¦B, not A¦The answer is B and not A¦The answer is B rather than A.
The answer is B (A is wrong).¦The answer is B. A, C and D are wrong.
The answer is B; A, C and D are wrong.¦The answer is B, A and C are wrong.
The answer is B, A is close.¦The answer is B, B.¦I choose B because A is wrong¦So it must be B.
Therefore, B.¦I'd go with B¦I would pick B.¦B is correct.¦B is the best answer¦Thus, (B).
The answer is option B¦Option B is correct.¦The answer is: [B]¦The answer is [B].¦My answer: B
Answer (letter): B¦Answer to the question: B¦The answer to the question is B.¦B. lead pipe
正确答案是：(B) lead pipe¦B选项是正确的¦A选项不正确，B选项正确¦不是A，而是B
正确答案是B
所以B¦应该选B。¦答案为（B）¦B。不是A¦B.一只狗¦The answer is B.\n\nAnswer A, C and D are wrong.""".replace(
        "\n", "¦"
    ).split("¦"),
)
def test_one_label_is_found_in_any_form(completion):
    assert extract(completion.replace("\\n", "\n"), LETTERS, OPTIONS) == "B"


@pytest.mark.parametrize(
    "completion",
    """Answer: b) a blue cube¦the answer is b, a blue cube.¦the answer is a blue cube.¦answer: a blue cube
A blue cube¦a blue cube.¦The answer is (B) a blue cube¦\\boxed{a blue cube}
The answer is B: a blue cube¦the answer is b a blue cube¦The correct answer is a blue cube, since
b. a blue cube¦b) a blue cube¦The answer is the blue cube.¦the answer is blue cube
“a blue cube”¦the answer is “a blue cube”¦The answer is B.A blue cube¦answer: B)a blue cube""".replace(
        "\n", "¦"
    ).split("¦"),
)
def test_an_article_is_no_label(completion):
    assert extract(completion, LETTERS[:3], BALLS) == "B"


@pytest.mark.parametrize(
    "completion",
    ["the answer is a yellow cube.", "it is a thing", "a cube", "the answer is a red ball or a blue cube"],
)
def test_an_article_before_no_option(completion):
    assert extract(completion, LETTERS[:3], BALLS) == ""


@pytest.mark.parametrize(
    "completion",
    r"""The current I = V/R and the charge in C is then 3.2¦With B_{0} = 3 we get¦so \Delta D_{f} = 4 kJ
5 \mathrm{~C} and¦The charge is 5 C.¦It takes 5 A¦T = 300 K and F = 10 N at point A.¦so D = 4 kJ
so E = mc^2¦The temperature is 20 °C.¦H_2O and C¦\angle A = 30¦matrix A¦f(A) = 3¦P(B) = 0.5
P (A) and P (B)¦E^0 = 1.1 V, so E is 1.1¦thus I = 5¦we get C¦10 F¦Let A be a set¦A good question.
the force F, the energy E¦the SI unit of charge is coulomb (C)¦current (I)¦10 (J)¦(A + B)
with G = 6.67e-11¦the answer is 5 J¦Hence F = ma.¦so I, as a model, refuse¦hepatitis B¦= 3 A¦(E) = 4
at A, B and C¦so \(B = 3\)¦thus B' = 3¦therefore H+ is 3¦the answer is B = 3¦the answer is E^2
The answer is C + 2¦\boxed{B_{0}}""".replace("\n", "¦").split("¦"),
)
def test_quantities_and_units_are_no_labels(completion):
    assert extract(completion, TEN, TEN_TEXTS) == ""


def test_a_last_statement_of_a_foreign_label_takes_the_one_before_back():
    completion = "The answer is (B).\n\n\nAnswer: The answer is (J)."
    assert extract(completion, LETTERS, TEXTS) == ""
    assert extract(completion, TEN, TEN_TEXTS) == "J"


@pytest.mark.parametrize(
    "completion, label",
    [
        ("Answer: C\n- A is wrong\n- B is wrong", "C"),
        ("Answer: C – A is wrong", "C"),
        ("Answer: B and D are incorrect, so A", "A"),
        ("Answer: A or B? It is B.", "B"),
        ("The answer is (C) (D)", ""),
        ("Answer: C\nor D", ""),
        ("| Answer: B |", "B"),
        ("Answer: B<|im_end|>", "B"),
        ("The answer is: The correct option is D", "D"),
        ("Option C is partially correct.", ""),
        ("I'd say (B) or maybe (C).", ""),
        ("Could be A. Could be B. I'm going with C.", "C"),
        ("Answer: the second option", ""),
        ("Thus the answer is closest to **(D)**", "D"),
        ("Thus, the answer is (C), i.e. green tea.", "C"),
        ("I choose option b.", "B"),
        ("the correct one is B", "B"),
        ("Statement A is correct. Statement B is wrong.", ""),
        ("The energy would be C.", ""),
        ("in units: C", ""),
        (r"The closest answer is:\n\[ \text{Answer} = \text{B} \text{ (lead pipe)} \]\n\nIt takes 3 A.", "B"),
        ("The answer is not A but B.", "B"),
        ("Answer: A\n\nB) lead pipe is wrong", "A"),
        ("B - lead pipe", "B"),
        ("- B. lead pipe", "B"),
        ("> B", "B"),
        ("B!", "B"),
        ("B</s>", "B"),
        ("Option B: lead pipe", "B"),
        ("B, because C is too green", "B"),
        ("A because B is heavy", "A"),
        ("Lead pipe is the correct answer.", "B"),
        ("So, lead pipe is the answer.", "B"),
        ("Lead pipe is not the answer.", ""),
        ("A - red fox\nB - lead pipe\nC - green tea\nD - blue sky", ""),
        ("Option A: red fox\nOption B: lead pipe", ""),
        ("- A. red fox\n- B. lead pipe", ""),
        ("- A. red fox: no\n- B. lead pipe: yes\n\nSo the answer is B.", "B"),
        ("【答案】B", "B"),
        ("【正确答案】：B", "B"),
        ("答案是A还是B？", ""),
        ("The answer is A, possibly B.", ""),
        ("The answer is A, could be B.", ""),
        ("The answer is A but maybe B.", ""),
        ("The answer is A or it could be B.", ""),
        ("The answer is A or, maybe, B.", ""),
        ("The answer is A or most likely B.", ""),
        ("The answer is A as well as B.", ""),
        ("The answer is A vs. B.", ""),
        ("The answer is A — or B.", ""),
        ("The answer is A... or B.", ""),
        ("The answer is A? or B?", ""),
        ("The answer is A. Or B.", ""),
        ("The answer is A. Alternatively, B.", ""),
        ("\\boxed{A} (or B)", ""),
        ("The answer is B, otherwise A would be false.", "B"),
        ("The answer is B. Perhaps C is close, but no.", "B"),
        ("The answer is B or, in words, lead pipe.", "B"),
    ],
)
def test_what_stands_beside_a_label(completion, label):
    assert extract(completion, LETTERS, OPTIONS) == label


@pytest.mark.parametrize(
    "completion, texts, label",
    [
        ("Answer: B", ["A", "B", "AB", "O"], "B"),
        ("Answer: AB", ["A", "B", "AB", "O"], "C"),
        ("Answer: D", ["A", "B", "AB", "O"], "D"),
        ("Answer: both A and B", ["x", "y", "Both A and B", "None"], "C"),
        ("The answer is C, both A and B", ["x", "y", "Both A and B", "None"], "C"),
        ("Answer: None", ["x", "y", "Both A and B", "None"], "D"),
        ("The answer is (C) -1", ["0", "1", "-1", "12"], "C"),
        ("The answer is C - 12", ["0", "1", "-1", "12"], "C"),
    ],
)
def test_options_that_look_like_labels(completion, texts, label):
    assert extract(completion, LETTERS, texts) == label


@pytest.mark.parametrize(
    "completion", ["answer: 1 or 2", "answer: 2, 3", "answer: ²", "answer: 2½", "answer: 2/3", "answer: 2-3"]
)
def test_several_digits_are_no_label(completion):
    assert extract(completion, DIGITS, TEXTS) == ""


@settings(max_examples=150)
@given(
    pair=st.permutations("BCDEFGHJ").map(lambda letters: letters[:2]),
    joined=st.sampled_from(
        ["{} or {}", "{} and {}", "{}, {}", "({}) or ({})", "either {} or {}", "{}/{}", "between {} and {}"]
    ),
    form=st.sampled_from(
        [
            "answer: {}",
            "The answer is {}.",
            r"\boxed{{{}}}",
            "<answer>{}</answer>",
            "**Final Answer:**\n{}",
            "{}",
        ]
    ),
    earlier=st.sampled_from(["", "answer: {}\nNo.\n", "The answer is ({}).\n\n", "It may be {} or not.\n"]),
)
def test_two_labels_never_pay_and_one_always_does(pair, joined, form, earlier):
    one, other = pair
    before = earlier.format(other)
    if form != "{}":
        assert extract(before + form.format(f"{one}, not {other}"), TEN, TEN_TEXTS) == one
        assert extract(before + form.format(joined.format(one, other)), TEN, TEN_TEXTS) == ""
    assert extract(form.format(joined.format(one, other)), TEN, TEN_TEXTS) == ""
    assert extract(form.format(one), TEN, TEN_TEXTS) == one


@settings(max_examples=150)
@given(st.text(max_size=300) | st.text("ABCDI1234 .:()answeri\n\\boxed{}", max_size=200))
def test_no_text_raises(text):
    for labels in (LETTERS, DIGITS):
        assert extract(text, labels, TEXTS) in [*labels, ""]


@settings(max_examples=100)
@given(
    padding=st.text("ABCDI(). aeio\n:", max_size=200),
    label=st.sampled_from(TEN),
    form=st.sampled_from(
        ["answer: {}", "The answer is ({}).", "**Answer: {}**", "answer: {}.", "answer: {}\n"]
    ),
)
def test_what_stands_before_a_stated_label_changes_nothing(padding, label, form):
    assert extract(f"{padding}\n{form.format(label)}", TEN, TEN_TEXTS) == label


@pytest.mark.parametrize(
    "text",
    [
        "answer is " * 100_000,
        "A " * 500_000,
        "(A" * 300_000,
        "option " * 100_000,
        "A-" * 10_000,
        "A, " * 7_000,
        "9^{" * 15_000 + "1" + "}" * 15_000 + "\0",  # whose brackets become blanks
    ],
)
def test_a_very_long_text_takes_no_time(text):
    with cpu_limit(3):
        assert extract(text, LETTERS, TEXTS) in ("", "A")


@pytest.mark.parametrize(
    "sign", ["选", "答案】", "【答案】", "选项", "answer is ", "option is ", "A. ", "answer: ", "A) "]
)
def test_marker_signs_in_a_row_take_no_time(sign):
    """Each was read against all options: 8 seconds for 20,000 signs and ten options of 400 characters."""
    texts = [f"option {i} " + "with a text of many words, as real ones have " * 9 for i in range(10)]
    with cpu_limit(2):
        assert extract((sign * 20_000)[:20_000], TEN, texts) in ("", "A")


@pytest.mark.parametrize(
    "completion",
    [
        "A\nB\nC\nD\nThe answer is C",
        "A B C D\nanswer: C",
        "A is wrong. B is wrong. D is wrong. The answer is C.",
        "answer: A? No. answer: B? No. answer: D? No. answer: C",
        "The options are A, B, C, D.\nSo it must be C.",
        "answer: A\nanswer: C",
    ],
)
def test_where_all_labels_are_named_one_may_be_chosen(completion):
    assert extract(completion, LETTERS, TEXTS) == "C"


@pytest.mark.parametrize("completion", ["A\nB", "answer: A\nanswer: B"])
def test_of_two_labels_the_second_corrects_the_first(completion):
    assert extract(completion, ["A", "B"], ["yes", "no"]) == "B"
