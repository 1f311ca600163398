"""Compare our equality of mathematical answers with two other graders, on pairs of MATH's own gold answers.

First all pairs that Hendrycks' `is_equiv` (as lm-eval ships it) takes for equal, then a sample of pairs that
hold the same digits, by math-verify with its defaults. Prints counts and every disagreement.

Usage, from the repository's root: python benchmarks/equality.py --data-root DIR [--pairs 6000]
"""

import argparse
import logging
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import permutations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.answers.math import equal
from tms.data import hub
from tms.tasks import math


def golds(root: Path) -> list[str]:
    """The distinct gold answers of MATH, train and test."""
    return sorted(
        {
            math.row("gold", item)["answer"]
            for source in math.SOURCES.values()
            for split in ("train", "test")
            for item in hub.load(source, split, root)
        }
    )


def pairs_alike(answers: list[str], form: Callable[[str], str]) -> list[tuple[str, str]]:
    """All ordered pairs of different answers with the same form."""
    alike = defaultdict(list)
    for answer in answers:
        alike[form(answer)].append(answer)
    return [pair for group in alike.values() for pair in permutations(group, 2)]


def hendrycks_form(answer: str) -> str:
    """The normal form of `is_equiv`; the answer itself where its code fails, as there."""
    from lm_eval.tasks.hendrycks_math.utils import strip_string

    try:
        return strip_string(answer)
    except (ValueError, AssertionError, IndexError):
        return answer


def compare(name: str, pairs: Iterable[tuple[str, str]], theirs: Callable[[str, str], bool]) -> None:
    """Print how often both graders agree, and where they do not."""
    found = [(equal(gold, other), theirs(gold, other), gold, other) for gold, other in pairs]
    print(f"{name}: {Counter((ours, other) for ours, other, *_ in found)} (ours, theirs)")
    for ours, other, gold, prediction in found:
        if ours != other:
            print(f"  ours {ours}: gold {gold!r}, prediction {prediction!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data-root", type=Path, required=True, help="folder of local benchmark copies")
    parser.add_argument("--pairs", type=int, default=6000, help="pairs to compare with math-verify")
    args = parser.parse_args()
    from lm_eval.tasks.hendrycks_math.utils import is_equiv
    from math_verify import parse, verify

    logging.getLogger("math_verify").setLevel(logging.ERROR)
    answers = golds(args.data_root)
    print(f"{len(answers):,} distinct gold answers")
    compare("is_equiv", pairs_alike(answers, hendrycks_form), is_equiv)
    pairs = pairs_alike(answers, lambda answer: "".join(sorted(re.findall(r"\d", answer))))
    sample = random.Random(0).sample(pairs, min(args.pairs, len(pairs)))
    boxed = r"\boxed{{{}}}".format
    compare("math-verify", sample, lambda gold, other: verify(parse(boxed(gold)), parse(boxed(other))))


if __name__ == "__main__":
    main()
