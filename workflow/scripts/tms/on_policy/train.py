"""On-policy training of a copy of a base model: GRPO, REINFORCE, TRAPO, SDFT or distillation."""

import importlib
import os
from functools import cached_property
from pathlib import Path

from transformers import TrainingArguments

from tms.generation.chat import ChatFormat, context_length
from tms.generation.episode import row_limit
from tms.generation.sampling import Sampling
from tms.grading.answer_text import answer_text
from tms.grading.rewards import Rewards
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.on_policy.episodes import EpisodeRollouts, ended, replayed
from tms.on_policy.kl import KLToBase
from tms.on_policy.monitor import Monitor, curve
from tms.on_policy.rollout import Prompt
from tms.on_policy.rollouts import EngineRollouts, VllmRollouts
from tms.on_policy.settings import OnPolicySettings
from tms.on_policy.trainer import Algorithm, OnPolicyTrainer, RewardTrainer
from tms.training.trainer_run import TrainerRun

EPISODIC = ("grpo", "reinforce")  # algorithms whose rollouts may call tools: they need no reference


def train(
    base: Path,
    prompts: list[Prompt],
    save_steps: dict[int, str],
    settings: OnPolicySettings,
    work: Path,
    rewards: Rewards | None,
    tokens: int | None = None,
    chat: ChatFormat | None = None,
) -> tuple[float, list[dict]] | None:
    """Train a copy of a base model on its own rollouts, and save checkpoints.

    A run that finds a saved state in `work` goes on from there: optimiser, schedule, baseline, position in
    the data and, with engine transformers, the samples.

    Args:
        base, save_steps, settings, work: as `TrainerRun` takes them.
        prompts: in order, `effective_batch` an optimiser step.
        rewards: grades completions; None: an algorithm that learns from no grades.
        tokens: in the loss, after which the run ends (budget tokens).
        chat: that encoded prompts with images; None: that of the base.

    Returns:
        Training seconds and the curve (columns `tms.io.parquet.CURVE`), earlier parts of the run included;
        None where a signal stopped it.

    Raises:
        InputError: devices, a model or batches that do not fit, a loss that is not finite, or a run without
            signal or with a lost policy, where the settings say stop.
    """
    run = OnPolicyRun(base, prompts, save_steps, settings, work, rewards, tokens, chat)
    if run.has_tools and settings.algorithm not in EPISODIC:
        raise InputError(
            f"--algorithm {settings.algorithm}: it takes no task whose rows have tools; "
            f"{' and '.join(EPISODIC)} do"
        )
    # By name: the digest of a run's code then holds its own algorithm alone.
    trainer = importlib.import_module(f"tms.on_policy.{settings.algorithm}").trainer(run)
    seconds = run.fit(trainer)
    if run.monitor.failure:
        raise InputError(run.monitor.failure)
    return None if seconds is None else (seconds, curve(trainer.state.log_history))


class CompletionRewards:
    """Rewards of completion ids; `failures` counts those that could not be graded since it was set to 0.

    Args:
        chat: of the base.
        rewards: grades texts.
        room: tokens of a completion, or of each turn of one with tools.
    """

    def __init__(self, chat: ChatFormat, rewards: Rewards, room: int):
        self.chat, self.rewards, self.room, self.failures = chat, rewards, room, 0

    def __call__(self, completions: list[list[int]], prompts: list[Prompt]) -> list[float | None]:
        """The reward of each completion; None where its grader failed."""
        texts = [self._text(ids, prompt) for ids, prompt in zip(completions, prompts, strict=True)]
        answers, graders = ([getattr(one, name) for one in prompts] for name in ("answer", "grader"))
        scores = self.rewards.of(texts, answers, graders)
        self.failures += self.rewards.failures
        return scores

    def _text(self, ids: list[int], prompt: Prompt) -> str:
        if not prompt.context:
            return self.chat.text(ids)
        return answer_text(prompt.grader, prompt.context, replayed(self.chat, prompt, ids, self.room))


