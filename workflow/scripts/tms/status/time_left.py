"""Time that a running workflow still needs: measured stages by what they took, others by their estimate."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.summary import Machine, ordered
from tms.cost_estimate.timetable import Load, length, starts

FIRST = 1 << 60  # priority of what runs already
OVERDUE = 0.1  # of what it has taken: what a job is taken to need that has outrun its expectation


class TimeLeft:
    """The plan of a run with the estimate of each job.

    A job whose stage has finished jobs in this run is expected to take its estimate times their ratio of
    measured to estimated seconds. Other jobs with a model take that ratio over all finished ones with a
    model. Those without one take their estimate and what finished ones took beyond theirs, on average:
    starting a program counts most there. While none of the kind has finished, the estimate holds as it is.

    Args:
        estimates: of all jobs of the run.
        machine: on which they run.
    """

    def __init__(self, estimates: list[Estimate], machine: Machine):
        self.estimates, self.machine = estimates, machine
        self.loads = ordered(estimates)
        self.models = [bool(one.generated or one.trained or one.scored) for one in estimates]

    def seconds(
        self,
        measured: Mapping[int, float],
        running: Mapping[int, float],
        said: Mapping[int, float],
        failed: Collection[int],
    ) -> float | None:
        """Seconds to the end of the last job; None where the machine lacks cards for one.

        Args:
            measured: finished job -> seconds that it took. Jobs are indices of the estimates.
            running: running job -> seconds since its start.
            said: running job -> seconds that its log says are left of its present work, where it does.
            failed: jobs that failed; what needs their outputs does not run.
        """
        lost = self._lost(failed)
        expected = self._expected(measured)
        loads = [
            self._rest(index, load, expected[index], measured, running, said)
            if index not in lost
            else Load(0.0, threads=0)
            for index, load in enumerate(self.loads)
        ]
        begun = starts(loads, self.machine.gpus, self.machine.cores)
        return None if begun is None else length(loads, begun)

    def by_estimate(self, measured: Mapping[int, float]) -> bool:
        """Whether jobs with a model are left and none of them has been measured."""
        return not any(self.models[index] for index in measured) and any(
            model for index, model in enumerate(self.models) if index not in measured
        )

    def _rest(
        self,
        index: int,
        load: Load,
        expected: float,
        measured: Mapping[int, float],
        running: Mapping[int, float],
        said: Mapping[int, float],
    ) -> Load:
        """What is left of a job."""
        if index in measured:
            return Load(0.0, threads=0)
        if index in running:
            rest = expected - running[index]
            rest = max(rest if rest > 0 else OVERDUE * running[index], said.get(index, 0.0))
            return replace(load, seconds=rest, priority=FIRST, after=frozenset())
        return replace(load, seconds=expected)

    def _lost(self, failed: Collection[int]) -> set[int]:
        """Failed jobs and all that need them."""
        lost = set(failed)
        size = -1
        while lost and size != len(lost):
            size = len(lost)
            lost |= {index for index, load in enumerate(self.loads) if load.after & lost}
        return lost

    def _expected(self, measured: Mapping[int, float]) -> list[float]:
        """Seconds that each job is expected to take from start to end."""
        stages: dict[str, list[tuple[float, float]]] = defaultdict(list)
        kinds: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for index, taken in measured.items():
            pair = (self.estimates[index].seconds, taken)
            stages[self.estimates[index].job.rule].append(pair)
            kinds[self.models[index]].append(pair)

        def expected(estimate: Estimate, model: bool) -> float:
            own = stages.get(estimate.job.rule)
            pairs = own or kinds[model]
            if not pairs:
                return estimate.seconds
            estimated, taken = (sum(column) for column in zip(*pairs, strict=True))
            if estimated and (own or model):
                return estimate.seconds * taken / estimated
            return max(estimate.seconds + (taken - estimated) / len(pairs), 0.0)

        return [expected(*one) for one in zip(self.estimates, self.models, strict=True)]
