"""The memory plan's peak of a shape, which a measured peak stands beside."""

from tms.gpu_check.shapes import Shape


def planned_peak(shape: Shape) -> float | None:
    """Bytes on a card that the plan states for a shape; None where there is no plan."""
    return None
