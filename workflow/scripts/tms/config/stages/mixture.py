"""Algorithm 1: weights of the mixture q_alpha, plan, harvest and mixture; inputs and flags of their jobs."""

from tms.config import paths, study, tasks
from tms.config.engines import engine_flags, simulator_flags
from tms.config.flags import flags, labelled
from tms.io.errors import InputError
from tms.mixture.checkpoints import BASE, FINAL, parse_point
from tms.mixture.plan import MixtureWeights
from tms.mixture.weights import checkpoint_weights


def mixture_weights(config: dict, model: str, method: str) -> MixtureWeights:
    """Alpha and the checkpoints' weights p(t) of a student method (Eq. 5.2).

    Raises:
        InputError: the settings do not make a distribution; the line names the method.
    """
    keys = study.section(config, "tms", model, method)
    point = study.kind_of(config, method).point
    try:
        if point is not None:  # one checkpoint writes every target, whatever the settings
            return MixtureWeights(0.0, (point,), (1.0,))
        points, weights = checkpoint_weights(
            keys["num_checkpoints"], keys["window"], keys["weights"], keys["points"]
        )
        return MixtureWeights(float(keys["alpha"]), points, weights)
    except InputError as error:
        raise InputError(f"config: methods.{method} with models.{model}: {error}") from error


def harvested_run(config: dict, model: str, method: str) -> str:
    """The method whose checkpoints a student method harvests."""
    return study.section(config, "tms", model, method)["trajectory"]


def saved_points(config: dict, model: str, method: str) -> list[str]:
    """Checkpoints that a run saves, in its order: its own, its end, and those that others take."""
    points = {*study.own_points(config, model, method), FINAL}
    students, averages = set(study.students(config)), set(study.averages(config))
    for other in study.model_methods(config, model):
        if other in students and harvested_run(config, model, other) == method:
            points |= set(mixture_weights(config, model, other).points)
        if other in averages and study.trained(config, other) == method:
            points |= set(study.averaged_points(config, other))
    return sorted(points - {BASE}, key=parse_point)


def plan_flags(config: dict, model: str, method: str, task: str, seed: str) -> str:
    """q_alpha, the length of the student's training, and the part of the prompts that is harvested."""
    mixture = mixture_weights(config, model, method)
    training = study.section(config, "training", model, method, task)
    harvest = study.section(config, "harvest", model, method)
    return flags(
        alpha=mixture.alpha,
        points=list(mixture.points),
        weights=list(mixture.weights),
        epochs=training["epochs"],
        effective_batch=training["effective_batch"],
        max_steps=study.max_steps(config, model, method),
        samples=samples(config, model, method),
        prompts_share=harvest["prompts"],
        seed=seed,
    )


def harvested_folders(config: dict, model: str, method: str, task: str, seed: str) -> list[str]:
    """Folders that a harvest depends on."""
    points = mixture_weights(config, model, method).points
    return paths.checkpoint_inputs(config, model, harvested_run(config, model, method), task, seed, points)


def images(config: dict, task: str) -> list[str]:
    """Files of the images of the prompts that are harvested."""
    return tasks.image_files(config, [task], "train", "heldout")


def harvest_flags(config: dict, model: str, method: str, task: str, seed: str, part: str, parts: str) -> str:
    """Decoding of the harvest and the checkpoints that write."""
    harvest = study.section(config, "harvest", model, method)
    points = mixture_weights(config, model, method).points
    run = harvested_run(config, model, method)
    return flags(
        task=task,
        part=part,
        parts=parts,
        mode=harvest["mode"],
        samples=samples(config, model, method),
        temperature=harvest["temperature"],
        top_p=harvest["top_p"],
        max_new_tokens=tasks.of_target(config, task, "max_new_tokens"),
        seed=seed,
        checkpoints=labelled(paths.checkpoint_folders(config, model, run, task, seed, points)),
        images=images(config, task) or None,
        **engine_flags(config, "models", model),
        **simulator_flags(config, [task]),
    )


def samples(config: dict, model: str, method: str) -> int:
    """Completions of a prompt and a checkpoint that a harvest draws.

    Where one checkpoint writes every target it is one, which each epoch sees (F.2).
    """
    if study.kind_of(config, method).point:
        return 1
    return study.section(config, "harvest", model, method)["samples"]


def harvest_parts(config: dict, model: str, method: str) -> int:
    """Jobs over which a run's harvest is spread: no more than it has checkpoints."""
    asked = study.section(config, "harvest", model, method)["parts"]
    return min(asked, len(mixture_weights(config, model, method).points))


def harvest_files(
    config: dict, model: str, method: str, task: str, seed: int | str, ending: str = "parquet"
) -> list[str]:
    """The files that the harvest's jobs write: completions, or with the ending `cost.json` their costs."""
    parts = harvest_parts(config, model, method)
    run = paths.run_folder(model, method, task, seed)
    return [f"{run}/harvest/part-{part}of{parts}.{ending}" for part in range(1, parts + 1)]


def graded_tasks(config: dict, model: str, method: str, task: str) -> list[str]:
    """The run's task where only sampled completions that its grader accepts are trained on, else none."""
    keep = study.section(config, "harvest", model, method)["keep"]
    return [task] if keep == "correct" else []


def build_flags(config: dict, model: str, method: str, task: str) -> str:
    """The sampled completions that are trained on: all, or those that the grader accepts."""
    keep = study.section(config, "harvest", model, method)["keep"]
    grader = tasks.of_target(config, task, "grader") if keep == "correct" else None
    return flags(keep=keep, grader=grader)
