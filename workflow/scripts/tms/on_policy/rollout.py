"""What on-policy training passes on: visits of prompts, and rollouts with their rewards."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

Sample = Callable[[list[list[int]]], list[list[int]]]  # prompts with given beginnings -> completions
Grade = Callable[[list[list[int]], list[str]], list[float | None]]  # completions, gold answers -> rewards


@dataclass(frozen=True)
class Visit:
    """A prompt at a visit, with its gold answer and the expert's (the teacher's verified) answer.

    `expert_ids` ends with the end token; `expert_ends[i]` is the character of `expert` at which token i ends.
    """

    prompt_ids: list[int]
    answer: str
    expert: str
    expert_ids: list[int]
    expert_ends: list[int]


@dataclass
class Rollout:
    """One completion of the policy: the expert's prefix (if any), then the policy's own tokens."""

    prompt_ids: list[int]
    prefix_ids: list[int]
    own_ids: list[int]
    reward: float | None = None  # None: the grader failed on it
    advantage: float = 0.0
    learns_prefix: bool = False

    @property
    def completion_ids(self) -> list[int]:
        return self.prefix_ids + self.own_ids

    @property
    def tokens_in_loss(self) -> int:
        return len(self.own_ids) + (len(self.prefix_ids) if self.learns_prefix else 0)


def rolled_out(
    visits: list[Visit], cuts: list[int], sample: Sample, grade: Grade, limit: int
) -> list[Rollout]:
    """Sample a rollout of each visit, after so many tokens of the expert's answer, and grade them.

    Args:
        visits: one for each rollout.
        cuts: tokens of the expert's answer with which each begins; all of them leave nothing to sample.
        sample: completes prompts, each with its prefix.
        grade: rewards of whole completions.
        limit: longest completion, prefix included; no expert's answer that a prefix is cut from is longer.
    """
    found = [
        Rollout(visit.prompt_ids, visit.expert_ids[:cut], []) for visit, cut in zip(visits, cuts, strict=True)
    ]
    begun = [
        row for row, visit in zip(found, visits, strict=True) if len(row.prefix_ids) < len(visit.expert_ids)
    ]
    for row, own_ids in zip(begun, sample([row.prompt_ids + row.prefix_ids for row in begun]), strict=True):
        row.own_ids = own_ids[: limit - len(row.prefix_ids)]
    rewards = grade([row.completion_ids for row in found], [visit.answer for visit in visits])
    for row, reward in zip(found, rewards, strict=True):
        row.reward = reward
    return found


@dataclass(frozen=True)
class Batch:
    """Rollouts padded on the right, [B, L + 1]; place i of a mask is about token i + 1, as scores are."""

    ids: torch.Tensor
    own_BL: torch.Tensor  # tokens that the policy sampled
    expert_BL: torch.Tensor  # tokens of the expert that are learned
    advantages_B: torch.Tensor


def collate(rollouts: list[Rollout], device) -> Batch:
    """Pad rollouts to a batch. Without an attention mask: no real token sees the padding behind it."""
    length = max(len(rollout.prompt_ids) + len(rollout.completion_ids) for rollout in rollouts)
    ids = torch.zeros(len(rollouts), length, dtype=torch.long)
    own_BL = torch.zeros(len(rollouts), length - 1, dtype=torch.bool)
    expert_BL = torch.zeros(len(rollouts), length - 1, dtype=torch.bool)
    for row, rollout in enumerate(rollouts):
        prompt = len(rollout.prompt_ids)
        own = prompt + len(rollout.prefix_ids)
        end = own + len(rollout.own_ids)
        ids[row, :end] = torch.tensor([*rollout.prompt_ids, *rollout.completion_ids])
        own_BL[row, own - 1 : end - 1] = True
        expert_BL[row, prompt - 1 : own - 1] = rollout.learns_prefix
    advantages_B = torch.tensor([rollout.advantage for rollout in rollouts])
    return Batch(*(part.to(device) for part in (ids, own_BL, expert_BL, advantages_B)))
