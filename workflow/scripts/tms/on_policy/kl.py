"""KL between the policy in training and its base, on the policy's own rollouts."""

from pathlib import Path
from statistics import fmean

import torch
from accelerate.utils import gather_object
from transformers import AutoModelForCausalLM

from tms.metrics.divergence import Sequence, sequence_kl
from tms.mixture import checkpoints
from tms.training import sharding


class KLToBase:
    """The mean KL(policy || base) of completions (nats a completion), exact over the vocabulary.

    Every algorithm logs it, whether or not its loss has a KL term: it is measured on `rows` rollouts of a
    step, spread over its prompts.

    Args:
        base: model folder of theta_0.
        rows: rollouts of a step, in this process.
        attention: implementation of the attention.
    """

    def __init__(self, base: Path, rows: int, attention: str):
        self.base, self.rows, self.attention = base, rows, attention
        self.model = None

    def __call__(self, trainer, sequences: list[Sequence]) -> float:
        """Mean over rollouts.

        Args:
            trainer: of the policy.
            sequences: prompt ids and completion ids of rollouts of this process, sampled from their first
                token on; those of a prompt stand together.
        """
        if self.model is None:
            self.model = self.load(trainer)
        chosen = spread(sequences, self.rows)
        batches = [chosen]
        if trainer.is_fsdp_enabled:  # whose processes must make equally many forward passes: one a rollout
            batches = [[pair] for pair in chosen[: min(gather_object([len(chosen)]))]]
        with trainer.accelerator.autocast():
            sums = [
                nats
                for batch in batches
                for nats in sequence_kl(trainer.model, self.model, batch, lambda rows: None)
            ]
        return fmean(sums)

    def load(self, trainer):
        """The base, not to be trained: sharded as the policy is, or a copy for each process."""
        with checkpoints.loading(self.base):
            model = AutoModelForCausalLM.from_pretrained(
                self.base,
                dtype=torch.bfloat16 if trainer.args.bf16 else torch.float32,
                attn_implementation=self.attention,
                use_safetensors=True,
            )
        model.eval().requires_grad_(False)
        if trainer.is_fsdp_enabled:
            return sharding.shard_frozen(model, self.base)
        return model.to(trainer.args.device)


def spread(sequences: list, rows: int) -> list:
    """At most `rows` of the sequences, at equal distances: of as many prompts as they can be of."""
    rows = min(rows, len(sequences))
    return [sequences[place * len(sequences) // rows] for place in range(rows)]
