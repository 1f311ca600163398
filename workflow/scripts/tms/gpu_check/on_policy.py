"""Part: steps of GRPO, REINFORCE or TRAPO on random weights, with their peak memory.

Rollouts are random tokens of the longest length: sampling is the part `generate`. Beside the training step
stand the base and the KL to it, as in a real run.
"""

import random

STEPS = 2  # the second has the optimiser's moments from its start
TOKENS = range(5, 64)  # that rollouts are made of; every vocabulary has them


def measure(settings: dict) -> dict:
    """Train for `STEPS` steps, through `tms.on_policy.train`.

    Args:
        settings: as `tms.gpu_check.steps.ShortRun` takes them; the `algorithm`; `tokens` of a row, and
            `completion`, those of its rollout.

    Returns:
        As `ShortRun.found`.
    """
    from tms.gpu_check.steps import NEVER, ShortRun
    from tms.on_policy import kl, train
    from tms.on_policy.rollout import Prompt
    from tms.on_policy.settings import OnPolicySettings

    run = ShortRun(settings)
    algorithm, completion = settings["algorithm"], settings["completion"]
    draw = random.Random(0)

    def ids(count: int) -> list[int]:
        return draw.choices(TOKENS, k=count)

    def sampled(prompts, trainer):
        return [ids(completion) for _ in prompts], None

    train.OnPolicyRun.sampler = lambda self: sampled
    kl.KLToBase.read = lambda self, dtype: run.weights(dtype)
    # Two micro-batches of a process, of one prompt; of REINFORCE, which has one rollout a prompt, of several.
    rows = 2 * settings["device_batch"]
    each, prompts = {"reinforce": (1, rows), "trapo": (8, 1)}.get(algorithm, (rows, 1))
    chosen = OnPolicySettings(
        **run.words,
        effective_batch=prompts * run.processes,
        algorithm=algorithm,
        engine="transformers",
        samples=each,
        max_new_tokens=completion,
        kl_rows=run.processes,
        on_failure="warn",
    )
    ends = list(range(1, completion + 1))
    one = Prompt(ids(settings["tokens"] - completion), "", "x" * completion, ids(completion), ends, "")
    visited = [one] * (STEPS * chosen.effective_batch)
    train.train(run.folder, visited, {NEVER: "1of1"}, chosen, run.folder / "work", OneIsRight())
    return run.found(each * chosen.effective_batch * settings["tokens"])


class OneIsRight:
    """Rewards as `tms.grading.rewards.Rewards` gives them: of each group of rollouts the first is right."""

    failures = 0

    def of(self, completions: list[str], answers: list[str], graders: list[str]) -> list[float]:
        return [float(place == 0) for place in range(len(completions))]
