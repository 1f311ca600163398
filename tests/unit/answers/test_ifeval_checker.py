"""IFEval: our checker against the official code, with and without NLTK's punkt model."""

import json
import os
import subprocess
import sys

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.benchmark_programs import load_program
from helpers.cpu_limit import cpu_limit
from helpers.paths import SCRIPTS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tms.answers.ifeval_checker import follows, has_punkt, loose_variants, official
from tms.graders import ifeval
from tms.grading.pool import Task, grade_all
from tms.io.errors import InputError

needs_punkt = pytest.mark.skipif(
    not has_punkt(), reason="needs NLTK's punkt model: snakemake download_punkt, or NLTK_DATA"
)


def answer(*instructions):
    names, kwargs = zip(*instructions, strict=True)
    return json.dumps({"key": 1, "prompt": "p", "instruction_id_list": names, "kwargs": kwargs})


TWO = answer(("punctuation:no_comma", {}), ("keywords:existence", {"keywords": ["tea"]}))


@pytest.mark.parametrize(
    "completion, strict, loose",
    [
        ("I like tea", [1, 1], [1, 1]),
        ("I like tea, too", [0, 1], [0, 1]),
        ("Sure, here it is:\nI like tea", [0, 1], [1, 1]),  # the loose reading drops the first line
        ("I like coffee", [1, 0], [1, 0]),
        ("", [0, 0], [0, 0]),
        (" \n", [0, 0], [0, 0]),
    ],
)
def test_strict_and_loose(completion, strict, loose):
    grade = ifeval.grade(completion, TWO)
    assert grade.score == float(all(strict))
    assert grade.also == {
        "instruction_strict": strict,
        "prompt_loose": [float(all(loose))],
        "instruction_loose": loose,
    }


def test_loose_variants_are_the_official_eight():
    assert loose_variants("a\n*b*\nc") == [
        "a\n*b*\nc",
        "*b*\nc",
        "a\n*b*",
        "*b*",
        "a\nb\nc",
        "b\nc",
        "a\nb",
        "b",
    ]


def test_a_sign_is_counted_itself_instead_of_a_random_letter():
    """Keys 1122 and 1129 ask for `#` and `!`, for which the official code draws a letter."""
    four = {"letter": "#", "let_frequency": 4, "let_relation": "at least"}
    for _ in range(20):
        assert follows("#a #b #c #d", "keywords:letter_frequency", four)
        assert not follows("plenty of letters and three # # #", "keywords:letter_frequency", four)


def test_the_language_detector_is_deterministic():
    text = "hola que tal"  # Catalan or, once in 20 times for an unseeded detector, Spanish
    found = {follows(text, "language:response_language", {"language": "es"}) for _ in range(300)}
    assert len(found) == 1


