"""KL between the policy in training and its base, on the policy's own rollouts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import torch
from accelerate.utils import gather_object, is_peft_model
from transformers import PreTrainedModel

from tms.io.work_time import WorkTime
from tms.metrics.divergence import Sequence, sequence_kl
from tms.model_folder.load import load_model
from tms.training import sharding

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages


class KLToBase:
    """The mean KL(policy || base) of completions (nats a completion), exact over the vocabulary, in float32.

    Policy and base are taken at the temperature of the rollouts: by the chain rule the sum over positions is
    the KL of the policy that sampled them alone, the one whose entropy is logged too. Every algorithm logs
    it, whether or not its loss has a KL term: it is measured on `rows` rollouts of a step, spread over its
    prompts. Training itself may compute in bfloat16, whose passes have a floor (`tms.metrics.policy`).

    Args:
        base: model folder of theta_0.
        rows: rollouts of a step, in this process.
        attention: implementation of the attention.
        images: in the prompts; None: there are none.
        work_time: of the run, of which measuring is no part.
        temperature: of the sampling.
    """

    def __init__(
        self,
        base: Path,
        rows: int,
        attention: str,
        images: PromptImages | None = None,
        work_time: WorkTime | None = None,
        temperature: float = 1.0,
    ):
        self.base, self.rows, self.attention, self.images = base, rows, attention, images
        self.work_time, self.temperature = work_time or WorkTime(), temperature
        self.model = self.shards = None

    def __call__(self, trainer, sequences: list[Sequence]) -> float:
        """Mean over rollouts.

        Args:
            trainer: of the policy.
            sequences: prompt ids and completion ids of rollouts of this process, sampled from their first
                token on; those of a prompt stand together.
        """
        with self.work_time.uncounted():
            return self._measure(trainer, sequences)

    def _measure(self, trainer, sequences: list[Sequence]) -> float:
        torch.set_float32_matmul_precision("highest")  # no TF32, whatever was set before
        trained, base = self._models(trainer)
        chosen = spread(sequences, self.rows)
        batches = [chosen]
        if in_shards(trainer):  # all processes must make as many passes
            batches = [[pair] for pair in chosen[: min(gather_object([len(chosen)]))]]
        with in_float32(trained) as policy:
            sums = [
                nats
                for batch in batches
                for nats in sequence_kl(policy, base, batch, lambda rows: None, self.temperature)
            ]
        return fmean(sums)

    def read(self, dtype: torch.dtype) -> PreTrainedModel:
        """The base, in main memory (of shards in the first process alone)."""
        return load_model(self.base, dtype, self.attention, self.images)

    def load(self, trainer, dtype: torch.dtype) -> PreTrainedModel:
        """The base, not to be trained: in shards, where there are several processes."""
        return frozen(self.read(dtype), trainer)

    def _models(self, trainer) -> tuple:
        """The policy and its base, both in float32.

        Of adapters they are one model, with adapters and without: the policy itself where its frozen weights
        are float32, else a second one. Of a policy in shards, whose passes gather weights in bfloat16, there
        is a second set of shards.
        """
        policy = trainer.accelerator.unwrap_model(trainer.model)
        if is_peft_model(policy):
            from tms.training import lora  # with peft

            if next(policy.parameters()).dtype != torch.float32 or in_shards(trainer):
                if self.model is None:
                    self.model = frozen(lora.like(policy, self.read(torch.float32)), trainer)
                lora.copy_adapters(policy, self.model)
                policy = self.model
            return policy, lora.WithoutAdapters(policy)
        if self.model is None:
            self.model = self.load(trainer, torch.float32)
        if trainer.is_fsdp_enabled:
            if self.shards is None:
                self.shards = self.load(trainer, torch.float32)
            sharding.copy_shards(trainer.model, self.shards)
            policy = self.shards
        return policy, self.model


def frozen(model: PreTrainedModel, trainer) -> PreTrainedModel:
    """A model beside the policy that is not trained: in shards, where there are several processes."""
    model.eval().requires_grad_(False)
    return sharding.shard_frozen(model) if in_shards(trainer) else model.to(trainer.args.device)


def in_shards(trainer) -> bool:
    """Whether the base is in shards: wherever there are several processes (or a policy is in one shard)."""
    return trainer.is_fsdp_enabled or trainer.accelerator.num_processes > 1


@contextlib.contextmanager
def in_float32(model) -> Iterator[torch.nn.Module]:
    """Take off the autocast that accelerate puts around a float32 model's forward pass, and dropout."""
    mixed, training = vars(model).get("forward"), model.training
    if "_original_forward" in vars(model):
        model.forward = model._original_forward
    model.eval()
    try:
        yield model
    finally:
        model.train(training)
        if mixed is not None:
            model.forward = mixed


def spread(sequences: list, rows: int) -> list:
    """At most `rows` of the sequences, at equal distances: of as many prompts as they can be of."""
    rows = min(rows, len(sequences))
    return [sequences[place * len(sequences) // rows] for place in range(rows)]
