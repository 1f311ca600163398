"""Settings of an on-policy run."""

from dataclasses import dataclass
from pathlib import Path

from tms.training.settings import Settings


@dataclass(frozen=True, kw_only=True)
class OnPolicySettings(Settings):
    """Settings of training, of sampling, of the losses, and of when a run has failed.

    Attributes:
        effective_batch: counts prompts here.
        device_batch: counts rollouts here.
        algorithm: a module of `tms/on_policy`.
        engine: transformers or vllm, which samples.
        samples: rollouts of each prompt and visit (GRPO takes several, TRAPO 8, the others 1).
        temperature, top_p, max_new_tokens: of the sampling.
        beta: weight of the KL term (GRPO).
        baseline_decay: of the moving average of rewards (REINFORCE).
        entropy_bonus: weight of the entropy (TRAPO).
        trsft_floor: a of the TrSFT loss (TRAPO).
        divergence: beta of the generalised Jensen-Shannon divergence to the teacher (SDFT, distillation).
        sdft_template: the message that SDFT's teacher reads, with `{prompt}` and `{reference}` in it.
        teacher_average: share of the way to the policy that SDFT's teacher goes after each step.
        teacher: model folder of the teacher (distillation).
        budget: steps or tokens, of which the run has as much as SFT.
        kl_rows: rollouts of a step on which the KL to the base is measured.
        equal_steps: steps in a row with equal rewards, after which a run has no signal.
        max_kl: nats a completion from which the policy is lost.
        on_failure: stop or warn, where a run has no signal or a lost policy.
    """

    algorithm: str
    engine: str
    samples: int
    max_new_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    beta: float = 0.0
    baseline_decay: float = 0.95
    entropy_bonus: float = 0.001
    trsft_floor: float = 0.1
    divergence: float = 1.0
    sdft_template: str = ""
    teacher_average: float = 0.0
    teacher: Path | None = None
    budget: str = "steps"
    kl_rows: int = 64
    equal_steps: int = 20
    max_kl: float = 100.0
    on_failure: str = "stop"
