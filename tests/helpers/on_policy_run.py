"""On-policy runs of the tiny model in this process, graded by a function, and what they sampled."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, get_cosine_schedule_with_warmup

from tms.config.method_kinds import KINDS
from tms.on_policy.grpo import Grpo
from tms.on_policy.prompts import prompts_in_order
from tms.on_policy.rollout import Rollout
from tms.on_policy.settings import OnPolicySettings
from tms.on_policy.train import train
from tms.on_policy.trainer import OnPolicyTrainer
from tms.training.encoder import Encoder

DEFAULTS = {
    "learning_rate": 1e-3,
    "effective_batch": 4,
    "device_batch": 4,
    "warmup": 0.0,
    "adam_beta1": 0.9,
    "adam_beta2": 0.95,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "seed": 0,
    "threads": None,
    "gradient_checkpointing": "off",
    "fsdp": "auto",
    "attention": "sdpa",
    "save_every_seconds": 600,
    "save_every_steps": 0,
    "report_to": "none",
    "engine": "transformers",
    "samples": 4,
    "temperature": 1.0,
    "top_p": 1.0,
    "max_new_tokens": 12,
    "beta": 0.0,
    "baseline_decay": 0.9,
    "entropy_bonus": 0.01,
    "trsft_floor": 0.1,
    "budget": "steps",
    "kl_rows": 4,
    "equal_steps": 20,
    "max_kl": 1e9,
    "on_failure": "stop",
}


class FunctionRewards:
    """A stand-in for `tms.grading.rewards.Rewards`: `function(text, answer)` scores a completion."""

    def __init__(self, function):
        self.function, self.failures = function, 0

    def of(self, completions: list[str], answers: list[str], graders: list[str]) -> list[float | None]:
        rewards = [self.function(*pair) for pair in zip(completions, answers, strict=True)]
        self.failures = sum(reward is None for reward in rewards)
        return rewards


@dataclass
class Ended:
    """A run's curve, the checkpoint of its end, and the rollouts and log of each step."""

    curve: list[dict]
    checkpoint: Path
    steps: list[list[Rollout]] = field(default_factory=list)
    logged: list[dict] = field(default_factory=list)

    def weights(self) -> dict[str, torch.Tensor]:
        return named(load(self.checkpoint))


def references(n: int, completion: str = "it is {}") -> list[dict]:
    """References of n prompts."""
    return [
        {
            "example_id": f"e{i}",
            "prompt": f"{i}+1",
            "completion": completion.format(i + 1),
            "answer": str(i + 1),
            "grader": "fake",
        }
        for i in range(n)
    ]


def trained(
    base: Path, folder: Path, algorithm: str, reward, *, rows=None, steps=1, images=None, **changed
) -> Ended:
    """Train the tiny model for some steps; `reward(text, answer)` scores a rollout."""
    samples = KINDS[algorithm].rollouts or DEFAULTS["samples"]
    defaults = DEFAULTS | {"algorithm": algorithm, "samples": samples, "log_dir": folder / "log"}
    settings = OnPolicySettings(**defaults | changed)
    rows = rows or references(8)
    total = steps * settings.effective_batch
    encoder = Encoder(base, images)
    prompts, _ = prompts_in_order(rows, encoder, total, total, settings.seed, settings.sdft_template)
    work = folder / "work"
    ended = Ended([], work / "checkpoint-1of1")
    with _watched(ended):
        run = (base, prompts, {steps: "1of1"}, settings, work, FunctionRewards(reward))
        _, curve = train(*run, chat=encoder.chat)
    ended.curve = curve
    return ended


@contextmanager
def _watched(ended: Ended):
    """Keep the rollouts and the log of each step."""
    measured, scored = OnPolicyTrainer._measured, Grpo._generate_and_score_completions

    def keep(self, rollouts):
        ended.steps.append(rollouts)
        ended.logged = self.state.log_history
        return measured(self, rollouts)

    def keep_trl(self, inputs):
        batch = scored(self, inputs)
        columns = [batch["prompt_ids"], batch["prompt_mask"], batch["completion_ids"]]
        columns += [batch["completion_mask"], batch["advantages"]]
        ended.steps.append(
            [
                Rollout(
                    prompt[seen == 1].tolist(), [], ids[written == 1].tolist(), advantage=advantage.item()
                )
                for prompt, seen, ids, written, advantage in zip(*columns, strict=True)
            ]
        )
        ended.logged = self.state.log_history
        return batch

    OnPolicyTrainer._measured, Grpo._generate_and_score_completions = keep, keep_trl
    try:
        yield
    finally:
        OnPolicyTrainer._measured, Grpo._generate_and_score_completions = measured, scored


def load(folder: Path):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def named(model) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in model.named_parameters()}


def log_probabilities(model, prompt: list[int], completion: list[int], temperature=1.0) -> torch.Tensor:
    """Of the whole vocabulary at each token of a completion, [L, V]; one row, no padding."""
    logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1]
    return (logits / temperature).log_softmax(-1)


def by_hand(base: Path, losses: list, learning_rate=DEFAULTS["learning_rate"], constant=False):
    """Weights after plain AdamW on `losses`, functions of the model, one a step, and the gradients' norms.

    The learning rate is a cosine to 0 without warm-up, or constant.
    """
    model = load(base)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    schedule = get_cosine_schedule_with_warmup(optimizer, 0, len(losses))
    norms = []
    for loss in losses:
        optimizer.zero_grad()
        loss(model).backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()
        if not constant:
            schedule.step()
    return named(model), norms


def assert_same(ended: Ended, expected: dict, norms: list[float], base: Path, near: float = 1e-5) -> None:
    """Equal weights, which are not the base's, and gradients (AdamW would hide a factor).

    Where a gradient all but cancels (a key's bias), AdamW makes much of its rounding: `near` says how much.
    """
    logged = [entry["grad_norm"] for entry in ended.logged if "grad_norm" in entry]
    assert logged == pytest.approx(norms, rel=1e-4, abs=1e-6)
    found, before = ended.weights(), named(load(base))
    assert max((expected[name] - value).abs().max() for name, value in before.items()) > 1e-4
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value, atol=near, rtol=0, msg=lambda text, name=name: name + text
        )
