"""Replay: a share of a run's visits are general prompts with the base's own answers, not its task's."""

from dataclasses import dataclass

from tms.mixture.draws import uniforms
from tms.mixture.schedule import visits

GENERAL = "general"  # source of such a row


@dataclass(frozen=True)
class Replay:
    """The general prompts of a run, and how often it visits them.

    Args:
        answers: the base's, one a prompt (columns of `parquet.COMPLETIONS`).
        share: expected share of the visits, in [0, 1].
        seed: the run's seed.
        learned: whether the answers are targets; else a loss compares distributions at their tokens.
    """

    answers: list[dict]
    share: float
    seed: int
    learned: bool = True

    def of(self, rows: list[dict]) -> list[dict]:
        """Replace a share of the visits; their number and the places of all others stay.

        A visit is general where a hash of (seed, prompt, epoch) falls below the share, and it then takes the
        general prompt that has its place in an order of their own. So a visit's draw depends on no other, and
        the general visits of a smaller share are among those of a larger one, with the same prompts.

        Args:
            rows: of a run, in the order of its visits (columns `example_id` and `epoch` among them).

        Returns:
            As many rows; the general ones have the source `GENERAL`.
        """
        answers = {row["example_id"]: row | {"source": GENERAL} for row in self.answers}
        order = visits(list(answers), len(rows), self.seed)
        return [
            answers[general] if self._is_general(row) else row
            for row, (_, _, general) in zip(rows, order, strict=True)
        ]

    def _is_general(self, row: dict) -> bool:
        return uniforms("replay", self.seed, row["example_id"], row["epoch"])[0] < self.share
