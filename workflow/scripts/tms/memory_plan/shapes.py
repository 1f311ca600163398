"""Shapes of training steps, and the bytes that a card holds in one."""

from dataclasses import dataclass

# What a step learns from: targets (SFT, students), rollouts (REINFORCE, TRAPO), rollouts with TRL's trainer.
ROWS, ROLLOUTS, GRPO = "rows", "rollouts", "grpo"


@dataclass(frozen=True)
class StepShape:
    """A training step of one card.

    Attributes:
        architecture: keys of the model's `config.json`.
        kind: ROWS, ROLLOUTS or GRPO.
        processes: cards of the job.
        sharded: whether they share one model (FSDP) or have a copy each.
        rows: of a micro-batch.
        tokens: of a row, prompt and completion.
        recompute: gradient checkpointing.
        bf16: mixed precision, as on a card; else float32.
        lora: `training.lora`: adapters in float32 on frozen weights in bf16 (without `bf16` float32).
        base: whether the loss reads the base: of ROWS without LoRA a second model, in float32.
    """

    architecture: dict
    kind: str
    processes: int
    sharded: bool
    rows: int
    tokens: int
    recompute: bool
    bf16: bool = True
    lora: dict | None = None
    base: bool = False


@dataclass(frozen=True)
class StepMemory:
    """Bytes of tensors on one card at the peak of a step.

    Attributes:
        weights, gradients, optimiser: float32 (frozen weights: bf16), the card's part of them; a base beside
            the model counts to the weights.
        activations: kept for the backward pass when the decoder ends, with the weights gathered then.
        working: what the peak has beside them: head and loss, or a layer's backward pass.
    """

    weights: int
    gradients: int
    optimiser: int
    activations: int
    working: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimiser + self.activations + self.working
