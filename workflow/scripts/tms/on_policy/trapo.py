"""TRAPO (arXiv 2512.17636): rollouts that begin with more of the expert's answer the fewer were right.

Each prompt gets eight rollouts in four groups, one group after the other. Tokens of the expert's prefix take
the TrSFT loss, the policy's own tokens the policy gradient. Names of tensors end in their shape: B rollouts,
L tokens.
"""

import re
from bisect import bisect_left

import torch

from tms.grading.rewards import mean_reward
from tms.io.errors import InputError
from tms.on_policy.rollout import Batch, Grade, Prompt, Rollout, Sample, sample_and_grade
from tms.on_policy.train import OnPolicyRun
from tms.on_policy.trainer import RewardTrainer
from tms.training.losses.trsft import trsft_N

GROUPS = (4, 2, 1, 1)  # rollouts of each group
RATIOS = (0.0, 0.25, 0.5, 1.0)  # share of the expert's answer that a group's prefix holds
NEEDED = (0, 2, 4, 7)  # a group gets its prefix if fewer of the rollouts before it were right
REACH = 0.3  # a cut moves to a blank line at most so far behind its ratio
BLANK_LINE = re.compile(r"\n\s*\n")


class Trapo:
    """TRAPO as the on-policy trainer runs it (`tms.on_policy.trainer.Algorithm`).

    Args:
        limit: longest completion, in tokens.
        floor: a of TrSFT.
        entropy_bonus: weight of the entropy.
    """

    def __init__(self, limit: int, floor: float, entropy_bonus: float):
        self.limit, self.floor, self.entropy_bonus = limit, floor, entropy_bonus

    def collect(self, prompts: list[Prompt], sample: Sample, grade: Grade) -> list[Rollout]:
        """Eight rollouts of each prompt; how a group begins depends on the groups before it."""
        rollouts: list[list[Rollout]] = [[] for _ in prompts]
        for group, count in enumerate(GROUPS):
            cuts = []
            for prompt, before in zip(prompts, rollouts, strict=True):
                right = sum(rollout.reward == 1 for rollout in before)
                ratio = prefix_ratio(group, right)
                if len(prompt.expert_ids) > self.limit:  # the end of such an answer could not be reached
                    ratio = 0.0
                cuts.append(cut(prompt.expert, prompt.expert_ends, ratio))
            repeated = [prompt for prompt in prompts for _ in range(count)]
            lengths = [length for length in cuts for _ in range(count)]
            group_rollouts = sample_and_grade(repeated, lengths, sample, grade, self.limit)
            for place, rollout in enumerate(group_rollouts):
                same_prompt = rollouts[place // count]
                rollout.learns_prefix = learns_prefix(len(same_prompt))
                # Later groups have no prefix only where earlier rollouts were right: a selection.
                rollout.monitored = group == 0
                same_prompt.append(rollout)
        return [rollout for same_prompt in rollouts for rollout in same_prompt]

    def set_advantages(
        self, rollouts: list[Rollout], rewards: list[float | None], offset: int, logged: list[dict]
    ):
        """Advantages r - the mean of a prompt's eight."""
        size = sum(GROUPS)
        for first in range(0, len(rollouts), size):
            group = rollouts[first : first + size]
            given = advantages([rollout.reward for rollout in group])
            for rollout, advantage in zip(group, given, strict=True):
                rollout.advantage = advantage
        groups = [rewards[first : first + size] for first in range(0, len(rewards), size)]
        equal = sum(len({*group} - {None}) < 2 for group in groups)
        return {"frac_reward_zero_std": equal / len(groups)}

    def loss(self, logps_BL, entropies_BL, batch: Batch, rollouts: int) -> torch.Tensor:
        return loss(
            logps_BL,
            entropies_BL,
            batch.sampled_BL,
            batch.expert_BL,
            batch.advantages_B,
            self.limit,
            self.floor,
            self.entropy_bonus,
        )


def trainer(run: OnPolicyRun) -> RewardTrainer:
    """The trainer of a run.

    Raises:
        InputError: another number of rollouts is asked for than its groups have.
    """
    settings = run.settings
    if settings.samples != sum(GROUPS):
        raise InputError(f"--samples {settings.samples}: TRAPO takes {sum(GROUPS)} rollouts of a prompt")
    return run.reward_trainer(Trapo(settings.max_new_tokens, settings.trsft_floor, settings.entropy_bonus))


def prefix_ratio(group: int, right: int) -> float:
    """Share of the expert's answer with which the rollouts of a group begin.

    Args:
        group: 0 to 3.
        right: rollouts of all earlier groups (0, 4, 6 or 7 of them) whose answer is right.
    """
    return RATIOS[group] if right < NEEDED[group] else 0.0


def cut(text: str, ends: list[int], ratio: float) -> int:
    """Number of the expert's tokens in a prefix.

    The cut falls behind the first blank line past the ratio and within 0.3 of it, else at the ratio (rounded
    down to a token). Ratio 1 is the whole answer.

    Args:
        text: the expert's answer.
        ends: character offset in `text` at which each of its tokens ends; an end token's is `len(text)`.
        ratio: share of the tokens.
    """
    if ratio in (0, 1):
        return int(ratio) * len(ends)
    at_ratio = int(ratio * len(ends))
    for blank in BLANK_LINE.finditer(text):
        behind = bisect_left(ends, blank.end()) + 1
        if behind >= at_ratio:
            return behind if behind <= (ratio + REACH) * len(ends) else at_ratio
    return at_ratio


def learns_prefix(index: int) -> bool:
    """Whether a rollout's prefix takes the TrSFT loss: of the second group's two, only the second does.

    Args:
        index: of the rollout among the prompt's eight, from 0, in the order of the groups.
    """
    return index > GROUPS[0]


def advantages(rewards: list[float | None]) -> list[float]:
    """Advantage of each of a prompt's rollouts: r - the mean over all, not divided by the deviation.

    Args:
        rewards: of the eight; None is a rollout that could not be graded. It has no part in the mean, and
            advantage 0.
    """
    mean = mean_reward(rewards)
    return [0.0 if reward is None else reward - mean for reward in rewards]


def loss(
    logps_BL: torch.Tensor,
    entropies_BL: torch.Tensor,
    sampled_BL: torch.Tensor,
    expert_BL: torch.Tensor,
    advantages_B: torch.Tensor,
    limit: int,
    floor: float,
    entropy_bonus: float,
) -> torch.Tensor:
    """TrSFT on the expert's tokens, policy gradient and entropy bonus on the policy's own.

    Summed over tokens and sequences, over a constant. The losses of the micro-batches of an optimiser step
    add up to the step's loss. There is no clip and no KL term: each rollout is used once, by the policy that
    sampled it.

    Args:
        logps_BL: log-probability of each token.
        entropies_BL: entropy (nats) of the distribution that each token comes from.
        sampled_BL: whether the policy sampled the token.
        expert_BL: whether the token is the expert's and takes the TrSFT loss.
        advantages_B: of each rollout.
        limit: most tokens of a completion.
        floor: a of TrSFT.
        entropy_bonus: weight of the entropy.
    """
    expert = trsft_N(logps_BL[expert_BL], floor).sum()
    gained_BL = advantages_B[:, None] * logps_BL + entropy_bonus * entropies_BL
    return (expert - torch.where(sampled_BL, gained_BL, 0.0).sum()) / limit
