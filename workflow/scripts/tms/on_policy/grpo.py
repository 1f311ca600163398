"""GRPO (arXiv 2402.03300) with TRL's trainer: group-normalised advantages, no value network.

The advantage of a rollout is (r - mean) / (deviation + 1e-4) within its prompt's group; the loss is the mean
over rollouts of the mean over tokens of -ratio x advantage, plus beta x KL where beta is not 0. Each rollout
is used once, by the policy that sampled it: the ratio is 1, and nothing is clipped.
"""

import os

import torch
from datasets import Dataset

from tms.generation.engines.interface import ROLLOUT_SHARE
from tms.io.token_ids import model_ids, own_tokens
from tms.on_policy.kl import KLToBase
from tms.on_policy.rollouts import hand_over
from tms.on_policy.train import OnPolicyRun
from tms.on_policy.trainer import Ended

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # of `rollout_func`: trl is pinned

from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import add_fused_lm_head


class Grpo(GRPOTrainer):
    """TRL's trainer, which also logs the KL to the base (TRL does with its KL term alone) and counts tokens.

    Args:
        kl: measures the KL to the base.
        ended: as `tms.on_policy.trainer.OnPolicyTrainer` takes it; TRL looks at the last token alone, which
            also ends a turn whose calls were too many.
        more: arguments of `GRPOTrainer`.
    """

    def __init__(self, *, kl: KLToBase, ended: Ended, **more):
        self.kl, self.ended = kl, ended
        arguments, beta = more["args"], more["args"].beta
        # A reference that reads images is ours: TRL's would not, or TRL cannot make it.
        own = bool(beta and kl.images and "peft_config" not in more)
        arguments.beta = 0.0 if own else beta
        super().__init__(**more)
        arguments.beta = self.beta = beta
        if own or (self.ref_model is not None and self.is_fsdp_enabled):
            # TRL has sharded what each process had read of it, and only the first one reads weights.
            self.ref_model = kl.load(self, torch.bfloat16 if self.args.bf16 else torch.float32)
            add_fused_lm_head(self.ref_model, temperature=self.temperature)
        if self.use_vllm:
            hand_over(self.vllm_generation, self.model, kl.base)

    def create_model_card(self, *names, **more) -> None:
        """Write no card: `make model-card` does, and TRL's would lie among the saved states."""

    def _generate_and_score_completions(self, inputs: list[dict]) -> dict:
        scored = super()._generate_and_score_completions(inputs)
        names = ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask")
        own = scored.get("tool_mask", scored["completion_mask"])
        completions = torch.where(own.bool(), scored["completion_ids"], -1 - scored["completion_ids"])
        scored_ids = scored | {"completion_ids": completions}
        sequences = [
            (prompt[in_prompt.bool()].tolist(), completion[in_completion.bool()].tolist())
            for prompt, in_prompt, completion, in_completion in zip(
                *(scored_ids[name] for name in names), strict=True
            )
        ]
        here = [self.kl(self, sequences), sum(own_tokens(ids) for _, ids in sequences), len(sequences)]
        here.append(sum(not self.ended(*sequence) for sequence in sequences))
        kl, tokens, rollouts, truncated = self.accelerator.reduce(
            torch.tensor(here, device=self.args.device, dtype=torch.float64), "sum"
        ).tolist()
        logged = self._metrics["train"]
        logged["kl_to_base"].append(kl / self.accelerator.num_processes)
        logged["tokens_in_loss"].append(tokens)
        logged["rollouts"].append(rollouts)
        logged["completions/clipped_ratio"][-1] = truncated / rollouts
        return scored


def config(run: OnPolicyRun) -> GRPOConfig:
    """TRL's settings of a run: a step takes `samples` rollouts of each of its prompts, and passes once."""
    settings = run.settings
    rollouts = settings.effective_batch * settings.samples
    vllm = {
        "use_vllm": True,
        # The rollouts count as the policy's own: the correction would drop long ones for rounding errors.
        "vllm_importance_sampling_correction": False,
        "vllm_mode": "colocate",
        "vllm_gpu_memory_utilization": ROLLOUT_SHARE,
        "vllm_enable_sleep_mode": torch.cuda.is_available(),
        "vllm_max_model_length": run.longest,
        "generation_kwargs": {"stop_token_ids": run.chat.end_token_ids},
    }
    return GRPOConfig(
        **run.arguments,
        **(vllm if settings.engine == "vllm" else {}),
        num_generations=settings.samples,
        per_device_train_batch_size=settings.device_batch,
        gradient_accumulation_steps=rollouts // (settings.device_batch * run.processes),
        shuffle_dataset=False,  # the rows are in the order of SFT's
        loss_type="grpo",
        scale_rewards="group",
        num_iterations=1,
        beta=settings.beta,
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_completion_length=settings.max_new_tokens,
    )


def trainer(run: OnPolicyRun) -> Grpo:
    """TRL's trainer with our prompts (as token ids, in SFT's order), rollouts and rewards."""
    sample, grade = run.sampler(), run.grade

    def rollouts(places: list[str], trainer: Grpo) -> dict:
        prompt_ids = [run.prompts[int(place)].ids for place in places]
        completion_ids, logprobs = sample(prompt_ids, trainer)
        sampled = {"prompt_ids": prompt_ids, "completion_ids": completion_ids, "logprobs": logprobs}
        if run.has_tools:
            sampled["completion_ids"] = [model_ids(ids) for ids in completion_ids]
            sampled["env_mask"] = [[int(token >= 0) for token in ids] for ids in completion_ids]
            sampled["episodes"] = completion_ids  # for `reward`
        return sampled

    def reward(prompts: list[str], completion_ids, log_metric, episodes=None, **columns):
        grade.failures = 0
        rewards = grade(episodes or completion_ids, [run.prompts[int(place)] for place in prompts])
        # TRL takes the mean over processes.
        log_metric("rewards/failures", grade.failures * run.processes)
        return rewards

    # TRL's prompts are texts: here the prompt's place, which leads `rollouts` to its token ids.
    places = [str(place) for place in range(len(run.prompts))]
    arguments = config(run)  # before the weights are read: it starts the processes
    parts, adapters = run.trainer_parts, {}
    if run.settings.lora:  # TRL's reference is then the model without them
        from tms.training.lora import peft_config

        adapters = {"peft_config": peft_config(run.settings.lora, parts["model"])}
    return Grpo(
        **parts,
        **adapters,
        ended=run.ended,
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": places}),
        processing_class=run.chat.tokenizer,
        reward_funcs=[reward],
        rollout_func=rollouts,
    )
