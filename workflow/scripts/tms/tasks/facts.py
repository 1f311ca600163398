"""Facts: recall of made-up facts about places, a retention skill of the miniature.

One row:

    prompt  what is the river of arlen ?
    answer  moss

There are `PLACES` x `RELATIONS` facts. What is split is the pair of a fact and a wording: all facts
occur in training, a share of their wordings does not.
"""

from pathlib import Path
from random import Random

from tms.data.options import read_options
from tms.data.splits import Drawn, collect

PLACES = (
    "arlen bexo calder dorn elvik fenby garth holm irvo jask kelda lorn mervo nesk orla pell quarn rusk "
    "selby tarn ulver vosk welby yarrow zell askel brano corvel delmo enver falk gorse hadro ilmen jovan "
    "kirn lunde morvel nardo ostin pravo rindel skarn tolma umber varga wistel yelm zorin astor"
).split()
VALUES = {
    "river": "moss alder birch clover fern heath ivy laurel maple nettle olive poppy reed sage lily".split(),
    "founder": "agnes boris clara dmitri edith felix greta hugo irma jonas karin lukas nils petra".split(),
    "craft": "glass wool rope lace paper candles clocks barrels soap silk nails flutes brooms tiles".split(),
}
RELATIONS = list(VALUES)
OPENERS = ["", "please , ", "hello , ", "one more : "]
ASKS = [
    "what is the {relation} of {place} ?",
    "tell me the {relation} of {place} .",
    "name the {relation} of {place} .",
    "{place} : which {relation} ?",
    "which {relation} does {place} have ?",
    "do you know the {relation} of {place} ?",
    "i want to know the {relation} of {place} .",
    "the {relation} of {place} , if you know .",
    "of {place} , what is the {relation} ?",
    "say which {relation} {place} has .",
]
WORDINGS = [opener + ask for opener in OPENERS for ask in ASKS]


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """List questions of one split.

    Raises:
        InputError: there are options, or not that many questions in the split.
    """
    read_options("facts", options, {})

    def draw(random: Random) -> Drawn:
        place, relation, wording = question(random)
        return key(place, relation, wording), lambda: {
            "example_id": f"facts-{place}-{relation}-{wording}",
            "prompt": prompt(place, relation, wording),
            "answer": value_of(place, relation),
            "problem": key(place, relation, wording),
            "solution": "",
        }

    return collect("facts", split, size, seed, draw)


def question(random: Random) -> tuple[str, str, int]:
    """Draw a place, a relation, and the index of a wording."""
    return random.choice(PLACES), random.choice(RELATIONS), random.randrange(len(WORDINGS))


def value_of(place: str, relation: str) -> str:
    """The fact: the same for all seeds."""
    return Random(f"facts/{place}/{relation}").choice(VALUES[relation])


def key(place: str, relation: str, wording: int) -> str:
    """Text that identifies a question."""
    return f"facts {place} {relation} {wording}"


def prompt(place: str, relation: str, wording: int) -> str:
    """The user message of one question."""
    return WORDINGS[wording].format(relation=relation, place=place)
