"""The answer of a model: base, SFT, TMS and the best other entry with four numbers each, and one sentence."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from tms.experiments import labels
from tms.report.answer import costs as cost
from tms.report.answer.comparisons import HIGHER, LOWER, beats, contrast, leaders, outcome
from tms.report.answer.numbers import BASE, SFT, TIMES, TMS, Entry, Quantity, both, number, quantities
from tms.report.answer.other import best_other
from tms.report.answer.words import Told, beside
from tms.report.cell_lookup import CellLookup
from tms.report.research_questions.decisions import MARGIN

SENTENCE = ("target", "forgetting")  # the numbers that the sentence compares
ONE_SEED = "One seed: another may order the methods otherwise."


def answer(
    lookup: CellLookup, experiment: str, seeds: Sequence[int], costs: Mapping[str, Sequence[dict]]
) -> dict:
    """The rows, the sentence and the notes, as answer.json has them.

    Args:
        lookup: cells of the experiment, and of the frontier where the model has it.
        experiment: main, or that of SFT and TMS alone.
        seeds: that were run.
        costs: method -> lines of its cost table; methods whose cost is not known may be missing.
    """
    measured = lookup.methods(experiment)
    entries = [
        Entry(method, labels.method(method), method, experiment)
        for method in (BASE, SFT, TMS)
        if method == BASE or method in measured
    ]
    other = best_other(lookup)
    entries += [other] if other else []
    shown = quantities(lookup, experiment)
    counted = cost.quantity(costs)
    rows = [
        {"method": one.method, "checkpoint": one.checkpoint, "label": one.label, "role": one.role}
        | {"note": one.note}
        | {
            "numbers": [number(quantity, quantity.reading(lookup, one)) for quantity in shown]
            + [number(counted, cost.reading(one, costs))]
        }
        for one in entries
    ]
    return {
        "model": lookup.info.model,
        "sentence": sentence(lookup, entries, shown, seeds, costs),
        "seeds": list(seeds),
        "rows": rows,
        "about": {quantity.name: quantity.about for quantity in (*shown, counted)},
        "notes": notes(entries, shown, seeds),
    }


def sentence(
    lookup: CellLookup,
    entries: Sequence[Entry],
    shown: Sequence[Quantity],
    seeds: Sequence[int],
    costs: Mapping[str, Sequence[dict]],
) -> str:
    """One sentence: TMS beside SFT (or one beside the base), its cost, and the other where it is better."""
    by_role = {entry.role: entry for entry in entries}
    pair = [by_role[role] for role in (TMS, SFT) if role in by_role]
    compared = [quantity for quantity in shown if quantity.name in SENTENCE]

    def told(entry: Entry, reference: Entry) -> list[Told]:
        return [_told(lookup, quantity, entry, reference, len(seeds)) for quantity in compared]

    parts, outcomes = [], []
    if len(pair) == 2:
        said = told(*pair)
        outcomes = [one.outcome for one in said]
        parts.append(beside(pair[0].label, pair[1].label, said))
        parts += _cost(pair[0], costs)
        parts += _without_gain(lookup, compared[0], pair, by_role[BASE], len(seeds))
    elif pair:
        # Theta_0's forgetting is 0 by definition, so beside it the signed change counts.
        kept = [quantity for quantity in shown if quantity.name in ("target", "kept")]
        beside_base = [_told(lookup, one, pair[0], by_role[BASE], len(seeds)) for one in kept]
        parts.append(beside(pair[0].label, "the base", beside_base))
    else:
        parts.append("neither SFT nor TMS was run")
    if other := by_role.get("other"):
        found = {leader.label: told(other, leader) for leader in leaders(pair, outcomes)}
        better = [name for name, said in found.items() if beats(one.outcome for one in said)]
        lost = [one for said in found.values() for one in said if one.outcome == LOWER]
        if better and not lost:
            parts.append(beside(other.label, better[0], found[better[0]]))
    start = "In this run" if len(seeds) == 1 else "On this model"
    return f"{start} {'; '.join(parts)}."


def _cost(entry: Entry, costs: Mapping[str, Sequence[dict]]) -> list[str]:
    """A part of the sentence on the time, or on the steps where the seeds' times do not agree."""
    counted, spent = cost.quantity(costs), cost.reading(entry, costs)
    if counted.unit == TIMES and spent is not None and cost.settled(spent):
        return [f"{entry.label} takes {number(counted, spent)['text'].removesuffix('×')} times as long"]
    steps = cost.times_of_sft(entry, costs, "optimizer_steps")  # which no busy machine changes
    return [f"{entry.label} takes {fmean(steps):.2g} times as many optimiser steps"] if steps else []


def _told(lookup: CellLookup, quantity: Quantity, entry: Entry, reference: Entry, seeds: int) -> Told:
    found = contrast(lookup, quantity, entry, reference)
    own = quantity.reading(lookup, entry) if quantity.cell == "forgetting" else None
    known = own is not None and (seeds == 1 or own.over_seeds is not None)
    bounds = both(own) if known else None
    almost_none = bounds is not None and bounds[0] > -MARGIN
    return Told(quantity, outcome(found, quantity, seeds), found, almost_none)


def _without_gain(
    lookup: CellLookup, target: Quantity, pair: Sequence[Entry], base: Entry, seeds: int
) -> list[str]:
    """A part of the sentence on those of SFT and TMS that are not shown to be better than the base."""
    unproven = [
        entry.label
        for entry in pair
        if (found := contrast(lookup, target, entry, base)) and outcome(found, target, seeds) != HIGHER
    ]
    if not unproven:
        return []
    whose = "neither is" if len(unproven) == 2 else f"{unproven[0]} is not"
    return [f"{whose} shown to be better than the base on its target"]


def notes(entries: Sequence[Entry], shown: Sequence[Quantity], seeds: Sequence[int]) -> list[str]:
    """Short sentences that have to stand under the numbers."""
    found = [ONE_SEED] if len(seeds) == 1 else []
    if not any(quantity.cell == "forgetting" for quantity in shown):
        found.append("Forgetting is not known: no benchmark scores what the model could do before.")
    return found + [entry.note for entry in entries if entry.note]
