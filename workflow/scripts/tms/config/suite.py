"""A suite: which part each benchmark plays in a model's table."""

from dataclasses import dataclass, field, replace

PARTS = ("targets", "views", "retention", "safety", "reported")  # that a benchmark can play
GENERAL = "general"  # name of the shipped prompts and passages
NOTE = "note"  # column of a table: what it cannot tell
JOINT = "+"  # between the names of the tasks that make a joint target, e.g. `faq+tools`


def tasks_of(target: str) -> list[str]:
    """The tasks on which the runs of a target train: several of a joint target, else itself."""
    return target.split(JOINT)


@dataclass(frozen=True)
class Suite:
    """Benchmarks by their part, each in the order of the table's columns: an entry of the config's `suites`.

    Args:
        targets: what models are trained on; each gets runs of its own. A task, or a joint target of several
            tasks, each of which has a column of its own.
        retention: never trained on; the forgetting score F is over those with a score (F_core).
        views: benchmark -> target task whose runs give its column. For these runs it is no transfer, since
            its questions are of the target's own kind (MATH-500 is a part of MATH's test split).
        safety: retention benchmarks that only the extended score F_ext adds.
        reported: evaluated and shown, part of no average.
        general: whether losses on general text and KL on general prompts stand beside the table.
        unscored: benchmarks whose grader is `none`: losses, KL and lengths stand in place of their score.
        pilot: of the paper's pilots (Table 8) the one that the targets are of, tools or images; "": none.
    """

    targets: list[str]
    retention: list[str] = field(default_factory=list)
    views: dict[str, str] = field(default_factory=dict)
    safety: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    general: bool = False
    unscored: list[str] = field(default_factory=list)
    pilot: str = ""

    @property
    def target_tasks(self) -> list[str]:
        """The tasks of all targets: the columns of the table that targets have."""
        return [task for target in self.targets for task in tasks_of(target)]

    @property
    def mixed_tasks(self) -> list[str]:
        """The tasks of the joint targets."""
        return [task for task in self.target_tasks if task not in self.targets]

    @property
    def benchmarks(self) -> list[str]:
        """All benchmarks, targets first."""
        return [*self.target_tasks, *self.views, *self.retention, *self.safety, *self.reported]

    @property
    def beside(self) -> list[str]:
        """Texts whose loss is measured beside the targets' references."""
        names = [name for name in self.unscored if name not in self.target_tasks]
        return [*names, *([GENERAL] if self.general else [])]

    @property
    def columns(self) -> list[str]:
        """Columns of the paper's table: scores, and what is computed from them; empty where there is none."""
        extended = ["forgetting_ext"] if self.safety else []
        scored = [*self.retention, *self.safety]
        return [*self.target_tasks, *self.views, "xfer", *scored, "forgetting", *extended, *self.reported]

    @property
    def scored(self) -> "Suite":
        """The suite without the benchmarks that have no score. (Runs are on all targets.)"""
        without = set(self.unscored)
        parts = {part: [name for name in getattr(self, part) if name not in without] for part in PARTS}
        scored = [[task for task in tasks_of(target) if task not in without] for target in self.targets]
        parts["targets"] = [JOINT.join(tasks) for tasks in scored if tasks]
        parts["views"] = {name: self.views[name] for name in parts["views"]}
        return replace(self, **parts)

    def group(self, benchmark: str, target: str) -> str:
        """Part of a benchmark in the runs on a target: target, transfer, retention, safety or reported."""
        if benchmark in self.retention:
            return "retention"
        if benchmark in self.safety:
            return "safety"
        if benchmark in self.reported:
            return "reported"
        trained = {benchmark, self.views.get(benchmark)} & set(tasks_of(target))
        return "target" if trained else "transfer"
