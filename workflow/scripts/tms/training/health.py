"""Signs that a training run on rows went wrong, in one line each: for its log, the table and the report."""

from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from tms.io import json_file
from tms.io.errors import InputError
from tms.mixture.checkpoints import parse_point
from tms.mixture.replay import GENERAL

WARN, STOP = 0.2, 0.5  # shares of the targets that are cut or too long, hence carry no loss
CUT = (
    "length",
    "too long",
)  # reasons that a higher limit would mend; a rejected target is refused on purpose
NEARLY_ALL = 0.95  # share of the targets with loss that one source of several may have
FEW_CUT = 0.05  # share of the sampled targets that a limit set from their lengths would cut
CHANCE = 3.29  # standard errors by which a share of draws differs from theirs once in a thousand times
KEPT = 0.9  # share of an update's squared norm that rounding to the checkpoint's precision should leave
FEWEST_STEPS = 10  # below it a loss says nothing of where it goes
TEACHER = "teacher"
# Of a run's health.json (`of_targets`, `of_losses`).
FACTS = ("targets", "masked", "planned", "sources", "tokens", "cut", "ended", "limit", "alpha")
FACTS += ("steps", "empty_steps", "losses")
BASE = "checkpoint 0of1"  # whose own words it knows from the start


class Sign(NamedTuple):
    """A sign that something is off, and where to look."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


def read(file: Path) -> dict:
    """The facts of a finished run, from its health.json.

    Raises:
        InputError: it cannot be read, or lacks one.
    """
    return json_file.read(file, "record of a run", "train again", dict.fromkeys(FACTS, object))


def check_masked(facts: dict, choice: str) -> None:
    """Stop a run of which more than half of the targets would be left out.

    Args:
        facts: as `signs` takes them.
        choice: of `training.masked_targets`: stop or warn.

    Raises:
        InputError: they are more than `STOP`, and the choice is stop; or no target carries loss.
    """
    if not facts["sources"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in facts["masked"].items())
        raise InputError(
            f"none of {facts['targets']} targets carries loss ({reasons}); raise max_new_tokens of the task, "
            f"or look at its answers"
        )
    left = 1 - masked_share(facts)
    if choice == "stop" and masked_share(facts) > STOP:
        allowed = f"training.masked_targets: warn goes on with the other {left:.0%}"
        raise InputError(f"{_masked(facts)}; {allowed}")


def masked_share(facts: dict) -> float:
    """Share of the targets that are cut at the limit or longer than it."""
    return sum(facts["masked"].get(reason, 0) for reason in CUT) / facts["targets"]


def signs(facts: dict) -> list[Sign]:
    """The signs of a run, none for a sound one.

    Args:
        facts: what `of_targets` and `of_losses` take.
    """
    return of_targets(facts) + of_losses(facts)


def of_targets(facts: dict) -> list[Sign]:
    """The signs that a run's targets show before it is trained.

    Args:
        facts: `targets`, their number; `masked`, how many carry no loss, by reason; `planned`, `sources`,
            `tokens` and `cut`, how many targets, targets with loss, tokens with loss and targets cut at their
            limit each source has (teacher, a checkpoint, or general); `ended`, the tokens that 95 % (`usual`)
            and all (`longest`) of the checkpoints' ended targets hold; `limit`, the most tokens of a target;
            `alpha`, the configured probability of the teacher, None without a mixture; `steps`, and of these
            `empty_steps`, without a target with loss.
    """
    seen = [
        _masked(facts) if masked_share(facts) >= WARN else None,
        _rejected(facts),
        _cut(facts),
        _one_source(of_task(facts["planned"]), of_task(facts["sources"])),
        _other_alpha(facts),
        _empty_steps(facts),
    ]
    return [sign for sign in seen if sign]


def of_losses(facts: dict) -> list[Sign]:
    """The signs that a run's losses show at its end.

    Args:
        facts: `sources`, as above; `losses`, of each optimiser step with a target with loss.
    """
    own_words = set(of_task(facts["sources"])) == {BASE}
    sign = None if own_words else _not_falling(facts["losses"])
    return [sign] if sign else []


def of_update(update: dict) -> list[Sign]:
    """The sign that the rounding of a checkpoint took away much of what its run had learned.

    Args:
        update: of the checkpoint, as `tms.training.update.measure` gives it.
    """
    if update["surviving"] is None or update["surviving"] >= KEPT:
        return []
    what = f"only {update['surviving']:.0%} of the update survived rounding to {update['dtype']}"
    return [Sign(what, "set training.checkpoint_dtype: float32")]


def teacher_share(counts: Mapping[str, int]) -> float | None:
    """Share of the teacher among targets or tokens of each source but the general prompts: the alpha that a
    student saw."""
    total = sum(of_task(counts).values())
    return counts.get(TEACHER, 0) / total if total else None


def of_task(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of the sources of a run's own task: without its general prompts."""
    return {name: count for name, count in counts.items() if name != GENERAL}


