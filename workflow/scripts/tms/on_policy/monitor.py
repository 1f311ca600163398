"""The curve of an on-policy run, and what says that it has gone wrong or has spent its budget."""

import sys

from transformers import TrainerCallback

from tms.io.errors import InputError
from tms.mixture.checkpoints import FINAL
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


def curve(history: list[dict]) -> list[dict]:
    """One row an optimiser step, from a trainer's log history (columns: `tms.io.parquet.CURVE`)."""
    found = []
    for entry in history:
        if "reward" not in entry:  # the summary at the end
            continue
        row = {column: entry.get(name) for column, name in LOGGED.items()}
        row |= {column: int(row[column]) for column in COUNTS}
        found.append({"step": entry["step"]} | row)
    return found


class Monitor(TrainerCallback):
    """Adds seconds to the log, ends at a token budget, and tells a run without signal or a lost policy.

    Args:
        keeper: of the run.
        equal_steps: steps in a row whose rewards are all equal, after which a run has no signal.
        max_kl: nats a completion from which the policy is lost.
        stops: whether such a run stops (its state is kept) or goes on with a warning.
        tokens: in the loss, after which the run ends; None: its steps decide.
    """

    def __init__(
        self, keeper: CheckpointCallback, equal_steps: int, max_kl: float, stops: bool, tokens: int | None
    ):
        self.keeper, self.equal_steps, self.max_kl, self.stops = keeper, equal_steps, max_kl, stops
        self.tokens = tokens
        self.told: set[str] = set()
        self.trouble = ""  # why the run was stopped

    def on_train_begin(self, args, state, control, **kwargs):
        """A run that was stopped is stopped again at once, unless it may go on now."""
        self._look(state, control)
        if self.trouble:
            raise InputError(self.trouble)

    def on_log(self, args, state, control, logs, **kwargs):
        if "reward" not in logs:
            return
        state.log_history[-1]["seconds"] = round(self.keeper.seconds, 3)
        self._look(state, control)
        if self.tokens is not None and not self.trouble:
            spent = sum(step.get("tokens_in_loss", 0) for step in state.log_history)
            if spent >= self.tokens:
                self.keeper.end_here(state.global_step, FINAL)
                control.should_training_stop = True
                control.should_save = False  # from a state of this step a resumed run would take one more

    def _look(self, state, control) -> None:
        """Tell what is wrong with the steps so far."""
        steps = [entry for entry in state.log_history if "reward" in entry]
        if not steps:
            return
        self._tell(state, control, "rewards", self._without_signal(steps[-self.equal_steps :]))
        kl = steps[-1]["kl_to_base"]
        lost = f"its KL to the base is {kl:.1f} nats a completion" if kl > self.max_kl else ""
        self._tell(state, control, "KL", lost)

    def _without_signal(self, steps: list[dict]) -> str:
        if len(steps) < self.equal_steps:
            return ""
        # A group's rewards are compared with each other; a single rollout's with those of all steps.
        if "frac_reward_zero_std" in steps[-1]:
            flat = all(step["frac_reward_zero_std"] == 1 for step in steps)
        else:
            flat = len({step["reward"] for step in steps}) == 1 and not any(
                step["reward_std"] for step in steps
            )
        if not flat:
            return ""
        return (
            f"for {self.equal_steps} steps all rewards to compare were equal (mean {steps[-1]['reward']:.2f})"
        )

    def _tell(self, state, control, what: str, trouble: str) -> None:
        """Stop or warn, once a run."""
        if not trouble or what in self.told:
            return
        self.told.add(what)
        remedy = {
            "rewards": "the policy learns nothing from them: take prompts that it solves sometimes, or more "
            "on_policy.samples (GRPO)",
            "KL": "the policy is lost: lower on_policy.learning_rate, or set on_policy.beta (GRPO)",
        }[what]
        line = f"step {state.global_step}: {trouble}; {remedy}"
        if self.stops:
            self.trouble = f"{line}. on_policy.on_failure: warn lets it go on"
            control.should_save = control.should_training_stop = True
        elif state.is_world_process_zero:
            print(f"warning: {line}", file=sys.stderr, flush=True)
