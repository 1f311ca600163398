"""A program of two processes that train the tiny model in shards and in bfloat16, and print each step's KL to
the base as it is logged, and as whole models in float32 have it."""

import json
import os
import sys
from pathlib import Path
from statistics import fmean

import torch
from transformers import AutoModelForCausalLM

from helpers.on_policy_run import trained
from helpers.on_policy_shards import completions
from tms.metrics.divergence import sequence_kl
from tms.on_policy import kl
from tms.on_policy.train import OnPolicyRun

measured = kl.KLToBase.__call__


def twice(self, trainer, sequences):
    """Measure, and measure with gathered weights."""
    logged = measured(self, trainer, sequences)
    whole, base = (AutoModelForCausalLM.from_config(trainer.model.config).float() for _ in range(2))
    base.load_state_dict(AutoModelForCausalLM.from_pretrained(self.base).state_dict())
    gathered = [weight.full_tensor() for weight in trainer.model.parameters()]
    for mine, weight in zip(whole.parameters(), gathered, strict=True):
        mine.data.copy_(weight)
    chosen = kl.spread(sequences, self.rows)
    print(json.dumps([logged, fmean(sequence_kl(whole, base, chosen, lambda rows: None))]), flush=True)
    return logged


def main(base: str, folder: str) -> None:
    """Train for three steps."""
    torch.set_num_threads(1)
    arguments = OnPolicyRun.arguments.fget
    OnPolicyRun.arguments = property(lambda self: arguments(self) | {"bf16": True})
    OnPolicyRun.sampler = lambda self: completions
    kl.KLToBase.__call__ = twice if os.environ["RANK"] == "0" else silent
    trained(
        *(Path(base), Path(folder), "reinforce", lambda text, answer: float(len(text) % 2)),
        **{"steps": 3, "fsdp": "on", "device_batch": 2, "kl_rows": 8, "learning_rate": 1e-5},
    )


def silent(self, trainer, sequences):
    """The same passes and gathers, in a process that prints nothing."""
    logged = measured(self, trainer, sequences)
    for weight in trainer.model.parameters():
        weight.full_tensor()
    return logged


if __name__ == "__main__":
    main(*sys.argv[1:])
