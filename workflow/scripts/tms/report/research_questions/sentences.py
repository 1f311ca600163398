"""A verdict in one sentence for readers: what these runs showed, and how far it holds."""

import re
from collections.abc import Sequence

from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    INCONCLUSIVE,
    INDISTINGUISHABLE,
    MARGIN,
    SUPPORTED,
    of_one_run,
    within,
)

MOST_WORDS = 25
NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
NOT_MEASURED = "These experiments do not measure it; the evidence says what is missing."
OTHER_SEEDS = "in this run; other seeds may differ"


def counted(number: int) -> str:
    """A number in words up to twelve, e.g. `three`."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def fits(text: str) -> bool:
    """Whether a sentence is short enough."""
    return len(text.split()) <= MOST_WORDS


def not_measured(reason: str) -> str:
    """The sentence on a question without its numbers: the reason's first clause, if that is short."""
    text = f"Not measured: {re.split('[,;:(]', reason)[0].strip()}."
    return text if fits(text) else NOT_MEASURED


def signs(contrasts: Sequence[Contrast], verdict: str) -> list[int]:
    """The sign that each difference may be told with: 1, -1, or 0 where none is seen.

    As tested where the tests settle the question or there is one run; else as these runs have it.
    """
    tested = [contrast.direction for contrast in contrasts]
    if verdict in (SUPPORTED, CONTRADICTED) or {1, -1} <= set(tested) or of_one_run(contrasts):
        return tested
    return [contrast.sign_in_these_runs for contrast in contrasts]


def single(facts: dict[int, str], contrast: Contrast, verdict: str, margin: float = MARGIN) -> str:
    """A sentence about one difference.

    Args:
        facts: what is said of a difference above 0 (1), below (-1), and where none is seen (0).
        margin: what counts as no difference (`decisions.over_seeds`).
    """
    (sign,) = signs([contrast], verdict)
    return told([facts[sign]], [contrast], verdict, open_fact=bool(sign), margin=margin)


def places(
    names: Sequence[str],
    contrasts: Sequence[Contrast],
    verdict: str,
    words: tuple[str, str, str],
    things: str = "tasks",
) -> str:
    """A sentence about TMS beside SFT in several places.

    Args:
        names: of the places, e.g. benchmarks as they are printed.
        contrasts: TMS's difference in each.
        words: what TMS did, and how where it is above or below, e.g. `scored`, `higher`, `lower`.
        things: what the places are.
    """
    verb, better, worse = words
    seen = list(zip(names, signs(contrasts, verdict), strict=True))
    groups = {word: [name for name, own in seen if own == sign] for sign, word in ((1, better), (-1, worse))}
    told_apart = {word: group for word, group in groups.items() if group}

    def fact(named: bool) -> str:
        if not told_apart:
            return f"TMS could not be told from SFT on {_any(names, things, named)}"
        (word, group), *others = told_apart.items()
        text = f"TMS {verb} {word} than SFT on {_among(group, names, things, named)}"
        for word, own in others:
            rest = " and ".join(own) if named and len(own) <= 2 else counted(len(own))
            text += f" and {word} on {rest}"
        return text

    return told([fact(True), fact(False)], contrasts, verdict, open_fact=bool(told_apart))


def _among(group: Sequence[str], everything: Sequence[str], things: str, named: bool) -> str:
    """Some of several places in words; their names where few."""
    if 1 < len(group) == len(everything):
        return f"both {things}" if len(group) == 2 else f"all {counted(len(group))} {things}"
    if named and len(group) <= 2:
        return " and ".join(group)
    if len(everything) == 1:
        return f"its {things.removesuffix('s')}"
    return f"{counted(len(group))} of {counted(len(everything))} {things}"


def _any(names: Sequence[str], things: str, named: bool) -> str:
    """None of several places in words, behind a `not`."""
    one = things.removesuffix("s")
    if len(names) == 1:
        return names[0] if named else f"its {one}"
    return f"either {one}" if len(names) == 2 else f"any of {counted(len(names))} {things}"


def told(
    facts: Sequence[str],
    contrasts: Sequence[Contrast],
    verdict: str,
    open_fact: bool,
    mixed: bool | None = None,
    margin: float = MARGIN,
) -> str:
    """A fact with how far it holds, as one sentence: the first of some wordings that is short enough.

    Args:
        facts: wordings without a period, the last one short.
        contrasts: what the verdict rests on.
        open_fact: whether the fact claims a difference, so that an open verdict has to take it back.
        mixed: whether differences that point both ways settle it; None: by the contrasts.
        margin: what counts as no difference (`decisions.over_seeds`).
    """
    if mixed is None:
        mixed = {1, -1} <= {contrast.direction for contrast in contrasts}
    settled = verdict in (SUPPORTED, CONTRADICTED) or (verdict == INDISTINGUISHABLE and mixed)
    ending = _ending(contrasts, verdict, open_fact, settled, margin)
    sentences = [f"{fact}{ending}." for fact in facts]
    return next(filter(fits, sentences), sentences[-1])


def _ending(contrasts, verdict, open_fact, settled, margin) -> str:
    number = min((one.seeds for one in contrasts if one.seeds), default=0)
    seeds = f"{counted(number)} seeds" if number > 1 else "the seeds"
    if verdict == INCONCLUSIVE:
        return (
            f" in these runs, but {seeds} do not settle it" if open_fact else f", and {seeds} leave it open"
        )
    if of_one_run(contrasts):
        unsure = open_fact and not settled
        return " in this run, but its examples do not settle it" if unsure else f" {OTHER_SEEDS}"
    if settled:
        return f", and {seeds} bear it out"
    if within(contrasts, margin):
        return " in these runs, by less than two points" if open_fact else ", to within two points"
    return " in these runs, but the examples do not settle it" if open_fact else ", with so few test examples"
