"""Distillation on the policy's own samples, without rewards: what SDFT and GKD have in common.

Each prompt has one rollout; the loss is the divergence from a teacher's distribution at each of its tokens,
mean over all tokens of the step. The teachers differ: `tms.on_policy.sdft`, `tms.on_policy.distill`.
"""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import torch
from transformers import PreTrainedModel
from transformers.trainer_utils import unwrap_peft_model

from tms.on_policy.divergence import Head, Target, head_of, put_divergence_in
from tms.on_policy.rollout import Prompt, Rollout, collate, sample_and_grade
from tms.on_policy.train import OnPolicyRun
from tms.on_policy.trainer import OnPolicyTrainer


class Teacher(Protocol):
    """The model that the policy is compared with."""

    def begin(self, trainer: "DistillationTrainer") -> None:
        """Start from the trainer's model, which has the base's weights and is sharded if it will be."""

    def follow(self, trainer: "DistillationTrainer") -> None:
        """Take account of an optimiser step."""

    def reading(self, trainer: "DistillationTrainer") -> AbstractContextManager[PreTrainedModel]:
        """The teacher's model (`put_divergence_in`), for forward passes."""

    def save(self, trainer: "DistillationTrainer", folder: Path) -> None:
        """Write what a resumed run needs into the folder of a state."""

    def load(self, trainer: "DistillationTrainer", folder: Path) -> None:
        """Read what `save` wrote; called after `begin`."""


class DistillationTrainer(OnPolicyTrainer):
    """Trains a policy towards a teacher's distributions on its own rollouts, one a prompt.

    Args:
        teacher: whose distributions.
        beta: of the divergence (`put_divergence_in`).
        temperature: of the sampling.
        limit: longest completion, in tokens.
        more: arguments of `OnPolicyTrainer`.
    """

    def __init__(self, *, teacher: Teacher, beta: float, temperature: float, limit: int, **more):
        self.teacher, self.beta, self.temperature, self.limit = teacher, beta, temperature, limit
        self.begun = False
        super().__init__(**more)
        put_divergence_in(unwrap_peft_model(self.model), beta, temperature)

    def collect(self, prompts: list[Prompt]) -> tuple[list[Rollout], dict]:
        """A rollout of each prompt, without a reward."""
        rollouts = sample_and_grade(prompts, [0] * len(prompts), self._sample, _no_grades, self.limit)
        for rollout, prompt in zip(rollouts, prompts, strict=True):
            rollout.taught_ids = prompt.taught_ids or tuple(prompt.ids)
        return rollouts, self._measured(rollouts)

    def targets(self, batches: list[list[Rollout]]) -> list[Target]:
        """The teacher's distributions at the tokens of each micro-batch."""
        with self.teacher.reading(self) as model, torch.no_grad(), self.accelerator.autocast():
            head = Head(
                *(None if part is None else part.detach() for part in head_of(unwrap_peft_model(model)))
            )
            targets = []
            for rollouts in batches:
                taught = [replace(rollout, prompt_ids=[*rollout.taught_ids]) for rollout in rollouts]
                batch = collate(taught, self.args.device)
                read = model(input_ids=batch.ids, sampled_BL=batch.sampled_BL)
                targets.append(Target(read["hidden_NH"], head))
        return targets

    def loss(
        self, model, rollouts: list[Rollout], target: Target, logged: dict
    ) -> tuple[torch.Tensor, float]:
        """The micro-batch's share of the mean divergence over the step's tokens."""
        batch = collate(rollouts, self.args.device)
        with self.accelerator.autocast():
            read = model(input_ids=batch.ids, sampled_BL=batch.sampled_BL, target=target)
        return read["divergence_N"].sum() / logged["tokens_in_loss"], read["entropy_N"].sum().item()

    def training_step(self, model, inputs: list[Prompt], num_items_in_batch=None) -> torch.Tensor:
        """As every on-policy step; the teacher first takes account of the one before, as after a resume."""
        self._begin()
        if self.state.global_step:
            self.teacher.follow(self)
        return super().training_step(model, inputs, num_items_in_batch)

    def _begin(self) -> None:
        if not self.begun:
            self.begun = True
            self.teacher.begin(self)

    def _load_from_checkpoint(self, folder: str, model=None) -> None:
        self._begin()
        super()._load_from_checkpoint(folder, model)
        self.teacher.load(self, Path(folder))

    def _save_checkpoint(self, model, trial) -> None:
        super()._save_checkpoint(model, trial)
        self.teacher.save(self, Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}")


def distillation(run: OnPolicyRun, teacher: Teacher) -> OnPolicyTrainer:
    """The trainer of a run with a teacher."""
    settings = run.settings
    return run.trainer(
        DistillationTrainer,
        teacher=teacher,
        beta=settings.divergence,
        temperature=settings.temperature,
        limit=settings.max_new_tokens,
    )


def _no_grades(completions: list[list[int]], prompts: list[Prompt]) -> list[None]:
    return [None] * len(completions)
