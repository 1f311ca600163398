"""The memory plan as a table, on the screen and in the documentation."""

from tms.memory_plan.plan import Peak
from tms.report.document_tables import document

PARTS = {
    "weights": ("weights",),
    "gradients": ("gradients",),
    "optimiser": ("optimiser",),
    "activations": ("activations",),
    "head, buffers": ("head and buffers",),
    "KV cache, vLLM": ("KV cache", "vLLM"),
    "other": ("base", "teacher", "towers", "CUDA"),
}
COLUMNS = ["job", "cards", *PARTS, "peak", "shape"]


def cells(peak: Peak) -> list[str]:
    """Cells of a row: GB on each card."""
    sums = [sum(peak.parts.get(name, 0) for name in names) for names in PARTS.values()]
    numbers = [f"{size / 1e9:.1f}" if size else "" for size in sums]
    return [
        peak.job,
        str(peak.cards),
        *numbers,
        f"{peak.total / 1e9:.1f}{'' if peak.fits else ' !'}",
        peak.shape,
    ]


def documented(text: str, lines: list[list[str]]) -> str:
    """A document with its table `memory` made anew from lines of cells, the first with the heads."""
    rows = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return document(text, lambda _: "\n".join(f"| {' | '.join(row)} |" for row in rows))
