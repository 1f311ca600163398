"""Plan of Algorithm 1: the source of each visit's target, drawn before any target is generated."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from tms.io.errors import InputError
from tms.mixture.draws import uniforms
from tms.mixture.schedule import visits


@dataclass(frozen=True)
class MixtureWeights:
    """The mixture q_alpha of Eq. 5.2: the teacher with probability alpha, else a checkpoint t ~ p(t).

    Raises:
        InputError: alpha outside [0, 1].
    """

    alpha: float
    points: tuple[str, ...]  # names of the checkpoints, e.g. ("1of2", "1of1")
    weights: tuple[float, ...]  # p(t), one for each point; sums to 1

    def __post_init__(self):
        if not 0 <= self.alpha <= 1:
            raise InputError(f"tms.alpha: {self.alpha!r} is not a probability; write a number from 0 to 1")


def train_plan(
    example_ids: list[str],
    mixture: MixtureWeights,
    total: int,
    samples: int,
    prompts_share: float,
    seed: int,
) -> Iterator[dict]:
    """Draw a target for each visit of each training prompt, in the order in which SFT visits them.

    With `prompts_share` < 1 (Appendix C, note iii) only a hashed subset of the prompts is harvested. The
    student then trains on that subset alone, in more epochs, until it has made `total` visits: steps stay
    matched, and each visited prompt keeps its q_alpha.

    Args:
        example_ids: unique ids of the prompts with a verified reference.
        mixture: q_alpha, from which each target is drawn.
        total: visits of the run (`schedule.total_visits`).
        samples: completions that a (prompt, checkpoint) pair can be drawn from.
        prompts_share: part of the prompts that is harvested, in (0, 1].
        seed: the run's seed.

    Yields:
        Rows with the columns of `parquet.PLAN`, in order of position.

    Raises:
        InputError: a setting out of its range, or no prompt in the harvested subset.
    """
    if samples < 1:
        raise InputError(f"harvest.samples: {samples} is not a number from 1 up")
    if not 0 < prompts_share <= 1:
        raise InputError(f"harvest.prompts: {prompts_share} is not a share; write 0 < share <= 1")
    harvested = [name for name in example_ids if uniforms("subset", seed, name)[0] < prompts_share]
    if not harvested:
        raise InputError(
            f"harvest.prompts: a share of {prompts_share} leaves none of {len(example_ids)} prompts; raise it"
        )
    for epoch, position, example_id in visits(harvested, total, seed):
        yield {
            "split": "train",
            "epoch": epoch,
            "position": position,
            "example_id": example_id,
            **draw(mixture, samples, seed, "train", example_id, epoch),
        }


def heldout_plan(example_ids: list[str], mixture: MixtureWeights, samples: int, seed: int) -> Iterator[dict]:
    """Draw one target for each held-out prompt, in the given order: what `pld_own` is measured on (RQ6)."""
    for position, example_id in enumerate(example_ids):
        yield {
            "split": "heldout",
            "epoch": 0,
            "position": position,
            "example_id": example_id,
            **draw(mixture, samples, seed, "heldout", example_id, 0),
        }


def draw(
    mixture: MixtureWeights, samples: int, seed: int, split: str, example_id: str, epoch: int
) -> dict[str, str | int]:
    """Draw the target of one visit from q_alpha (Eq. 5.2).

    The draw is a hash of (seed, split, example_id, epoch): it depends on no other visit, plans for
    different alpha are nested, and all windows share the visits that the teacher takes.

    Returns:
        `source` (teacher | checkpoint), `checkpoint` ("" for the teacher) and `sample`.
    """
    u, v, w = uniforms("visit", seed, split, example_id, epoch)
    if u < mixture.alpha:
        return {"source": "teacher", "checkpoint": "", "sample": 0}
    cumulative = list(accumulate(mixture.weights))
    # Scaled by the last sum, so that weights which sum to 1 - 1e-7 leave no gap above them.
    point = mixture.points[bisect.bisect_right(cumulative, v * cumulative[-1])]
    return {"source": "checkpoint", "checkpoint": point, "sample": int(w * samples)}
