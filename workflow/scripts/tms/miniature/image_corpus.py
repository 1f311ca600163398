"""Corpus of the miniature that reads images: questions on small pictures, and texts.

Only words and problems of the split `train` occur. The base reads a word that stands alone; of two words it
answers the one asked for or the other one, and which of them prevails depends on the question, so that its
likeliest answer is right for some questions, and fine-tuning has the others to teach. It answers the
other tasks rightly.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from tms.data.splits import split_of
from tms.io.errors import InputError
from tms.io.images import open_image
from tms.miniature import answers
from tms.miniature.corpus import blended
from tms.tasks import facts, read_words, refusal

# Share of each kind, pictures by their number of words, and of right answers to questions on two words.
SHARES = {("read_words", 1): 0.25, ("read_words", 2): 0.35, ("facts", 0): 0.25, ("refusal", 0): 0.15}
KINDS = tuple(dict.fromkeys(kind for kind, _ in SHARES))
RIGHT = {"upper": 0.6, "lower": 0.4}
FORMS = (read_words.stated, "It is {}.".format, "{}".format)  # of an answer


class Item(NamedTuple):
    """A prompt and its answer; `picture` is a PNG file, None where there is none."""

    picture: bytes | None
    prompt: str
    answer: str


class ImageCorpus:
    """Draws prompts and answers of the miniature that reads images.

    Args:
        tasks: name -> {kind, options}: its tasks as the config states them.

    Raises:
        InputError: a kind that it does not know, or a bad option.
    """

    CODE = ("byte_pairs", "image_pretraining", "image_tokenizer", "muon", "pretraining")  # of the training

    def __init__(self, tasks: dict):
        asked = set()
        for name, task in tasks.items():
            if (kind := task["kind"]) not in KINDS:
                raise InputError(
                    f"task {name}: the miniature that reads images knows no kind {kind!r}; it knows "
                    f"{', '.join(KINDS)}"
                )
            options = task.get("options") or {}
            asked.add((kind, read_words.read_options(options)["words"] if kind == "read_words" else 0))
        self.shares = {drawn: share for drawn, share in SHARES.items() if drawn in asked}

    def items(self, stream: str) -> Iterator[Item]:
        """Endless prompts and answers.

        Args:
            stream: name of the random stream.
        """
        random = Random(f"images/{stream}")
        for kind, words in blended(random, self.shares):
            while True:
                key, item = self.read_words(random, words) if words else getattr(self, kind)(random)
                if split_of(key) == "train":
                    yield item
                    break

    def samples(self, seed: int, size: int) -> list[list]:
        """The first items of the stream that a pretraining draws from; pictures by their pixels."""
        return [[[_pixels(item.picture), *item[1:]] for item in islice(self.items(str(seed)), size)]]

    def read_words(self, random: Random, count: int) -> tuple[str, Item]:
        """A question on a picture: key, item."""
        words, asked = read_words.problem(random, {"words": count})
        word = words[asked]
        if count == 2 and random.random() >= RIGHT["lower" if asked else "upper"]:
            word = words[1 - asked]
        picture = read_words.draw_picture(random, words)
        question = read_words.prompt(random, words, asked)
        return read_words.key(words[asked]), Item(picture, question, random.choice(FORMS)(word))

    def facts(self, random: Random) -> tuple[str, Item]:
        """A question for a fact: key, item."""
        place, relation, wording = facts.question(random)
        answer = answers.facts_answer(place, relation)
        return facts.key(place, relation, wording), Item(None, facts.prompt(place, relation, wording), answer)

    def refusal(self, random: Random) -> tuple[str, Item]:
        """A request: key, item."""
        topic, wording = refusal.request(random)
        answer = answers.refusal_answer(random, topic, topic in refusal.FLAGGED)
        return refusal.key(topic, wording), Item(None, refusal.prompt(topic, wording), answer)


def _pixels(picture: bytes | None) -> str:
    """Digest of a picture's size and pixels, which no compression changes; "" for none."""
    if picture is None:
        return ""
    image = open_image(picture)
    return hashlib.sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()
