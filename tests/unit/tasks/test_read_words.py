"""Words in small pictures: who knows the font reads the answer in them, and no word is in two splits."""

import io
import re
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageFont

from tms.data.splits import SPLITS, split_of
from tms.graders import facts as grader
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.io.images import check_images, image_digest
from tms.tasks import read_words

SIZES = {"train": 1024, "heldout": 128, "test": 200}
# How a reader finds the place asked for: patterns that no wording of another place matches.
ASKED = {
    "alone": r"is this|^Read the word|written here|picture say|in the picture",
    "upper": r"\bis above\b|\bupper\b|\bfirst\b|above the other|\btop\b",
    "lower": r"\bis below\b|\blower\b|\bsecond\b|below the other|\bbottom\b",
}


@pytest.fixture(scope="module", params=[1, 2])
def words(request):
    return request.param


@pytest.fixture(scope="module")
def rows(words):
    return {
        split: read_words.build(split, size, 0, {"words": words} if words == 2 else {})
        for split, size in SIZES.items()
    }


def place_asked(row):
    (place,) = (place for place, pattern in ASKED.items() if re.search(pattern, row["prompt"]))
    return place


def crop(pixels):
    """The part of a line that is not paper, as coverage by ink in [0, 1]."""
    paper = pixels.max()
    lines, columns = (np.flatnonzero((pixels < paper).any(axis)) for axis in (1, 0))
    inked = pixels[lines[0] : lines[-1] + 1, columns[0] : columns[-1] + 1]
    return (paper - inked) / (paper - pixels.min())


def printed(word, size):
    """A word as the font has it, each letter in the middle of a square of 12 pixels."""
    font = ImageFont.load_default(size).font_variant(layout_engine=ImageFont.Layout.BASIC)
    pixels = np.full((24, 12 * len(word)), 255.0)
    for column, letter in enumerate(word):
        mask, (_, top) = font.getmask2(letter, "L")
        width, height = mask.size
        left = 12 * column + (12 - width) // 2
        pixels[top : top + height, left : left + width] -= np.array(mask).reshape(height, width)
    return crop(pixels)


def read(pixels, candidates):
    """Those of the candidates that a line shows."""
    line, found = crop(pixels), set()
    for word in candidates:
        for size in read_words.SIZES:
            shape = printed(word, size)
            if shape.shape == line.shape and np.abs(shape - line).max() < 0.02:
                found.add(word)
    return found


def test_a_reader_who_knows_the_font_reads_the_answer(rows, words):
    candidates = [row["answer"] for row in rows["test"][:25]]
    for row in rows["test"][:25]:
        image = Image.open(io.BytesIO(row["images"][0]["bytes"]))
        assert image.format == "PNG" and image.width in (48, 60) and image.height in (12, 24)
        pixels = np.array(image, dtype=float)
        place = place_asked(row)
        assert (place == "alone") == (words == 1)
        if words == 2:
            assert image.height == 24
            pixels = pixels[:12] if place == "upper" else pixels[12:]
        assert read(pixels, candidates) == {row["answer"]}


def test_the_font_is_the_one_that_is_named():
    assert ImageFont.load_default(12).getname() == ("Aileron", "Regular")


def test_a_word_has_one_split_and_rows_are_stable(rows, words):
    for split, size in SIZES.items():
        assert len({row["problem"] for row in rows[split]}) == len(rows[split]) == size
        assert len({row["example_id"] for row in rows[split]}) == size
        assert {split_of(row["problem"]) for row in rows[split]} == {split}
    again = read_words.build("train", 50, 0, {"words": words})
    assert again == rows["train"][:50] != read_words.build("train", 50, 1, {"words": words})


@pytest.mark.parametrize("split", SPLITS)
def test_rows_are_answered_by_their_solution_and_name_their_picture(rows, split):
    check_images(rows[split], split)
    for row in rows[split]:
        context, (image,) = read_context(row["context"]), row["images"]
        assert context.images == [image_digest(image["bytes"])] and context.messages == []
        assert grader.grade(row["solution"], row["answer"]).score == 1
        assert grader.grade(row["solution"], row["answer"][::-1] + "S").score == 0
        assert row["answer"] in row["problem"] and row["answer"] not in row["prompt"]


def test_both_words_of_a_picture_are_of_one_split_and_each_place_is_asked_for():
    asked = []
    for index in range(300):
        words, place = read_words.problem(Random(index), {"words": 2})
        assert len({split_of(read_words.key(word)) for word in words}) == 1 and words[0] != words[1]
        asked.append(place)
    assert 110 < sum(asked) < 190


def test_words_vary_in_place_size_and_shade(rows):
    sizes, darkest, left = set(), set(), set()
    for row in rows["train"][:200]:
        pixels = np.array(Image.open(io.BytesIO(row["images"][0]["bytes"])))
        sizes.add(pixels.shape)
        darkest.add(int(pixels.min()))
        left.add(int(np.flatnonzero((pixels < pixels.max()).any(0))[0]))
        assert pixels.max() - pixels.min() >= 60
    assert len(sizes) > 1 and len(darkest) > 30 and len(left) > 5


@pytest.mark.parametrize(
    "options, message",
    [({"word": 1}, "word"), ({"words": 3}, "write 1 or 2"), ({"words": "2"}, "its default, 1")],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(InputError, match=message):
        read_words.build("test", 5, 0, options)


def test_a_pool_that_is_too_small_is_named():
    with pytest.raises(InputError, match="its pool holds about"):
        read_words.build("test", 3000, 0, {})
