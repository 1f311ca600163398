"""Read words: a made-up word, or one of two, is read from a small picture, the image task of a miniature.

One row, of a picture with KOBA above UDA:

    context   the picture's digest, and no messages
    prompt    Which word is below?
    answer    UDA
    solution  The word is UDA.
    images    the picture, a PNG of 48 or 60 x 12 or 24 pixels

Letters stand apart, at a pitch of 12 pixels; place, size and shade of the writing are drawn. Its font is
Aileron Regular (Sora Sagano, CC0), which Pillow ships. A row's split is a hash of the word asked for; the
other word of its picture is of the same split, so that no word of a test was in a picture of training.
"""

import io
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from tms.data import options as task_options
from tms.data.splits import Drawn, attempts, collect, digest_id, split_of
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.io.images import image_digest

DEFAULTS = {
    "words": 1,  # in a picture: 1, or 2 of which the question asks for the upper or the lower one
}
CONSONANTS, VOWELS = "BDGHKLMNPRST", "AIOU"
# 2,496 words; without E and final consonants hardly one is English, as NONE and NOT are.
PATTERNS = ("vcv", "cvcv")
CELL, COLUMNS = 12, (4, 5)  # pixels of the square in which a letter stands, and letters of a picture's width
SIZES = range(11, 14)  # of the font
INK, PAPER = range(0, 61), range(190, 256)  # shades of grey
# Questions for each place of a word.
WORDINGS = {
    "alone": [
        "Which word is this?",
        "Read the word.",
        "What is written here?",
        "What does the picture say?",
        "Write down the word in the picture.",
    ],
    "upper": [
        "Which word is above?",
        "Read the upper word.",
        "What is written in the first line?",
        "Which of the two words stands above the other?",
        "Write down the word at the top.",
    ],
    "lower": [
        "Which word is below?",
        "Read the lower word.",
        "What is written in the second line?",
        "Which of the two words stands below the other?",
        "Write down the word at the bottom.",
    ],
}


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate pictures and questions of one split, each for another word; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown or of no use, or the pool of words is too small.
    """
    settings = read_options(options)

    def draw(random: Random) -> Drawn:
        words, asked = problem(random, settings)
        word = words[asked]

        def row() -> dict:
            picture = draw_picture(random, words)
            return {
                "example_id": digest_id("read_words", " ".join([word, *words])),
                "context": context_text([], images=[image_digest(picture)]),
                "prompt": prompt(random, words, asked),
                "answer": word,
                "problem": key(word),
                "solution": stated(word),
                "images": [{"bytes": picture, "path": None}],
            }

        return key(word), row

    return collect("read_words", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown, or of no use.
    """
    settings = task_options.read_options("read_words", options, DEFAULTS)
    if settings["words"] not in (1, 2):
        raise InputError(f"read_words: option words is {settings['words']}; write 1 or 2")
    return settings


def problem(random: Random, settings: dict) -> tuple[list[str], int]:
    """Draw the words of a picture, from top to bottom, and the index of the one asked for."""
    words = [draw_word(random)]
    while len(words) < settings["words"]:
        for _ in attempts("read_words"):
            word = draw_word(random)
            if word not in words and split_of(key(word)) == split_of(key(words[0])):
                words.append(word)
                break
    return words, random.randrange(len(words))


def draw_word(random: Random) -> str:
    """Draw a word of three or four letters that can be spoken."""
    signs = {"c": CONSONANTS, "v": VOWELS}
    return "".join(random.choice(signs[sign]) for sign in random.choice(PATTERNS))


def draw_picture(random: Random, words: list[str]) -> bytes:
    """Draw words in dark grey on light grey, one a line.

    Args:
        random: draws the picture's size, and the place, size and shade of each word.
        words: from top to bottom.

    Returns:
        A PNG file.
    """
    lines = 2 if len(words) == 2 else random.choice([1, 2])  # a word alone stands in any line
    columns = random.choice([count for count in COLUMNS if count >= max(map(len, words))])
    image = Image.new("L", (CELL * columns, CELL * lines), random.choice(PAPER))
    ink = ImageDraw.Draw(image)
    for line, word in enumerate(words, random.randrange(lines) if len(words) == 1 else 0):
        font, shade = _font(random.choice(SIZES)), random.choice(INK)
        _, top, _, bottom = font.getbbox(word)
        y = CELL * line + random.randint(0, CELL - (bottom - top)) - top
        start, aside = random.randint(0, columns - len(word)), random.randint(0, 1)
        for column, letter in enumerate(word, start):
            left, _, right, _ = font.getbbox(letter)
            ink.text((CELL * column + (CELL - (right - left)) // 2 + aside - left, y), letter, shade, font)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Aileron; the layout is Pillow's own, which needs no library of the system."""
    return ImageFont.load_default(size).font_variant(layout_engine=ImageFont.Layout.BASIC)


def key(word: str) -> str:
    """Text that identifies a problem whatever its picture and wording."""
    return f"read {word}"


def prompt(random: Random, words: list[str], asked: int) -> str:
    """The user message of one problem, its wording drawn at random."""
    place = "alone" if len(words) == 1 else ("upper", "lower")[asked]
    return random.choice(WORDINGS[place])


def stated(word: str) -> str:
    """The text of a right answer."""
    return f"The word is {word}."
