"""Rewards of on-policy training: a task's grader on each rollout, and how many it could not grade."""

from collections import Counter
from math import fsum

from tms.answers.grade import ERROR, LIMIT
from tms.grading.losses import REMEDIES
from tms.grading.pool import Task
from tms.grading.server import GradingServer
from tms.grading.worker import Limits
from tms.io.errors import InputError

MOST_FAILURES = 0.5  # share of rollouts; with more of them the grader is broken, not the policy
FEWEST_ROLLOUTS = 16  # of different text, of as many calls as it takes; fewer say nothing of the grader


def mean_reward(rewards: list[float | None]) -> float | None:
    """Mean over the rollouts that could be graded; None without any."""
    graded = [reward for reward in rewards if reward is not None]
    return fsum(graded) / len(graded) if graded else None


class Rewards:
    """Scores of rollouts by the graders that evaluate their tasks, in a `GradingServer`.

    `failures` counts the rollouts of the last call that could not be graded. One that used up its own CPU
    seconds is no such rollout: it is wrong, in training as in evaluation.

    Args:
        graders: names of the tasks' graders.
        processes: number of grading processes.
        lost_rows, limits: as `RowPool` takes them.
    """

    def __init__(
        self, graders: list[str], processes: int, lost_rows: str = "stop", limits: Limits | None = None
    ):
        self.graders = graders
        self.server = GradingServer(graders, processes, lost_rows, limits)
        self.failures = 0
        # Of the rollouts since the last check: the different ones, and (grader, failure or "") of all.
        self.distinct: set[Task] = set()
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> "Rewards":
        """Start the grading server, in the main thread.

        Raises:
            InputError: an unknown grader.
        """
        self.server.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        self.server.__exit__(*exception)

    def of(
        self, completions: list[str], answers: list[str], graders: list[str] | None = None
    ) -> list[float | None]:
        """Score each completion; equal ones to the same answer are graded once.

        Args:
            completions: [B] texts of rollouts.
            answers: [B] gold answers, as the grader takes them.
            graders: [B] names of graders; None: the first for all.

        Returns:
            [B] scores in [0, 1]; None where the machine has lost the row or the grader failed (that is no
            wrong rollout), or the row does not count for the task's metric.

        Raises:
            InputError: the machine has lost more than one and 0.5 % of the different rollouts (`lost_rows`),
                more than half of the rollouts since the last check could not be graded (there is one as
                soon as 16 of them differ), or the grader lacks what it needs.
        """
        graders = graders or [self.graders[0]] * len(completions)
        tasks = [Task(*row) for row in zip(graders, completions, answers, strict=True)]
        distinct = list(dict.fromkeys(tasks))
        grade_of = dict(zip(distinct, self.server.grade(distinct), strict=True))
        failure_of = {
            task: "" if grade.failure == LIMIT else grade.failure for task, grade in grade_of.items()
        }
        self.failures = sum(failure_of[task] != "" for task in tasks)
        self.distinct.update(distinct)
        self.outcomes.update((task.grader, failure_of[task]) for task in tasks)
        if len(self.distinct) >= FEWEST_ROLLOUTS:
            self._check()
        return [None if failure_of[task] else grade_of[task].score for task in tasks]

    def _check(self) -> None:
        """Raise InputError where most rollouts since the last check could not be graded, and start anew."""
        rollouts = self.outcomes.total()
        failed = Counter({outcome: count for outcome, count in self.outcomes.items() if outcome[1]})
        self.distinct.clear()
        self.outcomes.clear()
        if failed.total() > MOST_FAILURES * rollouts:
            (grader, worst), count = failed.most_common(1)[0]
            remedies = REMEDIES | {ERROR: "correct what it raises (printed above)"}
            remedy = remedies.get(worst, f"see workflow/scripts/tms/graders/{grader}.py")
            raise InputError(
                f"grader {grader}: {failed.total()} of {rollouts} rollouts could not be graded, "
                f"most often ({count}) for {worst}; {remedy}"
            )
