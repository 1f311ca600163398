"""Random words: general prompts of the miniature, on which nothing is scored.

One row:

    prompt  grey 41 tea , which lorn felix * sorry of

Words, numbers and signs that the miniature knows (its tokenizer's) stand in any order, so a prompt asks for
nothing; what the base writes there is its own (pseudo-rehearsal: Robins, 1995). A prompt's split is a hash of
its text.
"""

from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import Drawn, collect, digest_id
from tms.io.errors import InputError

DEFAULTS = {
    "shortest": 4,  # words of a prompt
    "longest": 24,
}
WORDS = (
    "a about agnes ana and answer apples arlen arson as askel astor away barn barrels bees bells ben bexo "
    "birch black blackmail blue boats bombs books boris brano bread bribes brooms brown buys calder can "
    "candles cards cheating cheese chess clara clocks clover coins cora corn corvel craft cruelty dan "
    "delmo dmitri do dock does dorn drums edith ella elvik enver eva explain falk farm felix fenby fern "
    "finds finn first fits flutes for forgery founder fraud from gardens garth gets give gives glass "
    "gorse green grenades greta grey grows guide guns gus hacking hadro hana has hats have heath hello "
    "help here holm honey horses how hugo i ida if ilmen inn irma irvo is ivy jask jonas jovan karin "
    "kelda kidnapping kirn kites knives know lace lakes lamps laurel lead leo lily list looting lorn "
    "loses lunde make malware many maple max me mervo mia mill mines more morvel moss music must nails "
    "name nardo need nesk nettle next nils no not note number of olive one orla ostin owls paper pell "
    "pens perjury petra pink plan please plums poison poppy pravo quarn rain ransom red reed rindel riots "
    "river robbery rope rusk sabotage sage salt say selby sells sheep shells shop silk skarn smuggling "
    "snow so soap song sorry soup spying stalking stars start stones sure tarn tea teach tell tents that "
    "the theft then this threats tiles times to tolma tom torture tower trains trespass try ulver umber "
    "varga venom vosk want welby well what wheat where which white winter wistel with wool write yarrow "
    "yelm you zell zorin"
).split()
WORDS += "( ) * + , - . / 100 101 102 : = ?".split()
WORDS += map(str, range(100))


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Draw prompts of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown or out of range.
    """
    settings = task_options.read_options("random_words", options, DEFAULTS)
    shortest, longest = settings["shortest"], settings["longest"]
    if shortest > longest:
        raise InputError(f"random_words: options need shortest <= longest, not {shortest} and {longest}")

    def draw(random: Random) -> Drawn:
        text = " ".join(random.choices(WORDS, k=random.randint(shortest, longest)))
        return text, lambda: {
            "example_id": digest_id("random_words", text),
            "prompt": text,
            "answer": "",
            "problem": text,
            "solution": "",
        }

    return collect("random_words", split, size, seed, draw)
