"""A program of two processes that trains the tiny model on given rollouts, for `test_train_on_policy`.

vLLM, which samples from a policy in shards, is not there to be tested in several processes on a CPU.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import torch

from helpers.on_policy_run import Ended, trained
from tms.on_policy.train import OnPolicyRun


def completions(prompts, trainer):
    """As a sampler's: of the step, the prompt and its place among equal ones, in any number of processes."""
    seen, drawn = Counter(), []
    for prompt in map(tuple, prompts):
        seen[prompt] += 1
        seed = hash((trainer.state.global_step, seen[prompt], prompt)) % 2**63
        generator = torch.Generator().manual_seed(seed)
        length = torch.randint(1, 12, (), generator=generator).item()
        drawn.append([*torch.randint(3, 70, (length,), generator=generator).tolist(), 2])
    return drawn, None


def reward(text: str, answer: str) -> float | None:
    """None where it cannot be graded."""
    return None if len(text) % 5 == 4 else float(len(text) % 2)


def learned(algorithm: str, fsdp: str, base: Path, folder: Path) -> Ended:
    """Train for two steps of four prompts, with the KL on every rollout; `fsdp` may be lora: adapters."""
    folder.mkdir(exist_ok=True)
    changed = {"fsdp": fsdp, "device_batch": 2, "kl_rows": 32, "beta": 0.3}
    if fsdp == "lora":
        changed |= {"fsdp": "auto", "lora_rank": 4, "lora_alpha": 8.0, "learning_rate": 1e-2}
    if algorithm == "sdft":
        changed |= {"sdft_template": "{prompt} like {reference}", "teacher_average": 0.5}
    if algorithm == "distill":
        changed |= {"teacher": folder.parent / "teacher"}
    return trained(base, folder, algorithm, reward, steps=2, **changed)


def main(algorithm: str, fsdp: str, base: str, folder: str) -> None:
    """Train, and print the curve."""
    torch.set_num_threads(1)
    OnPolicyRun.sampler = lambda self: completions
    if os.environ["RANK"] == "1":
        from tms.metrics import divergence

        divergence.TOKENS_AT_ONCE = 1  # as if its rollouts were longer: the KL in more passes
    ended = learned(algorithm, fsdp, Path(base), Path(folder))
    if os.environ["RANK"] == "0":
        print(json.dumps(ended.curve))


if __name__ == "__main__":
    main(*sys.argv[1:])
