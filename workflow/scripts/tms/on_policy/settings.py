"""Settings of an on-policy run."""

from dataclasses import dataclass

from tms.training.settings import Settings


@dataclass(frozen=True)
class OnPolicySettings(Settings):
    """Settings of training, of sampling, of the losses, and of when a run has failed.

    Attributes:
        effective_batch: counts prompts here.
        device_batch: counts rollouts here.
        algorithm: grpo, reinforce or trapo.
        engine: transformers or vllm, which samples.
        samples: rollouts of each prompt and visit (REINFORCE takes 1, TRAPO 8).
        temperature, top_p, max_new_tokens: of the sampling.
        beta: weight of the KL term (GRPO).
        baseline_decay: of the moving average of rewards (REINFORCE).
        entropy_bonus: weight of the entropy (TRAPO).
        trsft_floor: a of the TrSFT loss (TRAPO).
        budget: steps or tokens, of which the run has as much as SFT.
        kl_rows: rollouts of a step on which the KL to the base is measured.
        equal_steps: steps in a row with equal rewards, after which a run has no signal.
        max_kl: nats a completion from which the policy is lost.
        on_failure: stop or warn, where a run has no signal or a lost policy.
    """

    algorithm: str
    engine: str
    samples: int
    temperature: float
    top_p: float
    max_new_tokens: int
    beta: float
    baseline_decay: float
    entropy_bonus: float
    trsft_floor: float
    budget: str
    kl_rows: int
    equal_steps: int
    max_kl: float
    on_failure: str