def _masked(facts: dict) -> Sign:
    reasons = ", ".join(f"{facts['masked'][name]} {name}" for name in CUT if facts["masked"].get(name))
    return Sign(
        f"{masked_share(facts):.0%} of {facts['targets']} targets carry no loss ({reasons})",
        "raise max_new_tokens of the task, or shorten its answers",
    )


def _rejected(facts: dict) -> Sign | None:
    count = facts["masked"].get("rejected", 0)
    if count <= STOP * facts["targets"]:
        return None
    return Sign(
        f"the grader rejects {count} of {facts['targets']} targets, which carry no loss",
        "the checkpoints seldom answer right; harvest.keep: all trains on what they write",
    )


def _cut(facts: dict) -> Sign | None:
    sampled = {name: count for name, count in of_task(facts["planned"]).items() if name != TEACHER}
    cut, total = sum(of_task(facts["cut"]).values()), sum(sampled.values())
    if not total or cut < FEW_CUT * total:
        return None
    shares = {name: facts["cut"].get(name, 0) / count for name, count in sampled.items()}
    names = sorted(filter(shares.get, shares), key=lambda name: parse_point(name.rpartition(" ")[2]))
    worst = ", ".join(f"{name}: {shares[name]:.0%}" for name in names)
    ended, limit = facts["ended"], facts["limit"]
    others = f"95% of the others have at most {ended['usual']}, the longest {ended['longest']}"
    others = others if ended["longest"] else "and none ended"
    return Sign(
        f"{cut / total:.0%} of {total} sampled targets are cut at {limit} tokens ({worst}), {others}",
        "set max_new_tokens of the task from the answers of the base and of the checkpoints; where the "
        "longest that ended is far below the limit, the others repeat themselves, and no limit holds them",
    )


def _other_alpha(facts: dict) -> Sign | None:
    alpha, seen = facts["alpha"], teacher_share(facts["sources"])
    if alpha is None or seen is None or not facts["masked"]:
        return None
    error = sqrt(alpha * (1 - alpha) / sum(of_task(facts["sources"]).values()))
    if abs(seen - alpha) <= CHANCE * error:
        return None
    return Sign(
        f"the teacher has {seen:.0%} of the targets with loss ({teacher_share(facts['tokens']):.0%} of their "
        f"tokens), where alpha is {alpha:g}",
        "the targets without loss are mostly those of "
        + ("the checkpoints" if seen > alpha else "the teacher")
        + "; it is a run at this alpha",
    )


def _empty_steps(facts: dict) -> Sign | None:
    if not facts["empty_steps"]:
        return None
    return Sign(
        f"{facts['empty_steps']} of {facts['steps']} optimiser steps have no target with loss and change "
        "nothing",
        "look at the masked targets, or raise the effective batch",
    )


def _one_source(planned: Mapping[str, int], sources: Mapping[str, int]) -> Sign | None:
    total = sum(sources.values())
    if len(planned) < 2 or not total:
        return None
    most = max(sources, key=sources.get)
    if sources[most] < NEARLY_ALL * total:
        return None
    meant = planned[most] / sum(planned.values())
    return Sign(
        f"{sources[most] / total:.0%} of the targets with loss are of one source, {most} (planned: "
        f"{meant:.0%})",
        "this is hardly a mixture; look at the masked targets, at tms.alpha and at tms.weights",
    )


def _not_falling(losses: Sequence[float]) -> Sign | None:
    if len(losses) < FEWEST_STEPS:
        return None
    fifth = len(losses) // 5
    first, last = fmean(losses[:fifth]), fmean(losses[-fifth:])
    if last < first:
        return None
    return Sign(
        f"the loss did not fall ({first:.4f} over the first {fifth} of {len(losses)} steps, {last:.4f} over "
        f"the last)",
        "look at training.learning_rate and at the data",
    )