class OnPolicyRun(TrainerRun):
    """A run of which every algorithm's trainer is made.

    Args:
        base, save_steps, settings, work: as `TrainerRun` takes them.
        prompts, rewards, tokens, chat: as `train` takes them.

    Raises:
        InputError: devices or a model that do not fit, or rollouts longer than the model's context.
    """

    def __init__(
        self,
        base: Path,
        prompts: list[Prompt],
        save_steps: dict[int, str],
        settings: OnPolicySettings,
        work: Path,
        rewards: Rewards | None,
        tokens: int | None,
        chat: ChatFormat | None = None,
    ):
        chat = chat or ChatFormat(base)
        super().__init__(base, save_steps, settings, work, chat.images)
        self.prompts, self.chat, self.rewards = prompts, chat, rewards
        self.monitor = Monitor(self.checkpoints, settings, tokens)
        self.context_length = context_length(base)
        self.check_context(base, "prompt", [prompt.ids for prompt in prompts])
        self._check_rows()

    def check_context(self, folder: Path, what: str, prompts: list[list[int]]) -> None:
        """Check that a model reads each prompt with the longest completion.

        Args:
            folder: of the model.
            what: the prompts are, in words.
            prompts: token ids.

        Raises:
            InputError: its context is too short.
        """
        length, limit = context_length(folder), self.settings.max_new_tokens
        if (longest := max(map(len, prompts)) + limit) > length:
            raise InputError(
                f"the longest {what} with a rollout of {limit} tokens takes {longest}, but {folder} has a "
                f"context of {length}; lower on_policy.max_new_tokens, or leave this method out"
            )

    def _check_rows(self) -> None:
        """Check that each row has room for its prompt and a turn: one with tools has a limit of its own."""
        room = self.settings.max_new_tokens
        for prompt in self.prompts:
            first, limit = len(prompt.ids) + room, self._row_limit(prompt)
            if first > limit:
                raise InputError(
                    f"a prompt with tools and a turn of {room} tokens takes {first}, but its row may have "
                    f"{limit}; raise options.tokens of its task, or lower on_policy.max_new_tokens"
                )

    def _row_limit(self, prompt: Prompt) -> int:
        room = self.settings.max_new_tokens
        return row_limit(len(prompt.ids), read_context(prompt.context), room, self.context_length)

    @property
    def grade(self) -> CompletionRewards:
        """Rewards of completions.

        Raises:
            InputError: the run has no grader.
        """
        if self.rewards is None:
            raise InputError(f"--algorithm {self.settings.algorithm}: it learns from grades; give --grader")
        return CompletionRewards(self.chat, self.rewards, self.settings.max_new_tokens)

    @property
    def longest(self) -> int:
        """Tokens of the longest prompt with the longest completion."""
        return max(map(self._row_limit, self.prompts))

    @property
    def has_tools(self) -> bool:
        """Whether the policy may call tools."""
        return bool(self.with_tools)

    @cached_property
    def with_tools(self) -> set[tuple[int, ...]]:
        """Token ids of the prompts that have tools."""
        return {tuple(prompt.ids) for prompt in self.prompts if prompt.context}

    @property
    def arguments(self) -> dict:
        """Arguments that all runs share, and the schedule of the learning rate.

        It is a cosine as in all other runs; TRAPO's is constant, and so is that of a run whose steps are not
        known beforehand.
        """
        schedule = {"lr_scheduler_type": "cosine", "warmup_steps": self.settings.warmup}
        if self.settings.algorithm == "trapo" or self.settings.budget == "tokens":
            schedule = {"lr_scheduler_type": "constant"}
        return super().arguments | schedule

    @property
    def trainer_parts(self) -> dict:
        """Arguments that every algorithm's trainer takes; made after its `TrainingArguments`."""
        settings = self.settings
        rows = max(settings.kl_rows // self.processes, 1)
        model = self.load_model()
        model.generation_config.eos_token_id = self.chat.end_token_ids  # TRL: which rollouts ended
        return {
            "model": model,
            "callbacks": [self.checkpoints, self.monitor],
            "kl": KLToBase(
                self.base,
                rows,
                settings.attention,
                self.images,
                self.checkpoints.work_time,
                settings.temperature,
            ),
        }

    def ended(self, prompt_ids: list[int], completion_ids: list[int]) -> bool:
        """Whether a rollout came to its end (`tms.on_policy.episodes.ended`)."""
        return ended(self.chat, completion_ids, tuple(prompt_ids) in self.with_tools)

    def sampler(self) -> EngineRollouts | VllmRollouts | EpisodeRollouts:
        """The sampler of the policy's completions."""
        turns = self._turns()
        if not self.has_tools:
            return turns
        return EpisodeRollouts(turns, self.chat, self.prompts, self.settings.max_new_tokens)

    def _turns(self) -> EngineRollouts | VllmRollouts:
        settings = self.settings
        sampling = Sampling(settings.temperature, settings.top_p, max_new_tokens=settings.max_new_tokens)
        rank = int(os.environ.get("RANK", "0"))
        if settings.engine == "vllm":
            return VllmRollouts(self.chat, sampling, settings.seed, rank, self.longest)
        return EngineRollouts(self.chat, sampling, settings.seed, rank)

    @property
    def state_bytes(self) -> int:
        """Of a parameter in a state, with SDFT's teacher in float32."""
        return super().state_bytes + (4 if self.settings.teacher_average else 0)

    def reward_trainer(self, algorithm: Algorithm) -> RewardTrainer:
        """The trainer of an algorithm that learns from rewards and that TRL does not have."""
        return self.trainer(
            RewardTrainer, algorithm=algorithm, grade=self.grade, temperature=self.settings.temperature
        )

    def trainer(self, trainer: type[OnPolicyTrainer], **own) -> OnPolicyTrainer:
        """A trainer, with its own arguments."""
        arguments = TrainingArguments(
            **self.arguments,
            train_sampling_strategy="sequential",
            per_device_train_batch_size=self.settings.effective_batch // self.processes,
        )
        parts = self.trainer_parts
        return trainer(
            **parts | {"model": self.attach(parts["model"])} | own,
            args=arguments,
            train_dataset=self.prompts,
            rollouts=self.sampler(),
            ended=self.ended,
            micro_batch=self.settings.device_batch,
        )
