"""Checks of the points of runs that methods save, harvest or average."""

from collections.abc import Sequence

from tms.config import study
from tms.io.errors import InputError
from tms.mixture import schedule


def check(config: dict, model: str, trained: str, points: Sequence[str], key: str, method: str) -> None:
    """Check points of a run of the method `trained`, which `key` of `method` names, against its steps.

    Raises:
        InputError: a point that is none, or more checkpoints than steps.
    """
    if not points:
        return
    for task in study.suite(config, model).targets:
        try:
            schedule.save_steps(list(points), *_run(config, model, trained, task))
        except InputError as error:
            raise InputError(
                f"config: {key} of methods.{method}, models.{model}, tasks.{task}: {error}"
            ) from error


def crowded(config: dict, model: str, trained: str, points: Sequence[str], method: str) -> list[str]:
    """Warn where points of a run of the method `trained`, which `method` harvests, lie close to each other.

    Returns:
        A line for each target of the model whose run is so short.
    """
    told = {
        task: schedule.crowded(list(points), schedule.total_steps(*_run(config, model, trained, task)))
        for task in study.suite(config, model).targets
    }
    return [f"methods.{method}, models.{model}, tasks.{task}: {line}" for task, line in told.items() if line]


def _run(config: dict, model: str, trained: str, task: str) -> tuple[int, int, int, int | None]:
    """Rows, epochs, batch and `max_steps` of a run, as `tms.mixture.schedule` takes them."""
    training = study.section(config, "training", model, trained, task)
    rows, longest = config["tasks"][task]["train"], study.max_steps(config, model, trained)
    return rows, training["epochs"], training["effective_batch"], longest


def check_average(config: dict, model: str, method: str) -> None:
    """Check the checkpoints that an average takes against the steps of their run.

    Raises:
        InputError: as `check`, or several checkpoints that are adapters.
    """
    points, trained = study.averaged_points(config, method), study.trained(config, method)
    check(config, model, trained, points, "average.points", method)
    if len(points) > 1 and study.section(config, "training", model, method).get("lora"):
        raise InputError(
            f"config: average.points of methods.{method}, models.{model}: {trained} trains LoRA adapters, "
            f"and those of several checkpoints have no mean of their rank; name one point"
        )
