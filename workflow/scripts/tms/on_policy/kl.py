"""KL between the policy in training and its base, on the policy's own rollouts."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from tms.divergence import Sequence, sequence_kl


class KLToBase:
    """The mean KL(policy || base) of completions (nats a completion), exact over the vocabulary.

    A log line of every algorithm, whether or not its loss has a KL term: it is measured on the first `rows`
    rollouts of a step.

    Args:
        base: model folder of theta_0.
        rows: rollouts of a step, in this process.
        attention: implementation of the attention.
    """

    def __init__(self, base: Path, rows: int, attention: str):
        self.base, self.rows, self.attention = base, rows, attention
        self.model = None

    def __call__(self, trainer, sequences: list[Sequence]) -> float:
        """Mean over the first rollouts that have tokens; NaN where there is none.

        Args:
            trainer: of the policy.
            sequences: prompt ids and completion ids of this process's rollouts.
        """
        chosen = [pair for pair in sequences if pair[1]][: self.rows]
        if not chosen:
            return float("nan")
        if self.model is None:
            dtype = torch.bfloat16 if trainer.args.bf16 else torch.float32
            self.model = AutoModelForCausalLM.from_pretrained(
                self.base, dtype=dtype, attn_implementation=self.attention, use_safetensors=True
            )
            self.model.eval().to(trainer.args.device)
        with trainer.accelerator.autocast():
            sums = sequence_kl(trainer.model, self.model, chosen, lambda rows: None)
        return sum(sums) / len(sums)
