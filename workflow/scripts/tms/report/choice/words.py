"""A choice in words: never surer than the resamples, and than the seeds."""

from collections.abc import Mapping, Sequence

from tms.experiments import labels
from tms.experiments.frontier import TMS
from tms.metrics.statistics import EQUAL
from tms.metrics.summary import BASE
from tms.report.answer.summary import with_interval
from tms.report.precision import exact

# The choice's target beside that of another side: higher, lower, or neither was shown.
APART_HIGHER, APART_LOWER, OPEN = "higher", "lower", "not told apart"
# A trained side whose best is the base: its settings forget more than is tolerated, or learned nothing.
AT_BASE = "nothing above the base"
CHOSEN = "chosen"
# Kinds of work that are not in plain words.
WORK_WORDS = {"optimizer_steps": "optimiser steps", "frozen_tokens": "tokens that a frozen model reads"}
FEW = 4  # sides that have their names where none of all is told apart
AS_LONG = 1.1  # times SFT's seconds up to which no one waits longer


def amount(points: float) -> str:
    """So many points of forgetting."""
    return f"{exact(points)} {'point' if points == 1 else 'points'} of forgetting"


def in_words(choice: Mapping, seeds: int) -> dict[str, str | dict[str, str]]:
    """A choice in one `sentence`, and its parts as `words`: `tolerance`, `setting` and `rest`.

    The rest is its numbers and cost, what is not told from it, and how often it is chosen.

    Args:
        choice: as choose.json has it, without both of these.
        seeds: number of seeds that were run.
    """
    of = "At most" if seeds > 1 else "In this run, at most"
    unsure = "" if is_clear(choice) else "no clear choice; by the means as measured "
    setting = "the base as it is" if choice["method"] == BASE else choice["setting"]
    rest = [numbers(choice), *cost(choice), *beside(choice), how_often(choice, seeds)]
    words = {
        "tolerance": f"{of} {amount(choice['tolerance'])}",
        "setting": f"{unsure}{setting}",
        "rest": f"{'; '.join(rest)}.",
    }
    return {"sentence": "{tolerance}: {setting}; {rest}".format(**words), "words": words}


def numbers(choice: Mapping) -> str:
    """Target and forgetting on the half that chose nothing."""
    target, lost = choice["target"], choice["forgotten"]
    text = f"{with_interval(target)} on the target"
    if choice["method"] == BASE:
        return text
    said = f"{text}, forgets {with_interval(lost)}"
    most = choice["tolerance"] + 100 * EQUAL
    if lost["value"] > most:
        return f"{said}, which is more than tolerated"
    high = lost["value"] if lost["high"] is None else lost["high"]
    return said if high <= most else f"{said}, so it may be more than tolerated"


def cost(choice: Mapping) -> list[str]:
    """What it costs beside SFT; nothing is said where that is not known."""
    if choice["method"] == BASE:
        return ["costs nothing"]
    times, beyond = choice["cost"]["times_sft"], choice["cost"]["beyond_sft"]
    longer = f"about {times:.2g} times as long as SFT" if times is not None and times > AS_LONG else ""
    if beyond is None:
        return [f"takes {longer}"] if longer else []
    if not beyond:
        nothing = "no steps or tokens beyond SFT's"
        return [
            f"{nothing}, {longer}" if longer else nothing if times is None else "costs nothing beyond SFT"
        ]
    kinds = labels.listed([WORK_WORDS.get(name, name.replace("_", " ")) for name in beyond])
    if times is None:
        return [f"takes more {kinds} than SFT"]
    return [f"takes {longer or 'as long as SFT'}, and more {kinds}"]


def beside(choice: Mapping) -> list[str]:
    """What it is told apart from and what not, with the one of these that costs less than it and least."""
    of = {
        outcome: [one for one in choice["sides"] if one["outcome"] == outcome]
        for outcome in (APART_HIGHER, APART_LOWER, OPEN, AT_BASE)
    }
    parts = []
    if of[OPEN]:
        least = cheapest(choice, of[OPEN])
        said = f", of which {least} costs less" if least else ""
        parts.append(f"not told apart from {_open(of, choice)}{said}")
    if of[APART_HIGHER]:
        parts.append(f"higher on the target than {_names(of[APART_HIGHER])}")
    if of[APART_LOWER]:
        parts.append(
            f"lower on the target than {_names(of[APART_LOWER])}, by the examples that chose nothing"
        )
    if none := of[AT_BASE]:
        parts.append(f"within it {_names(none)} {'has' if len(none) == 1 else 'have'} {AT_BASE}")
    if TMS not in [one["side"] for one in choice["sides"]]:
        parts.append("TMS was not among the sides")
    return parts


def _open(of: Mapping[str, Sequence[Mapping]], choice: Mapping) -> str:
    """The sides that are not told apart, in short where that is every one; TMS has its name in any case."""
    sides = [one["side"] for one in of[OPEN]]
    apart = {one["side"] for one in (*of[APART_HIGHER], *of[APART_LOWER])} - {BASE}
    if apart or len(sides) < FEW:
        return _names(of[OPEN])
    others = "any other side" + (" or the base" if BASE in sides else "")
    return f"TMS or {others}" if TMS in sides else others


def cheapest(choice: Mapping, others: Sequence[Mapping]) -> str:
    """The name of the side of least tokens among trained ones that cost less than the choice; "": none.

    Less is fewer tokens, and more of no kind of work.
    """
    spent = {one["name"]: _tokens(one) for one in others if one["method"] != BASE and _is_less(one, choice)}
    return min(spent, key=spent.get, default="")


def _is_less(one: Mapping, other: Mapping) -> bool:
    own, beside = _counted(one), _counted(other)
    if not own or own.keys() != beside.keys():
        return False
    return _tokens(one) < _tokens(other) and all(own[name] <= beside[name] for name in own)


def _counted(entry: Mapping) -> dict[str, float]:
    """Work that is counted: seconds are measured."""
    return {name: value for name, value in entry["cost"]["work"].items() if name != "seconds"}


def _tokens(entry: Mapping) -> float:
    return sum(value for name, value in _counted(entry).items() if name.endswith("_tokens"))


def how_often(choice: Mapping, seeds: int) -> str:
    """Shares of the resamples that choose the side and its setting; the seeds that alone choose the side."""
    whose = "the base" if choice["side"] == BASE else "this side"
    text = f"{whose} is chosen in {100 * choice['share']:.0f} % of the resamples"
    if (share := f"{100 * choice['setting_share']:.0f}") != f"{100 * choice['share']:.0f}":
        text += f" (this setting in {share} %)"
    second = _second(choice)
    if second["share"] > 0:
        text += f", {second['name']} in {100 * second['share']:.0f} %"
    return f"{text}; by the runs of one seed alone, in {choice['seeds']} of {seeds}" if seeds > 1 else text


def is_clear(choice: Mapping) -> bool:
    """Whether no other side is chosen in more resamples."""
    return _second(choice)["share"] <= choice["share"]


def _second(choice: Mapping) -> Mapping:
    """Of the sides beside the chosen one, that which is chosen in most resamples."""
    others = [one for one in choice["sides"] if one["side"] != choice["side"]]
    return max(others, key=lambda one: one["share"])


def _names(sides: Sequence[Mapping]) -> str:
    return labels.listed([one["name"] for one in sides])


def lines(found: Mapping) -> list[str]:
    """The sentences of choose.json and its notes; nothing where nothing was chosen."""
    return [*(one["sentence"] for one in found["choices"]), *found["notes"]] if found["choices"] else []
