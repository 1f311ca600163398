"""Prompts of on-policy training, and rollouts with their rewards."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tms.io.token_ids import model_ids, own_tokens

Sample = Callable[[list[list[int]]], list[list[int]]]  # prompts with given beginnings -> completions
# Completions and their prompts -> rewards.
Grade = Callable[[list[list[int]], list["Prompt"]], list[float | None]]


@dataclass(frozen=True)
class Prompt:
    """A prompt with its gold answer and the expert's (the teacher's verified) answer.

    `expert_ids` ends with the end token; `expert_ends[i]` is the character of `expert` at which token i ends
    (empty: no prefix can be cut from it, as of an episode). `grader` scores completions. `taught_ids` is the
    prompt as a teacher reads it; empty: as the policy does. `context` is the row's, where it has tools.
    """

    ids: list[int]
    answer: str
    expert: str
    expert_ids: list[int]
    expert_ends: list[int]
    grader: str
    taught_ids: tuple[int, ...] = ()
    context: str = ""


@dataclass
class Rollout:
    """One completion of the policy: the expert's prefix (if any), then the policy's own tokens.

    In an episode tools have their part in `sampled_ids` too, as `tms.io.token_ids` has it.
    """

    prompt_ids: list[int]
    prefix_ids: list[int]
    sampled_ids: list[int]
    reward: float | None = None  # None: the grader failed on it
    advantage: float = 0.0
    learns_prefix: bool = False
    monitored: bool = True  # whether the logged reward, KL and truncated share count it
    taught_ids: tuple[int, ...] = ()  # the prompt as a teacher reads it

    @property
    def completion_ids(self) -> list[int]:
        return self.prefix_ids + self.sampled_ids

    @property
    def tokens_in_loss(self) -> int:
        return own_tokens(self.sampled_ids) + (len(self.prefix_ids) if self.learns_prefix else 0)


def sample_and_grade(
    prompts: list[Prompt], cuts: list[int], sample: Sample, grade: Grade, limit: int
) -> list[Rollout]:
    """Sample a rollout of each prompt, after so many tokens of the expert's answer, and grade them.

    Args:
        prompts: one for each rollout.
        cuts: tokens of the expert's answer with which each begins; all of them leave nothing to sample.
        sample: completes prompts, each with its prefix.
        grade: rewards of whole completions.
        limit: longest completion, prefix included; no expert's answer that a prefix is cut from is longer.
    """
    pairs = zip(prompts, cuts, strict=True)
    rollouts = [Rollout(prompt.ids, prompt.expert_ids[:cut], []) for prompt, cut in pairs]
    begun = [
        rollout
        for rollout, prompt in zip(rollouts, prompts, strict=True)
        if len(rollout.prefix_ids) < len(prompt.expert_ids)
    ]
    completions = sample([rollout.prompt_ids + rollout.prefix_ids for rollout in begun])
    for rollout, ids in zip(begun, completions, strict=True):
        # The sampler's own limit is that of a completion, or turn, without a prefix.
        rollout.sampled_ids = ids[: limit - len(rollout.prefix_ids)] if rollout.prefix_ids else ids
    rewards = grade([rollout.completion_ids for rollout in rollouts], prompts)
    for rollout, reward in zip(rollouts, rewards, strict=True):
        rollout.reward = reward
    return rollouts


@dataclass(frozen=True)
class Batch:
    """Rollouts padded on the right, [B, L + 1]; place i of a mask is about token i + 1, as scores are."""

    ids: torch.Tensor
    sampled_BL: torch.Tensor  # tokens that the policy sampled
    expert_BL: torch.Tensor  # tokens of the expert that are learned
    advantages_B: torch.Tensor


def collate(rollouts: list[Rollout], device) -> Batch:
    """Pad rollouts to a batch. Without an attention mask: no real token sees the padding behind it."""
    length = max(len(rollout.prompt_ids) + len(rollout.completion_ids) for rollout in rollouts)
    ids = torch.zeros(len(rollouts), length, dtype=torch.long)
    sampled_BL = torch.zeros(len(rollouts), length - 1, dtype=torch.bool)
    expert_BL = torch.zeros(len(rollouts), length - 1, dtype=torch.bool)
    for row, rollout in enumerate(rollouts):
        prompt = len(rollout.prompt_ids)
        sampled = prompt + len(rollout.prefix_ids)
        end = sampled + len(rollout.sampled_ids)
        ids[row, :end] = torch.tensor([*rollout.prompt_ids, *model_ids(rollout.completion_ids)])
        sampled_BL[row, sampled - 1 : end - 1] = torch.tensor(rollout.sampled_ids) >= 0
        expert_BL[row, prompt - 1 : sampled - 1] = rollout.learns_prefix
    advantages_B = torch.tensor([rollout.advantage for rollout in rollouts])
    return Batch(*(part.to(device) for part in (ids, sampled_BL, expert_BL, advantages_B)))
