"""The parts of an on-policy run that every algorithm's trainer is made of."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel, TrainerCallback, TrainingArguments

from tms.generation.chat import ChatFormat
from tms.generation.sampling import Sampling
from tms.grading.rewards import Rewards
from tms.on_policy.kl import KLToBase
from tms.on_policy.rollout import Visit
from tms.on_policy.rollouts import EngineRollouts, VllmRollouts
from tms.on_policy.settings import OnPolicy
from tms.on_policy.trainer import Algorithm, OnPolicyTrainer
from tms.training import sharding
from tms.training.start import Start, arguments


class Graded:
    """Rewards of completion ids; `failures` counts those that could not be graded since it was set to 0."""

    def __init__(self, chat: ChatFormat, rewards: Rewards):
        self.chat, self.rewards, self.failures = chat, rewards, 0

    def __call__(self, completions: list[list[int]], answers: list[str]) -> list[float | None]:
        """The reward of each completion; None where its grader failed."""
        found = self.rewards.of([self.chat.text(ids) for ids in completions], answers)
        self.failures += self.rewards.failures
        return found


@dataclass(frozen=True)
class Run:
    """What a trainer needs: theta_0, its visits in order, who samples, who grades, and the settings."""

    base: Path
    settings: OnPolicy
    start: Start
    chat: ChatFormat
    visits: list[Visit]
    grade: Graded
    callbacks: list[TrainerCallback]

    @property
    def room(self) -> int:
        """Tokens of the longest prompt with the longest completion."""
        return max(len(visit.prompt_ids) for visit in self.visits) + self.settings.max_new_tokens

    @property
    def common(self) -> dict:
        """What every algorithm's trainer is given; made after its `TrainingArguments`, which start the
        processes that the weights are read in."""
        rows = max(self.settings.kl_rows // self.start.processes, 1)
        return {
            "model": self._policy(),
            "callbacks": self.callbacks,
            "kl": KLToBase(self.base, rows, self.settings.attention),
        }

    @property
    def arguments(self) -> dict:
        """Arguments that all runs share, and the learning rate's course.

        It is a cosine as in all other runs; TRAPO's is constant, and so is that of a run whose steps are not
        known beforehand.
        """
        course = {"lr_scheduler_type": "cosine", "warmup_steps": self.settings.warmup}
        if self.settings.algorithm == "trapo" or self.settings.tokens is not None:
            course = {"lr_scheduler_type": "constant"}
        return arguments(self.settings, self.start) | course

    def sampler(self) -> EngineRollouts | VllmRollouts:
        """Who samples the policy's completions."""
        settings = self.settings
        sampling = Sampling(settings.temperature, settings.top_p, max_new_tokens=settings.max_new_tokens)
        rank = int(os.environ.get("RANK", "0"))
        if settings.engine == "vllm":
            return VllmRollouts(self.chat, sampling, settings.seed, rank, self.room)
        return EngineRollouts(self.chat, sampling, settings.seed, rank)

    def trainer(self, algorithm: Algorithm) -> OnPolicyTrainer:
        """The trainer of an algorithm that TRL does not have."""
        told = TrainingArguments(
            **self.arguments,
            train_sampling_strategy="sequential",
            per_device_train_batch_size=self.settings.effective_batch // self.start.processes,
        )
        return OnPolicyTrainer(
            **self.common,
            args=told,
            train_dataset=self.visits,
            algorithm=algorithm,
            rollouts=self.sampler(),
            grade=self.grade,
            ends=frozenset(self.chat.end_token_ids),
            temperature=self.settings.temperature,
            micro_batch=self.settings.device_batch,
        )

    def _policy(self) -> PreTrainedModel:
        sharding.begin(self.start.sharded)
        return AutoModelForCausalLM.from_pretrained(
            self.base,
            dtype=torch.float32,
            attn_implementation=self.settings.attention,
            use_safetensors=True,
        )
