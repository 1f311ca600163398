"""Divergence of a run's checkpoints from held-out targets, and its KL to the base: inputs and flags."""

from tms.config import paths, study, tasks
from tms.config.engines import engine_flags, simulator_flags, simulator_folder
from tms.config.flags import flags, labelled
from tms.config.stages import mixture
from tms.config.suite import GENERAL
from tms.data.general import PASSAGES, PROMPTS
from tms.mixture.checkpoints import BASE


def scored_points(config: dict, model: str, method: str) -> list[str]:
    """The checkpoints whose held-out divergence is measured: theta_0 and all that the run saves."""
    return [BASE, *mixture.saved_points(config, model, method)]


def checkpoint_inputs(config: dict, model: str, method: str, task: str, seed: str) -> list[str]:
    """Folders of those checkpoints."""
    points = scored_points(config, model, method)
    return paths.checkpoint_inputs(config, model, method, task, seed, points)


def train_references(config: dict, model: str, method: str, task: str) -> str | list:
    """Training references whose divergence is measured too: in the long diagnosis (Table 1)."""
    if study.max_steps(config, model, method) is None:
        return []
    return paths.teacher_file(config, model, task, "references.parquet")


def heldout_mixture(config: dict, model: str, method: str, task: str, seed: str) -> list[str]:
    """A student's targets on held-out prompts. SFT's are the references, on-policy has none."""
    if method not in study.students(config):
        return []
    return [f"{paths.run_folder(model, method, task, seed)}/heldout_mixture.parquet"]


def kl_prompts(config: dict, model: str, task: str) -> dict[str, str]:
    """Files of the prompts on which KL is measured: held-out ones of the task, and retention benchmarks'."""
    suite = config["models"][model]["suite"]
    return {
        "heldout": f"data/{task}/{suite}/heldout.parquet",
        **paths.test_files(study.suite(config, model).retention),
    }


def prompted(config: dict, model: str, task: str) -> list[str]:
    """The tasks of those prompts."""
    return [task, *study.suite(config, model).retention]


def simulator(config: dict, model: str, task: str) -> list[str]:
    """The folder of the model that answers calls on those prompts; none where no model does."""
    return simulator_folder(config, prompted(config, model, task))


def longest_samples(config: dict, model: str, task: str) -> list[int | str]:
    """Tokens of the longest sample of any prompt set; one with tools, whose rows are bounded, has its own."""
    sets = {"heldout": task, **{name: name for name in study.suite(config, model).retention}}
    own = {name: config["tasks"][of]["max_new_tokens"] for name, of in sets.items()}
    turns = {name: own[name] for name, of in sets.items() if tasks.has_tools(config, of)}
    return [max(own.values()), *(f"{name}={most}" for name, most in turns.items())]


def answered(config: dict, model: str) -> dict[str, str]:
    """Files of the benchmarks without a score but the targets: the loss on their own answers is measured."""
    suite = study.suite(config, model)
    return paths.test_files([name for name in suite.beside if name != GENERAL])


def general_files(config: dict, model: str) -> list[str]:
    """The general prompts and passages, where the model's suite asks for them."""
    if not study.suite(config, model).general:
        return []
    return [f"{paths.GENERAL}/{name}" for name in (PROMPTS, PASSAGES)]


def images(config: dict, model: str, method: str, task: str) -> list[str]:
    """Files of the images of all prompts there."""
    tests = [*study.suite(config, model).retention, *answered(config, model)]
    splits = ["heldout", *(["train"] if train_references(config, model, method, task) else [])]
    files = [*tasks.image_files(config, [task], *splits), *tasks.image_files(config, tests, "test")]
    return list(dict.fromkeys(files))


def drift_flags(config: dict, model: str, method: str, task: str, seed: str) -> str:
    """The checkpoints and targets whose divergence is measured, and the sampling for KL."""
    points = scored_points(config, model, method)
    references = train_references(config, model, method, task) or None
    own, chosen = heldout_mixture(config, model, method, task, seed), study.drift(config, model)
    return flags(
        task=task,
        trajectory=labelled(paths.checkpoint_folders(config, model, method, task, seed, points)),
        train_references=references,
        train_rows=study.diagnose(config, model, "mismatch")["references"] if references else None,
        heldout_mixture=own or None,
        longest_target=config["tasks"][task]["max_new_tokens"] if own else None,
        prompts=labelled(kl_prompts(config, model, task)),
        answers=labelled(answered(config, model)) or None,
        limits=[f"{name}={tasks.limit(config, name)}" for name in answered(config, model)] or None,
        general=paths.GENERAL if study.suite(config, model).general else None,
        kl_prompts=chosen["prompts"],
        kl_samples=chosen["samples"],
        max_new_tokens=longest_samples(config, model, task),
        images=images(config, model, method, task) or None,
        seed=seed,
        **engine_flags(config, "models", model),
        **simulator_flags(config, prompted(config, model, task)),
    )
