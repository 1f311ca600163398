"""Trainers of all on-policy methods but GRPO: each optimiser step samples, and learns from what it sampled.

transformers' Trainer brings the optimiser, its schedule, several devices, states and reporters; one of its
steps is one batch of prompts here, and `training_step` splits the rollouts of that batch by itself.
"""

import contextlib
from collections.abc import Callable
from statistics import fmean, stdev
from typing import Protocol

import torch
from accelerate.utils import gather_object
from transformers import Trainer
from transformers.trainer_utils import unwrap_peft_model
from trl.trainer.utils import add_fused_lm_head

from tms.io.token_ids import own_tokens
from tms.on_policy.kl import KLToBase
from tms.on_policy.monitor import STEP
from tms.on_policy.rollout import Batch, Grade, Prompt, Rollout, Sample, collate
from tms.training.examples import IGNORED

Ended = Callable[[list[int], list[int]], bool]


class Algorithm(Protocol):
    """An on-policy algorithm: the rollouts that it takes, and the loss on their tokens."""

    def collect(self, prompts: list[Prompt], sample: Sample, grade: Grade) -> list[Rollout]:
        """Rollouts of the prompts of this process, with rewards."""

    def set_advantages(
        self, rollouts: list[Rollout], rewards: list[float | None], offset: int, logged: list[dict]
    ) -> dict:
        """Set the advantages of this process's rollouts, and return more values for the log.

        Args:
            rollouts: of this process.
            rewards: of all processes' rollouts, this step.
            offset: place of this process's first rollout among them.
            logged: the log of the steps before (what a resumed run goes on from).
        """

    def loss(self, logps_BL: torch.Tensor, entropies_BL: torch.Tensor, batch: Batch, rollouts: int):
        """Loss of a micro-batch, as its share of the step's over all processes.

        Args:
            logps_BL, entropies_BL: of the tokens of `batch`.
            rollouts: of the whole step, over all processes.
        """


class OnPolicyTrainer(Trainer):
    """Trains a policy on its own rollouts; subclasses say which, and what it learns from them.

    Args:
        rollouts: samples completions (`tms.on_policy.rollouts`).
        kl: measures the KL to the base.
        ended: whether a rollout came to its end, of the token ids of its prompt and its completion.
        micro_batch: rollouts a device and forward pass.
        more: arguments of `Trainer`.
    """

    def __init__(self, *, rollouts, kl: KLToBase, ended: Ended, micro_batch: int, **more):
        self.rollouts, self.kl = rollouts, kl
        self.ended, self.micro_batch = ended, micro_batch
        self._logged: dict = {}
        super().__init__(data_collator=list, **more)

    def collect(self, prompts: list[Prompt]) -> tuple[list[Rollout], dict]:
        """Rollouts of the prompts of this process, and what the log says of the step's over all processes."""
        raise NotImplementedError

    def targets(self, batches: list[list[Rollout]]) -> list:
        """Targets of each micro-batch beside its rollouts, found before the first one is learned."""
        return [None] * len(batches)

    def loss(self, model, rollouts: list[Rollout], target, logged: dict) -> tuple[torch.Tensor, float]:
        """Loss of a micro-batch, as its share of the step's over all processes, and its tokens' entropy.

        Args:
            model: the wrapped policy.
            rollouts: of the micro-batch.
            target: of `targets`.
            logged: of the step, as `collect` gives it.
        """
        raise NotImplementedError

    def training_step(self, model, inputs: list[Prompt], num_items_in_batch=None) -> torch.Tensor:
        """Sample rollouts of the prompts, and add up the gradients of their loss."""
        rollouts, logged = self.collect(inputs)
        ordered = sorted(rollouts, key=lambda rollout: -len(rollout.prompt_ids + rollout.completion_ids))
        batches = [
            ordered[first : first + self.micro_batch] for first in range(0, len(ordered), self.micro_batch)
        ]
        targets = self.targets(batches)
        model.train()
        total, entropy = torch.zeros((), device=self.args.device), 0.0
        for batch, target in zip(batches, targets, strict=True):
            # Sharded, unsummed gradients would be kept whole on every card.
            at_once = batch is batches[-1] or self.is_fsdp_enabled
            with contextlib.nullcontext() if at_once else self.accelerator.no_sync(model):
                loss, entropy_here = self.loss(model, batch, target, logged)
                # Processes' gradients are averaged, and their losses are shares of one sum.
                self.accelerator.backward(loss * self.accelerator.num_processes)
            total += loss.detach()
            entropy += entropy_here
        sampled = sum(own_tokens(rollout.sampled_ids) for rollout in rollouts)
        entropy, sampled = self._over_processes(entropy, sampled)
        self._logged = logged | {"entropy": entropy / max(sampled, 1)}
        return self.accelerator.reduce(total, "sum")

    def log(self, logs: dict, start_time: float | None = None) -> None:
        """Log a step with what was measured in it."""
        super().log(logs | self._logged, start_time)
        self._logged = {}

    def _sample(self, prompt_ids: list[list[int]]) -> list[list[int]]:
        return self.rollouts(prompt_ids, self)[0]

    def _measured(self, rollouts: list[Rollout]) -> dict:
        """Values of a step's rollouts for the log, under TRL's names where it has one."""
        monitored = [rollout for rollout in rollouts if rollout.monitored]
        kl, length, count, counted, truncated, tokens, begun = self._over_processes(
            self.kl(self, [(rollout.prompt_ids, rollout.sampled_ids) for rollout in monitored]),
            sum(own_tokens(rollout.sampled_ids) for rollout in rollouts),  # what was sampled, and costs
            len(rollouts),
            len(monitored),
            sum(not self.ended(rollout.prompt_ids, rollout.sampled_ids) for rollout in monitored),
            sum(rollout.tokens_in_loss for rollout in rollouts),
            sum(bool(rollout.prefix_ids) for rollout in rollouts),
        )
        return {
            "kl_to_base": kl / self.accelerator.num_processes,
            "completions/mean_length": length / count,
            "completions/clipped_ratio": truncated / counted,
            "expert_share": begun / count,  # rollouts that began with the expert's words (TRAPO)
            "rollouts": int(count),
            "tokens_in_loss": tokens,
        }

    def _over_processes(self, *values: float) -> list[float]:
        here = torch.tensor(values, device=self.args.device, dtype=torch.float64)
        return self.accelerator.reduce(here, "sum").tolist()


