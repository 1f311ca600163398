"""A program of two processes that trains the tiny model on given rollouts, for `test_train_on_policy`.

vLLM, which samples from a policy in shards, is not there to be tested in several processes on a CPU.
"""

import json
import os
import sys
from pathlib import Path

import torch

from helpers.on_policy_run import trained
from tms.on_policy.train import OnPolicyRun


def completions(prompts, trainer):
    """As a sampler's: of each process its own, and other ones in each step."""
    generator = torch.Generator().manual_seed(10 * trainer.state.global_step + int(os.environ["RANK"]))
    lengths = torch.randint(1, 12, (len(prompts),), generator=generator).tolist()
    return [[*torch.randint(3, 70, (n,), generator=generator).tolist(), 2] for n in lengths], None


def main(algorithm: str, fsdp: str, base: str, folder: str) -> None:
    """Train, and print the curve."""
    torch.set_num_threads(1)
    OnPolicyRun.sampler = lambda self: completions
    if os.environ["RANK"] == "1":
        from tms.metrics import divergence

        divergence.TOKENS_AT_ONCE = 1  # as if its rollouts were longer: the KL in more passes
    ended = trained(
        Path(base),
        Path(folder),
        algorithm,
        lambda text, answer: float(len(text) % 2),
        steps=2,
        fsdp=fsdp,
        device_batch=2,
        kl_rows=8,
        beta=0.3,
    )
    if os.environ["RANK"] == "0":
        print(json.dumps(ended.curve))


if __name__ == "__main__":
    main(*sys.argv[1:])
