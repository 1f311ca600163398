"""A suite: which part each benchmark plays in a model's table."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Suite:
    """Benchmarks by their part, each in the order of the table's columns.

    Args:
        targets: tasks that models are trained on; each gets runs of its own.
        retention: never trained on; the forgetting score F is over these (F_core).
        views: benchmark -> target whose runs give its column. For these runs it is no transfer, since its
            questions are of the target's own kind (MATH-500 is a part of MATH's test split).
        safety: retention benchmarks that only the extended score F_ext adds.
        reported: evaluated and shown, part of no average.
    """

    targets: list[str]
    retention: list[str]
    views: dict[str, str] = field(default_factory=dict)
    safety: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, entry: dict) -> "Suite":
        """Read an entry of the config's `suites`."""
        return cls(**entry)

    @property
    def benchmarks(self) -> list[str]:
        """All benchmarks, targets first."""
        return [*self.targets, *self.views, *self.retention, *self.safety, *self.reported]

    @property
    def columns(self) -> list[str]:
        """Columns of the paper's table: scores, and what is computed from them."""
        extended = ["forgetting_ext"] if self.safety else []
        scored = [*self.retention, *self.safety]
        return [*self.targets, *self.views, "xfer", *scored, "forgetting", *extended, *self.reported]

    def group(self, benchmark: str, train_task: str) -> str:
        """Part of a benchmark in the runs on a task: target, transfer, retention, safety or reported."""
        if benchmark in self.retention:
            return "retention"
        if benchmark in self.safety:
            return "safety"
        if benchmark in self.reported:
            return "reported"
        return "target" if train_task in (benchmark, self.views.get(benchmark)) else "transfer"
