"""The curve of an on-policy run, and the callback that ends one that has failed or has spent its budget."""

import sys

from transformers import TrainerCallback

from tms.io.errors import InputError
from tms.mixture.checkpoints import FINAL
from tms.on_policy.settings import OnPolicySettings
from tms.training.callback import CheckpointCallback

# Column of the curve -> the name under which trainers log it (TRL's names, where it has one).
LOGGED = {
    "reward": "reward",
    "reward_std": "reward_std",
    "equal": "frac_reward_zero_std",
    "kl": "kl_to_base",
    "entropy": "entropy",
    "length": "completions/mean_length",
    "truncated": "completions/clipped_ratio",
    "failures": "rewards/failures",
    "rollouts": "rollouts",
    "tokens": "tokens_in_loss",
    "loss": "loss",
    "learning_rate": "learning_rate",
    "seconds": "seconds",
}
COUNTS = ("rollouts", "tokens", "failures")
STEP = "kl_to_base"  # what a step's entry in the log has, and its summary at the end has not


def curve(history: list[dict]) -> list[dict]:
    """One row an optimiser step, from a trainer's log history (columns: `tms.io.parquet.CURVE`)."""
    rows = []
    for entry in history:
        if STEP not in entry:
            continue
        row = {column: entry.get(name) for column, name in LOGGED.items()}
        row |= {column: int(row[column]) for column in COUNTS if row[column] is not None}
        rows.append({"step": entry["step"]} | row)
    return rows


class Monitor(TrainerCallback):
    """Adds seconds to the log, ends at a token budget, and stops (its state is kept) or warns where a run
    has no signal or a lost policy.

    Args:
        checkpoints: of the run.
        settings: of the run.
        tokens: in the loss, after which the run ends; None: its steps decide.

    Attributes:
        failure: why the run was stopped; empty where it was not.
    """

    def __init__(self, checkpoints: CheckpointCallback, settings: OnPolicySettings, tokens: int | None):
        self.checkpoints, self.settings, self.tokens = checkpoints, settings, tokens
        self.reported: set[str] = set()
        self.failure = ""

    def on_train_begin(self, args, state, control, **kwargs):
        """A run that was stopped is stopped again at once, unless it may go on now."""
        self._check(state, control)
        if self.failure:
            raise InputError(self.failure)

    def on_log(self, args, state, control, logs, **kwargs):
        if STEP not in logs:
            return
        state.log_history[-1]["seconds"] = round(self.checkpoints.work_time.seconds, 3)
        self._check(state, control)
        if self.tokens is not None and not self.failure:
            spent = sum(step.get("tokens_in_loss", 0) for step in state.log_history)
            if spent >= self.tokens:
                self.checkpoints.end_here(state.global_step, FINAL)
                control.should_training_stop = True
                control.should_save = False  # from a state of this step a resumed run would take one more

    def _check(self, state, control) -> None:
        """Report what is wrong with the steps so far."""
        steps = [entry for entry in state.log_history if STEP in entry]
        if not steps:
            return
        last = steps[-self.settings.equal_steps :]
        self._report(state, control, "rewards", self._without_signal(last))
        kl = steps[-1]["kl_to_base"]
        lost = f"its KL to the base is {kl:.1f} nats a completion" if kl > self.settings.max_kl else ""
        self._report(state, control, "KL", lost)

    def _without_signal(self, steps: list[dict]) -> str:
        if len(steps) < self.settings.equal_steps or steps[-1].get("reward") is None:
            return ""  # an algorithm without rewards, or a step without a graded rollout
        # A group's rewards are compared with each other; a single rollout's with those of all steps.
        if "frac_reward_zero_std" in steps[-1]:
            flat = all(step["frac_reward_zero_std"] == 1 for step in steps)
        else:
            flat = len({step["reward"] for step in steps}) == 1 and not any(
                step["reward_std"] for step in steps
            )
        if not flat:
            return ""
        return f"for {len(steps)} steps all rewards to compare were equal (mean {steps[-1]['reward']:.2f})"

    def _report(self, state, control, kind: str, failure: str) -> None:
        """Stop or warn, once a run for each kind of failure."""
        if not failure or kind in self.reported:
            return
        self.reported.add(kind)
        remedy = {
            "rewards": "the policy learns nothing from them: take prompts that it solves sometimes, or more "
            "on_policy.samples (GRPO)",
            "KL": "the policy is lost: lower on_policy.learning_rate, or set on_policy.beta (GRPO)",
        }[kind]
        line = f"step {state.global_step}: {failure}; {remedy}"
        if self.settings.on_failure == "stop":
            self.failure = f"{line}. on_policy.on_failure: warn lets it go on"
            control.should_save = control.should_training_stop = True
        elif state.is_world_process_zero:
            print(f"warning: {line}", file=sys.stderr, flush=True)
