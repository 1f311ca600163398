"""On-policy distillation, GKD (arXiv 2306.13649) on the policy's samples alone: the teacher is another model
with the base's vocabulary, which reads what the policy has read and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import PreTrainedModel

from tms.io.errors import InputError
from tms.model_folder.load import load_model
from tms.on_policy.distillation import DistillationTrainer, distillation
from tms.on_policy.divergence import put_divergence_in
from tms.on_policy.kl import frozen
from tms.on_policy.train import OnPolicyRun
from tms.on_policy.trainer import OnPolicyTrainer

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages


class OtherModel:
    """Another model, which is not trained; in bfloat16 where training computes in it.

    Args:
        folder: of the model.
        attention: implementation of the attention.
        images: in the prompts; None: there are none.
    """

    def __init__(self, folder: Path, attention: str, images: PromptImages | None = None):
        self.folder, self.attention, self.images = folder, attention, images
        self.model: PreTrainedModel | None = None

    def begin(self, trainer: DistillationTrainer) -> None:
        dtype = torch.bfloat16 if trainer.args.bf16 else torch.float32
        model = self.read(dtype)
        put_divergence_in(model, trainer.beta, trainer.temperature)
        self.model = frozen(model, trainer)

    def read(self, dtype: torch.dtype) -> PreTrainedModel:
        """The model, in main memory (of shards in the first process alone)."""
        return load_model(self.folder, dtype, self.attention, self.images)

    def follow(self, trainer: DistillationTrainer) -> None:
        """It stays as it is."""

    @contextmanager
    def reading(self, trainer: DistillationTrainer) -> Iterator[PreTrainedModel]:
        yield self.model

    def save(self, trainer: DistillationTrainer, folder: Path) -> None:
        """Nothing: its folder has it."""

    load = save


def trainer(run: OnPolicyRun) -> OnPolicyTrainer:
    """The trainer of a run.

    Raises:
        InputError: more than one rollout of a prompt is asked for, no teacher, or prompts that its context
            does not hold.
    """
    settings = run.settings
    if settings.samples != 1:
        raise InputError(f"--samples {settings.samples}: distillation takes 1 rollout of a prompt")
    if settings.teacher is None:
        raise InputError("--algorithm distill: give --teacher, a model folder with the base's vocabulary")
    run.check_context(settings.teacher, "prompt", [prompt.ids for prompt in run.prompts])
    if run.images:
        run.images.check_reader(settings.teacher)
    return distillation(run, OtherModel(settings.teacher, settings.attention, run.images))
