"""REINFORCE with a moving-average baseline (section 7.1): one rollout a prompt, advantage r - b.

Names of tensors end in their shape: B rollouts, L tokens.
"""

from dataclasses import dataclass

import torch

from tms.grading.rewards import mean_reward
from tms.io.errors import InputError
from tms.on_policy.rollout import Batch, Grade, Prompt, Rollout, Sample, sample_and_grade
from tms.on_policy.train import OnPolicyRun
from tms.on_policy.trainer import RewardTrainer


@dataclass
class MovingBaseline:
    """The baseline b: the first batch's mean reward, then b <- decay b + (1 - decay) mean(r) after each.

    `rewards` are those of a whole optimiser step; None is a rollout that could not be graded, which has no
    part in b. `value` is all of the state, to be saved with the checkpoint; None before the first batch.
    """

    decay: float
    value: float | None = None

    def advantages(self, rewards: list[float | None]) -> list[float]:
        """Advantage r - b of each rollout, with b from before this batch; 0 where the reward is None."""
        if self.value is None:
            self.value = mean_reward(rewards)
        return [0.0 if reward is None else reward - self.value for reward in rewards]

    def update(self, rewards: list[float | None]) -> None:
        """Move b towards the mean of a batch whose advantages have been formed."""
        mean = mean_reward(rewards)
        if mean is not None:
            self.value = self.decay * self.value + (1 - self.decay) * mean


class Reinforce:
    """REINFORCE as the on-policy trainer runs it (`tms.on_policy.trainer.Algorithm`).

    Args:
        limit: longest completion, in tokens.
        decay: of the baseline.
    """

    def __init__(self, limit: int, decay: float):
        self.limit, self.decay = limit, decay

    def collect(self, prompts: list[Prompt], sample: Sample, grade: Grade) -> list[Rollout]:
        """One rollout a prompt."""
        return sample_and_grade(prompts, [0] * len(prompts), sample, grade, self.limit)

    def set_advantages(
        self, rollouts: list[Rollout], rewards: list[float | None], offset: int, logged: list[dict]
    ):
        """Advantages r - b; b goes on from the last step's log, so that a resumed run has it."""
        baseline = MovingBaseline(self.decay, logged[-1]["baseline"] if logged else None)
        for rollout, advantage in zip(rollouts, baseline.advantages(rewards)[offset:], strict=False):
            rollout.advantage = advantage
        baseline.update(rewards)
        return {"baseline": baseline.value}

    def loss(self, logps_BL, entropies_BL, batch: Batch, rollouts: int) -> torch.Tensor:
        return loss(logps_BL, batch.sampled_BL, batch.advantages_B, rollouts)


def trainer(run: OnPolicyRun) -> RewardTrainer:
    """The trainer of a run.

    Raises:
        InputError: more than one rollout of a prompt is asked for.
    """
    if run.settings.samples != 1:
        raise InputError(f"--samples {run.settings.samples}: REINFORCE takes 1 rollout of a prompt")
    return run.reward_trainer(Reinforce(run.settings.max_new_tokens, run.settings.baseline_decay))


def loss(
    logps_BL: torch.Tensor, sampled_BL: torch.Tensor, advantages_B: torch.Tensor, sequences: int
) -> torch.Tensor:
    """Policy-gradient loss: -(r - b) x the sum of a rollout's token log-probabilities, mean over rollouts.

    The losses of the micro-batches of an optimiser step add up to the step's loss.

    Args:
        logps_BL: log-probability of each token.
        sampled_BL: whether the policy sampled the token (no prompt, no padding).
        advantages_B: of each rollout.
        sequences: rollouts of the whole optimiser step.
    """
    completion_logps_B = torch.where(sampled_BL, logps_BL, 0.0).sum(-1)
    return -(advantages_B * completion_logps_B).sum() / sequences