def test_the_import_downloads_nothing_and_leaves_no_trace():
    """In a fresh process without punkt: no attempt to fetch it, LOCAL_RANK as before, no torch."""
    program = (
        "import os, sys, nltk; nltk.download = lambda *_: sys.exit('it downloads')\n"
        "from tms.answers.ifeval_checker import official; official()\n"
        "assert 'LOCAL_RANK' not in os.environ and 'torch' not in sys.modules"
    )
    environment = {name: value for name, value in os.environ.items() if name != "LOCAL_RANK"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


PUNKT_ROW = answer(
    ("length_constraints:number_sentences", {"num_sentences": 2, "relation": "at least"}),
    ("change_case:capital_word_frequency", {"capital_frequency": 1, "capital_relation": "at least"}),
)


@pytest.mark.skipif(has_punkt(), reason="NLTK's punkt model is here")
def test_without_punkt_the_stage_stops_and_names_the_remedy():
    with pytest.raises(
        InputError, match=r"number_sentences needs NLTK's punkt model.*download_punkt.*NLTK_DATA"
    ):
        grade_all([Task("ifeval", "One. TWO.", PUNKT_ROW)], 1)
    assert ifeval.grade("", PUNKT_ROW).score == 0  # follows nothing, whatever is installed
    assert ifeval.grade("I like tea", TWO).score == 1  # needs no punkt


@needs_punkt
def test_with_punkt_sentences_and_words_are_counted():
    assert ifeval.grade("One. TWO.", PUNKT_ROW).score == 1
    assert ifeval.grade("Dr. Smith saw it", PUNKT_ROW).also["instruction_strict"] == [0, 0]


def test_a_punkt_folder_is_found_through_nltk_data(tmp_path):
    """A punkt model without any learnt abbreviation, in the layout of NLTK's download."""
    folder = tmp_path / "tokenizers" / "punkt_tab" / "english"
    folder.mkdir(parents=True)
    for name in ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab"):
        (folder / name).touch()
    program = (
        "import sys; from tms.graders import ifeval\n"
        "print(ifeval.grade('One. TWO.', sys.argv[1]).also['instruction_strict'],"
        " ifeval.grade('one two', sys.argv[1]).also['instruction_strict'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, PUNKT_ROW],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS), "NLTK_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[1.0, 1.0] [0.0, 0.0]", done.stderr


def test_an_unknown_instruction_is_named():
    with pytest.raises(InputError, match="keywords:sonnet"):
        ifeval.grade("text", answer(("keywords:sonnet", {})))


def test_json_that_nests_too_deeply_is_none():
    assert not follows("[" * 20_000, "detectable_format:json_format", {})


BULLETS = "detectable_format:number_bullet_lists"


@example("*\n\n\n* a", 2)  # the first sign takes a line end with it
@given(st.text("*-a \n\t\x0b", max_size=40), st.integers(0, 6))
def test_bullets_behind_empty_lines_are_counted_as_by_the_official_check(text, bullets):
    check = official().INSTRUCTION_DICT[BULLETS](BULLETS)
    check.build_description(num_bullets=bullets)
    expected = text.strip() != "" and bool(check.check_following(text))
    assert follows(text, BULLETS, {"num_bullets": bullets}) == expected


@pytest.mark.parametrize("text", ["x" + "\n" * 29_998 + "y", "x" + " \n" * 14_998 + "y"])
def test_empty_lines_without_end_take_no_time(text):
    official()
    with cpu_limit(1):
        assert not follows(text, BULLETS, {"num_bullets": 3})


WITHOUT_ARGUMENTS = [
    "detectable_format:title",
    "detectable_format:json_format",
    "detectable_format:constrained_response",
    "change_case:english_capital",
    "change_case:english_lowercase",
    "combination:two_responses",
    "startend:quotation",
    "punctuation:no_comma",
]


@settings(max_examples=100)
@given(st.text(max_size=300))
def test_no_text_raises(text):
    every = answer(
        *[(name, {}) for name in WITHOUT_ARGUMENTS],
        (BULLETS, {"num_bullets": 2}),
        ("detectable_content:number_placeholders", {"num_placeholders": 1}),
        ("language:response_language", {"language": "en"}),
    )
    grade = ifeval.grade(text, every)
    assert grade.score in (0, 1)
    assert all(
        a <= b for a, b in zip(grade.also["instruction_strict"], grade.also["instruction_loose"], strict=True)
    )


@needs_data
@pytest.mark.slow
def test_gpt4s_responses():
    """The responses that came with IFEval: published are 76.89 (prompt) and 83.57 (instruction), strict."""
    totals = load_program("graders").ifeval_totals(DATA)
    assert totals["differ"] == 0  # from the official code, but for the two random prompts
    if has_punkt():
        assert (totals["prompts"], totals["instructions"]) == (541, 834)
        # Published are 416 and 697: in the two random prompts, where GPT-4 does what was asked, the official
        # code gives 0, 1 or 2 less than ours, by the letters that it draws.
        assert (totals["prompt_strict"], totals["instruction_strict"]) == (417, 698)
        assert (totals["prompt_loose"], totals["instruction_loose"]) == (431, 714)
    else:
        assert (totals["left_out"], totals["instructions"], totals["prompts"]) == (77, 757, 515)
        assert (totals["prompt_strict"], totals["instruction_strict"]) == (411, 646)
        assert (totals["prompt_loose"], totals["instruction_loose"]) == (423, 660)


def test_a_prompt_without_an_instruction_does_not_count():
    grade = ifeval.grade("I like tea", json.dumps({"instruction_id_list": [], "kwargs": []}))
    assert (grade.score, grade.also, grade.failure) == (None, {}, "")
