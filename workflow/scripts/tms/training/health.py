"""Signs that a training run on rows went wrong, in one line each: for its log, the table and the report."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from tms.io.errors import InputError

WARN, STOP = 0.2, 0.5  # shares of the targets that are cut or too long, hence carry no loss
CUT = (
    "length",
    "too long",
)  # reasons that a higher limit would mend; a rejected target is refused on purpose
NEARLY_ALL = 0.95  # share of the targets with loss that one source of several may have
FEWEST_STEPS = 10  # below it a loss says nothing of where it goes
BASE = "checkpoint 0of1"  # whose own words it knows from the start


class Sign(NamedTuple):
    """A sign that something is off, and where to look."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


def check_masked(facts: dict, choice: str) -> None:
    """Stop a run of which more than half of the targets would be left out.

    Args:
        facts: as `signs` takes them.
        choice: of `training.masked_targets`: stop or warn.

    Raises:
        InputError: they are more than `STOP`, and the choice is stop.
    """
    left = 1 - masked_share(facts)
    if choice == "stop" and masked_share(facts) > STOP:
        allowed = f"; training.masked_targets: warn goes on with the other {left:.0%}" if left else ""
        raise InputError(f"{_masked(facts)}{allowed}")


def masked_share(facts: dict) -> float:
    """Share of the targets that are cut at the limit or longer than it."""
    return sum(facts["masked"].get(reason, 0) for reason in CUT) / facts["targets"]


def signs(facts: dict) -> list[Sign]:
    """The signs, none for a sound run.

    Args:
        facts: `targets`, their number; `masked`, how many carry no loss, by reason; `planned` and `sources`,
            how many targets and how many with loss each source has (teacher, or a checkpoint); `losses`, of
            each optimiser step.
    """
    own_words = set(facts["sources"]) == {BASE}
    seen = [
        _masked(facts) if masked_share(facts) >= WARN else None,
        _rejected(facts),
        _one_source(facts["planned"], facts["sources"]),
        None if own_words else _not_falling(facts["losses"]),
    ]
    return [sign for sign in seen if sign]


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
