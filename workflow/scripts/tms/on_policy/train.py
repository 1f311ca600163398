"""On-policy training of a copy of a base model: GRPO, REINFORCE or TRAPO."""

import importlib
from pathlib import Path

from tms.generation.chat import ChatFormat
from tms.grading.rewards import Rewards
from tms.io.errors import InputError
from tms.on_policy.monitor import Monitor, curve
from tms.on_policy.rollout import Visit
from tms.on_policy.run import Graded, Run
from tms.on_policy.settings import OnPolicy
from tms.training.callback import CheckpointCallback, run
from tms.training.start import begin


def train(
    base: Path,
    visits: list[Visit],
    save_steps: dict[int, str],
    settings: OnPolicy,
    work: Path,
    rewards: Rewards,
) -> tuple[float, list[dict]] | None:
    """Train a copy of a base model on its own rollouts, and save checkpoints.

    A run that finds a saved state in `work` goes on from there: optimiser, schedule, baseline, position in
    the data and, with engine transformers, the samples.

    Args:
        base: model folder of theta_0.
        visits: in order, `effective_batch` an optimiser step.
        save_steps: optimiser step -> point; the checkpoint is written to `work/checkpoint-{point}`.
        settings: of the run.
        work: the run's work folder.
        rewards: grades completions.

    Returns:
        Training seconds and the curve (columns `tms.io.parquet.CURVE`), earlier parts of the run included;
        None where a signal stopped it.

    Raises:
        InputError: devices, a model or batches that do not fit, a loss that is not finite, or a run that its
            settings tell to stop.
    """
    start = begin(base, settings, work)
    chat = ChatFormat(base)
    keeper = CheckpointCallback(base, save_steps, settings, work, start.since)
    watch = Monitor(keeper, settings.equal_steps, settings.max_kl, settings.stops, settings.tokens)
    # By name: the digest of a run's code then holds its own algorithm alone.
    algorithm = importlib.import_module(f"tms.on_policy.{settings.algorithm}")
    parts = Run(base, settings, start, chat, visits, Graded(chat, rewards), [keeper, watch])
    if parts.room > chat.context_length:
        raise InputError(
            f"the longest prompt with a rollout of {settings.max_new_tokens} tokens takes {parts.room}, "
            f"but {base} has a context of {chat.context_length}; lower on_policy.max_new_tokens"
        )
    trainer = algorithm.trainer(parts)
    finished = run(trainer, keeper, start)
    if watch.trouble:
        raise InputError(watch.trouble)
    return (start.seconds, curve(trainer.state.log_history)) if finished else None
