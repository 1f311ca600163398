"""Completions of the policy that is being trained: with the project's engine, or with vLLM beside it."""

from collections import Counter
from pathlib import Path

import torch
from transformers import set_seed
from transformers.trainer_utils import unwrap_peft_model

from tms.generation.chat import ChatFormat
from tms.generation.engines.interface import MOST_ROWS, ROLLOUT_SHARE, Prompt
from tms.generation.engines.transformers_engine import TransformersEngine
from tms.generation.noise_key import noise_key
from tms.generation.sampling import Sampling
from tms.io.errors import InputError
from tms.vision.families import family_of, stored_name
from tms.vision.image_ids import with_placeholders

RANK_STRIDE = 1 << 20  # of sample numbers: processes draw apart

Sampled = tuple[list[list[int]], list[list[float]] | None]


class EngineRollouts:
    """Rollouts from the live policy, row-seeded: a function of weights, prompt, step and sample.

    Args:
        chat: of the base.
        sampling: temperature, top-p and the longest completion.
        seed: of the run.
        rank: of this process.
    """

    def __init__(self, chat: ChatFormat, sampling: Sampling, seed: int, rank: int):
        self.chat, self.sampling, self.seed, self.rank = chat, sampling, seed, rank
        self.engine = TransformersEngine()
        self.step, self.seen = -1, Counter()

    def __call__(self, prompts: list[list[int]], trainer) -> Sampled:
        """Sample a completion for each prompt; equal prompts of a step get different ones.

        Args:
            prompts: token ids; for a completion with a given beginning, with that beginning.
            trainer: whose model samples, and whose step seeds.

        Returns:
            Completion ids, and their log-probabilities where the sampler knows them.

        Raises:
            InputError: a policy that is sharded over processes.
        """
        if trainer.is_fsdp_enabled:
            raise InputError(
                "engine transformers cannot sample from a policy that is sharded over GPUs; set engine: vllm "
                "for this model, or training.fsdp: false"
            )
        model = unwrap_peft_model(trainer.accelerator.unwrap_model(trainer.model))
        if self.step != trainer.state.global_step:
            self.step, self.seen = trainer.state.global_step, Counter()
        requests = []
        for prompt in prompts:
            sample = self.rank * RANK_STRIDE + self.seen[tuple(prompt)]
            self.seen[tuple(prompt)] += 1
            key = noise_key(f"step {self.step}", prompt, self.seed, sample)
            requests.append(Prompt(prompt, key))
        completions: list[list[int]] = [[]] * len(prompts)

        def keep(rows):
            for row in rows:
                completions[row.index] = row.completion_ids

        was_training = model.training
        model.eval()
        if torch.cuda.is_available():
            self.engine.budget = None  # half of what is free now; the optimiser has come to stay since
            torch.cuda.empty_cache()
        self.engine.attach(model, self.chat.images)
        with trainer.accelerator.autocast():
            self.engine.generate(requests, self.sampling, self.chat.end_token_ids, keep)
        model.train(was_training)
        return completions, None


class VllmRollouts:
    """Rollouts with vLLM on the GPUs of the training (TRL's colocated mode); it sleeps in between.

    Its noise comes from this process's generators, which are seeded before each call: a function of the run's
    seed, the step and the call, not of the row. (On a CPU torch's makes it; on a GPU, where vLLM 0.31 takes
    its Model Runner V2, NumPy's makes a seed for each request.) On a GPU the samples need not be equal
    for all that.

    Args:
        chat: of the base.
        sampling: temperature, top-p and the longest completion.
        seed: of the run.
        rank: of this process.
        max_length: tokens of the longest prompt with the longest completion.
    """

    def __init__(self, chat: ChatFormat, sampling: Sampling, seed: int, rank: int, max_length: int):
        self.chat, self.sampling, self.seed, self.rank = chat, sampling, seed, rank
        self.max_length = max_length
        self.vllm, self.loaded = None, None
        self.step, self.calls = -1, 0

    def __call__(self, prompts: list[list[int]], trainer) -> Sampled:
        """Sample a completion for each prompt; see `EngineRollouts`."""
        # TRL's own trainer has its engine, and hands it the weights of each step.
        vllm = getattr(trainer, "vllm_generation", None) or self._synced(trainer)
        if self.step != trainer.state.global_step:
            self.step, self.calls = trainer.state.global_step, 0
        self.calls += 1
        set_seed(noise_key(f"step {self.step} call {self.calls}", [], self.seed, self.rank) % 2**32)
        prompts, images = self._shown(prompts)
        _, completions, logprobs, _ = vllm.generate(prompts=prompts, images=images, num_generations=1)
        return completions, [[token[0] for token in row] for row in logprobs]

    def _shown(self, prompts: list[list[int]]) -> tuple[list[list[int]], list[list | None] | None]:
        """Prompts as vLLM takes them: one placeholder an image, and the images of each."""
        images = self.chat.images
        if images is None:
            return prompts, None
        shown = [images.pictures(ids) for ids in prompts]
        return [with_placeholders(ids, images.placeholder) for ids in prompts], [own or None for own in shown]

    def _synced(self, trainer):
        if self.vllm is None:
            from trl.generation.vllm_generation import VLLMGeneration

            self.vllm = VLLMGeneration(
                trainer.model,
                trainer.accelerator,
                self.chat.tokenizer,
                mode="colocate",
                gpu_memory_utilization=ROLLOUT_SHARE,
                max_model_length=self.max_length,
                max_num_seqs=MOST_ROWS,
                enable_sleep_mode=torch.cuda.is_available(),
                temperature=self.sampling.temperature,
                top_p=self.sampling.top_p,
                max_completion_length=self.sampling.max_new_tokens,
                generation_kwargs={"stop_token_ids": self.chat.end_token_ids},
            )
            hand_over(self.vllm, trainer.model, self.chat.folder)
        if self.loaded != trainer.state.global_step:
            self.vllm.sync_weights()
            self.loaded = trainer.state.global_step
        return self.vllm


def hand_over(vllm, model, base: Path) -> None:
    """Let TRL's engine take weights as files have them: adapters merged one by one, and those of a model that
    reads images by the names in its base's files."""
    if hasattr(model, "peft_config"):
        from tms.training import lora  # with peft

        vllm._iter_named_params = lambda: lora.merged_parameters(model)
    if family_of(base):
        named = vllm._iter_named_params
        vllm._iter_named_params = lambda: ((stored_name(base, name), value) for name, value in named())
