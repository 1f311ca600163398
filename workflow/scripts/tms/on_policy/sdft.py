"""SDFT, self-distillation fine-tuning (arXiv 2601.19897): the teacher is the model itself, which reads the
reference in its prompt.

The teacher's weights are the base's, or a moving average of the policy's that starts there. They are kept
beside the policy's, of adapters the adapters alone, and take their place for the teacher's passes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel

from tms.io.errors import InputError
from tms.on_policy.distillation import DistillationTrainer, distillation
from tms.on_policy.train import OnPolicyRun
from tms.on_policy.trainer import OnPolicyTrainer
from tms.training.sharding import local_part

STATE = "teacher.safetensors"  # in a state's folder


class EarlierSelf:
    """The policy with weights of its past: a moving average of them that starts at the base.

    Args:
        average: share of the way to the policy that it goes after each step; 0: it stays the base.
    """

    def __init__(self, average: float):
        self.average = average
        self.weights: dict[str, torch.Tensor] = {}  # this process's parts of the trained parameters

    def begin(self, trainer: DistillationTrainer) -> None:
        self.weights = {name: local_part(value).clone() for name, value in _trained(trainer)}

    @torch.no_grad()
    def follow(self, trainer: DistillationTrainer) -> None:
        if self.average:
            for name, value in _trained(trainer):
                self.weights[name].lerp_(local_part(value), self.average)

    @contextmanager
    def reading(self, trainer: DistillationTrainer) -> Iterator[PreTrainedModel]:
        """The policy's own model, with the teacher's weights until the end."""
        self._trade(trainer)
        model = trainer.accelerator.unwrap_model(trainer.model)
        model.eval()
        try:
            yield model
        finally:
            self._trade(trainer)

    def save(self, trainer: DistillationTrainer, folder: Path) -> None:
        """Write the average, whole, from the first process."""
        if not self.average:
            return
        whole = {}
        with self.reading(trainer):
            for name, value in _trained(trainer):
                value = value.full_tensor() if isinstance(value, DTensor) else value
                if trainer.accelerator.is_main_process:
                    whole[name] = value.detach().cpu()
        if trainer.accelerator.is_main_process:
            save_file(whole, folder / STATE)

    def load(self, trainer: DistillationTrainer, folder: Path) -> None:
        if not self.average:
            return
        with safe_open(folder / STATE, "pt") as file:
            for name, value in _trained(trainer):
                whole = file.get_tensor(name).to(value.device)
                if isinstance(value, DTensor):
                    whole = distribute_tensor(whole, value.device_mesh, value.placements, src_data_rank=None)
                self.weights[name].copy_(local_part(whole))

    @torch.no_grad()
    def _trade(self, trainer: DistillationTrainer) -> None:
        """Exchange the policy's weights and the teacher's."""
        for module in trainer.model.modules():
            if isinstance(module, FSDPModule):
                module.reshard()
        for name, value in _trained(trainer):
            if isinstance(value, DTensor):  # FSDP gathers from where its shard lies
                policy = local_part(value).clone()
                local_part(value).copy_(self.weights[name])
                self.weights[name].copy_(policy)
            else:
                value.data, self.weights[name] = self.weights[name], value.data


def trainer(run: OnPolicyRun) -> OnPolicyTrainer:
    """The trainer of a run.

    Raises:
        InputError: more than one rollout of a prompt is asked for, no template, or prompts with their
            references that the model's context does not hold.
    """
    settings = run.settings
    if settings.samples != 1:
        raise InputError(f"--samples {settings.samples}: SDFT takes 1 rollout of a prompt")
    if not all(prompt.taught_ids for prompt in run.prompts):
        raise InputError("--algorithm sdft: give --sdft-template, with {prompt} and {reference} in it")
    prompts = [[*prompt.taught_ids] for prompt in run.prompts]
    run.check_context(run.base, "prompt of SDFT's teacher, which holds a reference,", prompts)
    return distillation(run, EarlierSelf(settings.teacher_average))


def _trained(trainer: DistillationTrainer) -> Iterator[tuple[str, torch.Tensor]]:
    """Names and values of the parameters that are trained, in shards or whole."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    return ((name, value) for name, value in model.named_parameters() if value.requires_grad)
