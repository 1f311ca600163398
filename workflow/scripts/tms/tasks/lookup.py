"""Lookup: two hops through a context, a retention skill of the miniature.

One row, with two of four chains asked for:

    prompt  red barn , ana mill , dock cora , mill grey , tower red , cora inn , blue dan , dan finn .
            where do ana and tower lead ?
    answer  grey barn

A problem's split is a hash of the whole context.
"""

from pathlib import Path
from random import Random

from tms.data import options as task_options
from tms.data.splits import Drawn, collect, digest_id
from tms.io.errors import InputError

DEFAULTS = {
    "chains": 4,  # chains of two pairs in the context
    "asked": 2,  # chains asked for
}
WORDS = (
    "ana ben cora dan ella finn gus hana red blue green white black brown pink grey "
    "barn mill well tower shop dock farm inn"
).split()


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Generate problems of one split; options as in `DEFAULTS`.

    Raises:
        InputError: an option is unknown.
    """
    settings = read_options(options)

    def draw(random: Random) -> Drawn:
        text, hops = problem(random, settings["chains"], settings["asked"])
        return text, lambda: {
            "example_id": digest_id("lookup", text),
            "prompt": text,
            "answer": " ".join(last for _, _, last in hops),
            "problem": text,
            "solution": "",
        }

    return collect("lookup", split, size, seed, draw)


def read_options(options: dict) -> dict:
    """Fill in the defaults.

    Raises:
        InputError: an option is unknown or out of range.
    """
    settings = task_options.read_options("lookup", options, DEFAULTS)
    if not 1 <= settings["asked"] <= settings["chains"] <= len(WORDS) // 3:
        raise InputError(
            f"lookup: options need 1 <= asked <= chains <= {len(WORDS) // 3}, "
            f"not asked {settings['asked']}, chains {settings['chains']}"
        )
    return settings


def problem(random: Random, chains: int, asked: int) -> tuple[str, list[tuple[str, str, str]]]:
    """Draw a context and a question.

    Any word may stand at any place of a chain, and the pairs of both hops are mixed: what has to be learned
    is to look up, not which words tend to follow which.

    Returns:
        The prompt, and the chains asked for, three words each.
    """
    words = random.sample(WORDS, 3 * chains)
    hops = [tuple(words[i : i + 3]) for i in range(0, 3 * chains, 3)]
    pairs = [pair for first, middle, last in hops for pair in ((first, middle), (middle, last))]
    context = " , ".join(f"{left} {right}" for left, right in random.sample(pairs, len(pairs)))
    chosen = random.sample(hops, asked)
    return f"{context} . where do {' and '.join(first for first, _, _ in chosen)} lead ?", chosen