class RewardTrainer(OnPolicyTrainer):
    """Trains a policy on rollouts with rewards.

    Args:
        algorithm: REINFORCE or TRAPO.
        grade: rewards of completions; its `failures` counts those of a call that could not be graded.
        temperature: of the sampling, hence of the policy whose log-probabilities are taken.
        more: arguments of `OnPolicyTrainer`.
    """

    def __init__(self, *, algorithm: Algorithm, grade, temperature: float, **more):
        self.algorithm, self.grade = algorithm, grade
        super().__init__(**more)
        inner = unwrap_peft_model(self.model)
        add_fused_lm_head(inner, temperature=temperature, outputs=("log_probs", "entropy"))

    def collect(self, prompts: list[Prompt]) -> tuple[list[Rollout], dict]:
        """The algorithm's rollouts, with rewards and advantages."""
        self.grade.failures = 0
        rollouts = self.algorithm.collect(prompts, self._sample, self.grade)
        rewards = gather_object([rollout.reward for rollout in rollouts])
        logged = [entry for entry in self.state.log_history if STEP in entry]
        offset = self.accelerator.process_index * len(rollouts)
        values = self.algorithm.set_advantages(rollouts, rewards, offset, logged)
        monitored = [rollout.reward for rollout in rollouts if rollout.monitored]
        graded = [reward for reward in gather_object(monitored) if reward is not None]
        (failures,) = self._over_processes(self.grade.failures)
        values |= {
            "reward": fmean(graded) if graded else None,
            "reward_std": stdev(graded) if len(graded) > 1 else 0.0,
            "rewards/failures": failures,
        }
        return rollouts, values | self._measured(rollouts)

    def loss(self, model, rollouts: list[Rollout], target, logged: dict) -> tuple[torch.Tensor, float]:
        """The algorithm's loss."""
        batch = collate(rollouts, self.args.device)
        with self.accelerator.autocast():
            logps_BL, entropies_BL = score(model, batch)
        loss = self.algorithm.loss(logps_BL, entropies_BL, batch, logged["rollouts"])
        return loss, entropies_BL.detach()[batch.sampled_BL].sum().item()


def score(model, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy of each token after the first, both [B, L] (0 where no loss looks)."""
    labels = batch.ids.clone()
    labels[:, 1:].masked_fill_(~(batch.sampled_BL | batch.expert_BL), IGNORED)
    outputs = model(input_ids=batch.ids, labels=labels, fused_lm_head=True)
    return outputs.log_probs.float(), outputs.entropy.float()
