"""RLVR-IFeval constraints as IFEval instructions, and what the official checker makes of them."""

import json

import pytest

from tms.data.ifeval_constraints import NoEqual, instructions

# All arguments that the set's ground_truth lists, null where unused.
ARGUMENTS = (
    "N quantifier end_phrase keyword_list word forbidden_words letter i first_word postscript_marker options "
    "section_splitter original_prompt"
).split()


def ground_truth(name, **given):
    return json.dumps({"func_name": name, **dict.fromkeys(ARGUMENTS), **given})


# A constraint as the set writes it, the instructions, responses that follow it, responses that do not.
CASES = [
    (
        ground_truth("verify_keywords", keyword_list=["road", "c++"]),
        [("keywords:existence", {"keywords": ["road", r"c\+\+"]})],
        ["A road to C++."],
        ["A road to C.", "c++"],
    ),
    (
        ground_truth("verify_keyword_frequency", word="art", N=2),
        [
            ("keywords:frequency", {"keyword": r"(?<!\w)art(?!\w)", "frequency": 2, "relation": "at least"}),
            ("keywords:frequency", {"keyword": r"(?<!\w)art(?!\w)", "frequency": 3, "relation": "less than"}),
        ],
        ["Art is art, not a party."],
        ["Art is for parties.", "art art art"],
    ),
    (
        ground_truth("validate_forbidden_words", forbidden_words=["rain", "a.b"]),
        [("keywords:forbidden_words", {"forbidden_words": ["rain", r"a\.b"]})],
        ["Sun and axb."],
        ["Sun and Rain.", "it is a.b here"],
    ),
    (
        ground_truth("verify_letter_frequency", letter="Q", N=1),
        [
            ("keywords:letter_frequency", {"letter": "q", "let_frequency": 1, "let_relation": "at least"}),
            ("keywords:letter_frequency", {"letter": "q", "let_frequency": 2, "let_relation": "less than"}),
        ],
        ["A quiet day."],
        ["A day.", "Quite a quiet day."],
    ),
    (
        ground_truth("validate_response_language", language="de"),
        [("language:response_language", {"language": "de"})],
        ["Das ist ein ganz gewöhnlicher Satz in deutscher Sprache."],
        ["This is quite an ordinary sentence in the English language."],
    ),
    (
        ground_truth("verify_paragraph_count", N=3),
        [
            ("keywords:frequency", {"keyword": r"\* \* \*", "frequency": 2, "relation": "at least"}),
            ("keywords:frequency", {"keyword": r"\* \* \*", "frequency": 3, "relation": "less than"}),
        ],
        ["One.\n* * *\nTwo.\n* * *\nThree."],
        ["One.\n* * *\nTwo.", "One.\n\nTwo.\n\nThree.", "a * * * b * * * c * * * d"],
    ),
    (
        ground_truth("validate_word_constraint", N=3, quantifier="at least"),
        [("length_constraints:number_words", {"num_words": 3, "relation": "at least"})],
        ["one two three", "one two three four"],
        ["one two"],
    ),
    (
        ground_truth("validate_word_constraint", N=3, quantifier="at most"),
        [("length_constraints:number_words", {"num_words": 4, "relation": "less than"})],
        ["one two three", "one"],
        ["one two three four"],
    ),
    (
        ground_truth("validate_word_constraint", N=20, quantifier="around"),
        [
            ("length_constraints:number_words", {"num_words": 18, "relation": "at least"}),
            ("length_constraints:number_words", {"num_words": 23, "relation": "less than"}),
        ],
        ["word " * 18, "word " * 22],
        ["word " * 17, "word " * 23],
    ),
    (
        ground_truth("validate_paragraphs", N=2, i=2, first_word="Then"),
        [
            (
                "length_constraints:nth_paragraph_first_word",
                {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Then"},
            )
        ],
        ["First this.\n\nThen that."],
        ["First this.\n\nNow that.", "First.\n\nThen.\n\nLast."],
    ),
    (
        ground_truth("verify_postscript", postscript_marker="P.P.S"),
        [("detectable_content:postscript", {"postscript_marker": "P.P.S"})],
        ["Dear you.\nP.P.S. Write soon."],
        ["Dear you."],
    ),
    (
        ground_truth("validate_placeholders", N=2),
        [("detectable_content:number_placeholders", {"num_placeholders": 2})],
        ["[name] of [place]"],
        ["[name] of here"],
    ),
    (
        ground_truth("verify_bullet_points", N=2),
        [("detectable_format:number_bullet_lists", {"num_bullets": 2})],
        ["* one\n* two", "- one\n- two"],
        ["* one", "* one\n* two\n* three"],
    ),
    (
        ground_truth("validate_title"),
        [("detectable_format:title", {})],
        ["<<A title>>\nand text"],
        ["A title\nand text"],
    ),
    (
        ground_truth("validate_choice", options=["yes (1)", "no"]),
        [("keywords:existence", {"keywords": [r"(?:yes\ \(1\)|no)"]})],
        ["I say yes (1).", "no"],
        ["yes", "I say maybe."],
    ),
    (
        ground_truth("validate_highlighted_sections", N=2),
        [("detectable_format:number_highlighted_sections", {"num_highlights": 2})],
        ["*one* and *two*"],
        ["*one* and two"],
    ),
    (
        ground_truth("validate_sections", N=2, section_splitter="Part (x)"),
        [("detectable_format:multiple_sections", {"num_sections": 2, "section_spliter": r"Part\ \(x\)"})],
        ["Part (x) 1\nthis\nPart (x) 2\nthat"],
        ["Part (x) 1\nthis"],
    ),
    (
        ground_truth("validate_json_format"),
        [("detectable_format:json_format", {})],
        ['{"a": 1}', '```json\n{"a": 1}\n```'],
        ["a: 1"],
    ),
    (
        ground_truth("validate_repeat_prompt", original_prompt="Name a river."),
        [("combination:repeat_prompt", {"prompt_to_repeat": "Name a river."})],
        ["Name a river. The Elbe."],
        ["The Elbe."],
    ),
    (
        ground_truth("validate_two_responses"),
        [("combination:two_responses", {})],
        ["this ****** that"],
        ["this", "this ****** this"],
    ),
    (
        ground_truth("validate_uppercase"),
        [("change_case:english_capital", {})],
        ["THIS IS A SENTENCE IN THE ENGLISH LANGUAGE."],
        ["This is a sentence in the English language."],
    ),
    (
        ground_truth("validate_lowercase"),
        [("change_case:english_lowercase", {})],
        ["this is a sentence in the english language."],
        ["This is a sentence in the English language."],
    ),
    (
        ground_truth("validate_end", end_phrase="That is all."),
        [("startend:end_checker", {"end_phrase": "That is all."})],
        ["A river. That is all."],
        ["That is all. A river."],
    ),
    (ground_truth("validate_quotation"), [("startend:quotation", {})], ['"quoted"'], ["unquoted"]),
    (ground_truth("validate_no_commas"), [("punctuation:no_comma", {})], ["this and that"], ["this, that"]),
]
# The official checker splits these with NLTK's punkt model, a download of its own.
NLTK_CASES = [
    (
        ground_truth("verify_sentence_constraint", N=5, quantifier="at most"),
        [("length_constraints:number_sentences", {"num_sentences": 6, "relation": "less than"})],
    ),
    (
        ground_truth("verify_sentence_constraint", N=5, quantifier="around"),
        [
            ("length_constraints:number_sentences", {"num_sentences": 4, "relation": "at least"}),
            ("length_constraints:number_sentences", {"num_sentences": 7, "relation": "less than"}),
        ],
    ),
    (
        ground_truth("validate_frequency_capital_words", N=3, quantifier="at least"),
        [("change_case:capital_word_frequency", {"capital_frequency": 3, "capital_relation": "at least"})],
    ),
]


@pytest.mark.parametrize("text, expected", [case[:2] for case in CASES] + NLTK_CASES)
def test_a_constraint_becomes_instructions(text, expected):
    assert instructions(text) == expected


def test_every_function_of_the_set_is_tried():
    functions = {json.loads(case[0])["func_name"] for case in [*CASES, *NLTK_CASES]}
    assert len(functions) == 25


@pytest.fixture(scope="module")
def official():
    """Call `official(ids and arguments, response)`: does the official checker find all followed?"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_RANK", "1")  # else the import downloads NLTK's model
        from langdetect import DetectorFactory
        from lm_eval.tasks.ifeval.instructions_registry import INSTRUCTION_DICT

        patch.setattr(DetectorFactory, "seed", 0)

        def follows(found, response):
            grades = []
            for name, arguments in found:
                checker = INSTRUCTION_DICT[name](name)
                checker.build_description(**arguments)
                grades.append(checker.check_following(response))
            return all(grades)

        yield follows


@pytest.mark.parametrize("text, expected, right, wrong", CASES)
def test_the_official_checker_agrees_with_the_constraint(official, text, expected, right, wrong):
    found = instructions(text)
    assert all(official(found, response) for response in right)
    assert not any(official(found, response) for response in wrong)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("not JSON", "not JSON"),
        (None, "not JSON"),
        ("[]", "names no function"),
        (ground_truth("validate_haiku"), "unknown function validate_haiku"),
        (ground_truth("validate_word_constraint", N=5), "quantifier"),
        (ground_truth("validate_word_constraint", N="5", quantifier="at least"), "N is not a count"),
        (ground_truth("verify_bullet_points", N=True), "N is not a count"),
        (ground_truth("verify_keywords", keyword_list=[]), "keyword_list"),
        (ground_truth("verify_keywords", keyword_list="road"), "keyword_list"),
        (ground_truth("validate_choice"), "options"),
        (ground_truth("verify_letter_frequency", letter="ß", N=2), "not one of a to z"),
        (ground_truth("validate_paragraphs", N=2, i=3, first_word="So"), "not in 1..N"),
        (ground_truth("validate_response_language"), "no language"),
        (ground_truth("validate_response_language", language="German"), "ISO 639-1"),
        (ground_truth("validate_end", end_phrase=" "), "no end_phrase"),
        (ground_truth("verify_paragraph_count", N=0), "N is 0"),
    ],
)
def test_what_has_no_equal_says_why(text, reason):
    with pytest.raises(NoEqual, match=reason):
        instructions(text)
