"""Trainer of REINFORCE and TRAPO: each optimiser step samples, grades, and learns from what it sampled.

transformers' Trainer brings the optimiser, its schedule, several devices, states and reporters; one of its
steps is one batch of prompts here, and `training_step` splits the rollouts of that batch by itself.
"""

import contextlib
import math
from statistics import fmean, stdev
from typing import Protocol

import torch
from accelerate.utils import gather_object
from transformers import Trainer
from transformers.trainer_utils import unwrap_peft_model
from trl.trainer.utils import add_fused_lm_head

from tms.on_policy.kl import KLToBase
from tms.on_policy.rollout import Batch, Grade, Prompt, Rollout, Sample, collate
from tms.training.examples import IGNORED


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
    """Trains a policy on its own rollouts.

    Args:
        algorithm: REINFORCE or TRAPO.
        rollouts: samples completions (`tms.on_policy.rollouts`).
        grade: rewards of completions; its `failures` counts those of a call that could not be graded.
        kl: measures the KL to the base.
        ends: tokens that end a completion.
        temperature: of the sampling, hence of the policy whose log-probabilities are taken.
        micro_batch: rollouts a device and forward pass.
        more: arguments of `Trainer`.
    """

    def __init__(self, *, algorithm, rollouts, grade, kl: KLToBase, ends, temperature, micro_batch, **more):
        self.algorithm, self.rollouts, self.grade, self.kl = algorithm, rollouts, grade, kl
        self.ends, self.micro_batch = ends, micro_batch
        self._logged: dict = {}
        super().__init__(data_collator=list, **more)
        inner = unwrap_peft_model(self.model)
        add_fused_lm_head(inner, temperature=temperature, outputs=("log_probs", "entropy"))

    def training_step(self, model, inputs: list[Prompt], num_items_in_batch=None) -> torch.Tensor:
        """Sample rollouts of the prompts, grade them, and add up the gradients of the algorithm's loss."""
        self.grade.failures = 0
        rollouts = self.algorithm.collect(inputs, self._sample, self.grade)
        rewards = gather_object([rollout.reward for rollout in rollouts])
        logged = [entry for entry in self.state.log_history if "reward" in entry]
        offset = self.accelerator.process_index * len(rollouts)
        values = self.algorithm.set_advantages(rollouts, rewards, offset, logged)
        values |= self._measured(rollouts, rewards)
        model.train()
        ordered = sorted(rollouts, key=lambda rollout: -len(rollout.prompt_ids + rollout.completion_ids))
        total, entropy = torch.zeros((), device=self.args.device), 0.0
        for first in range(0, len(ordered), self.micro_batch):
            batch = collate(ordered[first : first + self.micro_batch], self.args.device)
            last = first + self.micro_batch >= len(ordered)
            # Sharded, unsummed gradients would be kept whole on every card.
            at_once = last or self.is_fsdp_enabled
            with contextlib.nullcontext() if at_once else self.accelerator.no_sync(model):
                with self.accelerator.autocast():
                    logps_BL, entropies_BL = score(model, batch)
                loss = self.algorithm.loss(logps_BL, entropies_BL, batch, len(rewards))
                # Processes' gradients are averaged, and their losses are shares of one sum.
                self.accelerator.backward(loss * self.accelerator.num_processes)
            total += loss.detach()
            entropy += entropies_BL.detach()[batch.sampled_BL].sum().item()
        sampled = sum(len(rollout.sampled_ids) for rollout in rollouts)
        entropy, sampled = self._over_processes(entropy, sampled)
        self._logged = values | {"entropy": entropy / max(sampled, 1)}
        return self.accelerator.reduce(total, "sum")

    def log(self, logs: dict, start_time: float | None = None) -> None:
        """Log a step with what was measured in it."""
        super().log(logs | self._logged, start_time)
        self._logged = {}

    def _sample(self, prompt_ids: list[list[int]]) -> list[list[int]]:
        return self.rollouts(prompt_ids, self)[0]

    def _measured(self, rollouts: list[Rollout], rewards: list[float | None]) -> dict:
        """Values of a step's rollouts for the log, under TRL's names where it has one."""
        # Reward, KL and length limit are the policy's where it writes by itself, without an expert's prefix.
        alone = [rollout for rollout in rollouts if not rollout.prefix_ids]
        graded = [
            reward for reward in gather_object([rollout.reward for rollout in alone]) if reward is not None
        ]
        kl, length, lone, truncated, tokens, failures = self._over_processes(
            self.kl(self, [(rollout.prompt_ids, rollout.sampled_ids) for rollout in alone]),
            sum(len(rollout.sampled_ids) for rollout in rollouts),  # what was sampled, and costs
            len(alone),
            sum(rollout.sampled_ids[-1] not in self.ends for rollout in alone),
            sum(rollout.tokens_in_loss for rollout in rollouts),
            self.grade.failures,
        )
        count = len(rewards)
        return {
            "reward": fmean(graded) if graded else math.nan,
            "reward_std": stdev(graded) if len(graded) > 1 else 0.0,
            "kl_to_base": kl / self.accelerator.num_processes,
            "completions/mean_length": length / count,
            "completions/clipped_ratio": truncated / lone,
            "expert_share": 1 - lone / count,  # rollouts that began with the expert's words (TRAPO)
            "rewards/failures": failures,
            "rollouts": count,
            "tokens_in_loss": tokens,
        }

    def _over_processes(self, *values: float) -> list[float]:
        here = torch.tensor(values, device=self.args.device, dtype=torch.float64)
        return self.accelerator.reduce(here, "sum").tolist()


def score(model, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy of each token after the first, both [B, L] (0 where no loss looks)."""
    labels = batch.ids.clone()
    labels[:, 1:].masked_fill_(~(batch.sampled_BL | batch.expert_BL), IGNORED)
    outputs = model(input_ids=batch.ids, labels=labels, fused_lm_head=True)
    return outputs.log_probs.float(), outputs.entropy.float()
