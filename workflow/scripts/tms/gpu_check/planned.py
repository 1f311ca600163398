"""The memory plan's peak of a shape, which a measured peak stands beside."""

from tms.gpu_check.shapes import Shape
from tms.memory_plan.formulas import kl_weights, step_buffers
from tms.memory_plan.shapes import GRPO, ROLLOUTS, ROWS, StepShape
from tms.memory_plan.store import Store


def planned_peak(shape: Shape, card_bytes: int) -> float | None:
    """Bytes of tensors on a card that the plan states for a shape; None where it was not computed before.

    Args:
        shape: as the workflow trains it.
        card_bytes: memory of a card.
    """
    step = StepShape(
        architecture=shape.architecture,
        kind={"train": ROWS, "grpo": GRPO}.get(shape.kind, ROLLOUTS),
        processes=shape.cards,
        sharded=shape.sharded(card_bytes),
        rows=shape.device_batch,
        tokens=shape.tokens,
        recompute=shape.recompute == "on",
        lora=shape.lora,
    )
    memory = Store(None).memory(step)
    if memory is None:
        return None
    kl = kl_weights(shape.parameters, step.processes, step.sharded) if step.kind != ROWS else 0
    return memory.total + step_buffers(step) + kl
