"""REINFORCE with a moving-average baseline (section 7.1): one rollout a prompt, advantage r - b.

Names of tensors end in their shape: B rollouts, L tokens.
"""

from dataclasses import dataclass
from math import fsum

import torch


@dataclass
class MovingBaseline:
    """The baseline b: the first batch's mean reward, then b <- decay b + (1 - decay) mean(r) after each batch.

    `rewards` are those of a whole optimiser step; None is a rollout that could not be graded, which has no
    part in b. `value` is all of the state, to be saved with the checkpoint; None before the first batch.
    """

    decay: float
    value: float | None = None

    def advantages(self, rewards: list[float | None]) -> list[float]:
        """Advantage r - b of each rollout, with b from before this batch; 0 where the reward is None."""
        if self.value is None:
            self.value = _mean(rewards)
        return [0.0 if reward is None else reward - self.value for reward in rewards]

    def update(self, rewards: list[float | None]) -> None:
        """Move b towards the mean of a batch whose advantages have been formed."""
        mean = _mean(rewards)
        if mean is not None:
            self.value = self.decay * self.value + (1 - self.decay) * mean


def loss(
    logps_BL: torch.Tensor, own_BL: torch.Tensor, advantages_B: torch.Tensor, sequences: int
) -> torch.Tensor:
    """Policy-gradient loss: -(r - b) x the sum of a rollout's token log-probabilities, mean over rollouts.

    The losses of the micro-batches of an optimiser step add up to the step's loss.

    Args:
        logps_BL: log-probability of each token.
        own_BL: whether the policy sampled the token (no prompt, no padding).
        advantages_B: of each rollout.
        sequences: rollouts of the whole optimiser step.
    """
    own_logps_B = torch.where(own_BL, logps_BL, 0.0).sum(-1)
    return -(advantages_B * own_logps_B).sum() / sequences


def _mean(rewards: list[float | None]) -> float | None:
    """Mean over the rollouts that could be graded; None without any."""
    graded = [reward for reward in rewards if reward is not None]
    return fsum(graded) / len(graded) if graded else None
