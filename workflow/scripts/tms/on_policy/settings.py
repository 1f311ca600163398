"""Settings of an on-policy run."""

from dataclasses import dataclass

from tms.training.start import Settings


@dataclass(frozen=True)
class OnPolicy(Settings):
    """`effective_batch` counts prompts here, and `device_batch` rollouts."""

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
    kl_rows: int
    equal_steps: int
    max_kl: float
    stops: bool
    tokens: int | None  # budget of tokens in the loss
