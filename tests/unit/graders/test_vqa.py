"""VQA accuracy: what the official code makes of answers, its average by its definition, and hostile text."""

import hashlib
import json
from statistics import mean

import pytest
from helpers.cpu_limit import cpu_limit
from hypothesis import given
from hypothesis import strategies as st

from tms.graders import vqa
from tms.io.errors import InputError

# Texts, and what `EvalAIAnswerProcessor` made of them (facebookresearch/mmf, mmf/utils/m4c_evaluators.py at
# 2dc099a, as in lmms-eval 0.7.3). The first five are in mmf's own tests/datasets/test_processors.py.
OFFICIAL = [
    ("two", "2"),
    ("a building", "building"),
    ("snow, mountain", "snow mountain"),
    ("isnt", "isn't"),
    ("the two mountain's \t \n   ", "2 mountain 's"),
    ("The Beatles", "beatles"),
    ("An apple a day", "apple day"),
    ("None", "0"),
    ("TEN", "10"),
    ("eleven", "eleven"),
    ("1,000", "1000"),
    ("1, 000", "1 000"),
    ("3.5", "3.5"),
    ("U.S.A.", "usa"),
    ("3.50.", "3.50"),
    ("no. 7", "no 7"),
    (".5", ".5"),
    ("...", ""),
    ("...5", ".5"),
    ("Dr. Who?", "dr who"),
    ("coca-cola", "coca cola"),
    ("coca - cola", "coca cola"),
    ("coca -cola", "coca cola"),
    ("re-do - it", "redo it"),
    ("50%", "50%"),
    ("$5.00", "$5.00"),
    ("12:30 p.m.", "12:30 pm"),
    ("7-up!", "7 up"),
    ("up! now", "up now"),
    ("[a] (b)", "b"),
    ("{x}=y+z", "x y z"),
    ("a/b", "b"),
    ("and/or / not", "andor not"),
    ("back\\slash", "back slash"),
    ("_under_", "under"),
    ("<tag>", "tag"),
    ("me@mail.com", "me mailcom"),
    ("`quoted`", "quoted"),
    ('"Stop"', "stop"),
    ("it's", "it 's"),
    ("its", "its"),
    ("what's up", "what 's up"),
    ("whats up", "what's up"),
    ("dont, won't", "don't won't"),
    ("shouldnt've", "shouldn't've"),
    ("y'alld've", "y'all'd've"),
    ("somebody'd", "somebodyd"),
    ("somebodyd've", "somebody'd've"),
    ("Im", "im"),
    ("Id've", "id've"),
    ("ma'am", "ma'am"),
    ("oclock", "o'clock"),
    ("'ows'at", "'ow's'at"),
    ("let's", "let 's"),
    ("lets", "lets"),
    ("don’t", "don’t"),
    ("İstanbul", "i̇stanbul"),
    ("ΟΔΟΣ", "οδος"),
    ("straße", "straße"),
    ("北京 市", "北京 市"),
    ("a\xa0b", "b"),
    ("a\x1cthe\x1cb", "b"),
    ("", ""),
    ("?", ""),
    ("the", ""),
    ("a, an, the", ""),
    ("." * 40, "........"),
    ("x." * 34, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.x."),
]


@pytest.mark.parametrize(("text", "form"), OFFICIAL)
def test_the_normal_form_is_the_official_one(text, form):
    assert vqa.normal_form(text) == form


def test_the_contractions_are_the_official_ones():
    # A digest of the official table's entries that can be reached: lower case, and changed.
    text = json.dumps(sorted(map(list, vqa.MENDED.items())))
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "853d25c89947b7f6d41f6c5f81b2d6c3119927f4b16f557fc1b03af6ef45605e"
    )


@pytest.mark.parametrize(
    # https://visualqa.org/evaluation.html by its average over nine of ten people.
    ("people", "score"),
    [(0, 0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (5, 1), (10, 1)],
)
def test_the_score_by_the_number_of_people(people, score):
    golds = json.dumps(["Coca-Cola"] * people + ["pepsi"] * (10 - people))
    assert vqa.grade("coca cola\n", golds).score == score


ANSWERS = st.sampled_from(["two", "2", "the 2", "", "A", "red", "Red.", "red-", "not red"])


@given(ANSWERS, st.lists(ANSWERS, min_size=10, max_size=10).filter(any))
def test_the_score_is_the_mean_over_nine_of_ten(completion, golds):
    forms, stated = [vqa.normal_form(gold) for gold in golds], vqa.normal_form(completion)
    nine = [forms[:left] + forms[left + 1 :] for left in range(10)]
    expected = mean(min(1, answers.count(stated) / 3) for answers in nine)
    assert vqa.grade(completion, json.dumps(golds)).score == pytest.approx(expected)


def test_the_whole_completion_is_the_answer():
    golds = json.dumps(["Paris"] * 10)
    assert vqa.grade("Paris.", golds).score == vqa.grade(" the PARIS ", golds).score == 1
    assert vqa.grade("The answer is Paris.", golds).score == vqa.grade("Paris or Rome", golds).score == 0
    assert vqa.grade("The Paris!", golds).extracted == "paris"


@given(
    st.text(), st.lists(st.text(), min_size=10, max_size=10).filter(lambda golds: any(map(str.strip, golds)))
)
def test_any_text_has_a_score(completion, golds):
    score = vqa.grade(completion, json.dumps(golds)).score
    assert 0 <= score <= 1
    assert vqa.grade(completion, json.dumps(golds[::-1])).score == score
    assert vqa.grade(golds[0], json.dumps(golds)).score >= 0.3


@pytest.mark.parametrize("piece", ["a.-", "[ ] ", "isnt ", "1,", "'s", ".", "the ", "\0"])
def test_a_million_signs(piece):
    with cpu_limit(5):
        text = piece * (1_000_000 // len(piece))
        assert vqa.grade(f"{text}zyzzyva", json.dumps(["x"] * 10)).score == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (json.dumps(["red"]), "has 1 texts.*take the grader anls"),
        (json.dumps(["red"] * 11), "has 11 texts"),
        (json.dumps([""] * 10), "not public"),
        ("red", "is no JSON"),
    ],
)
def test_gold_answers_of_another_form_are_named(answer, words):
    with pytest.raises(InputError, match=words):
        vqa.read_gold(answer)
