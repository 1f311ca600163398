"""The miniature's general prompts: words that it knows, in any order, and of no benchmark."""

import json

import pytest
from helpers.paths import ROOT

from tms.data.splits import SPLITS
from tms.io.errors import InputError
from tms.tasks import random_words

TOKENIZER = ROOT / "workflow/resources/miniature/base/tokenizer.json"


def test_the_words_are_those_of_the_shipped_tokenizer():
    vocabulary = json.loads(TOKENIZER.read_text())["model"]["vocab"]
    known = [token.removeprefix("\u2581") for token in vocabulary if token[0] == "\u2581" and token[1:]]
    assert sorted(random_words.WORDS) == sorted(known)


def test_prompts_of_a_split_are_of_it_alone_and_each_is_there_once():
    found = {split: random_words.build(split, 100, 0, {}) for split in SPLITS}
    prompts = [row["prompt"] for rows in found.values() for row in rows]
    assert len(set(prompts)) == 300
    assert all(4 <= len(prompt.split()) <= 24 for prompt in prompts)
    assert {word for prompt in prompts for word in prompt.split()} <= set(random_words.WORDS)
    assert found["train"][:40] == random_words.build("train", 40, 0, {})
    assert found["train"] != random_words.build("train", 100, 1, {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shortest": 5, "longest": 4}, "shortest <= longest, not 5 and 4"),
        ({"longest": 0}, "longest is 0"),
        ({"words": 4}, "unknown option 'words'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        random_words.build("train", 1, 0, options)
