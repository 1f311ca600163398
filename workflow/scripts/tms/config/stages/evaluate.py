"""Evaluation on a model's suite and the samples for diversity: inputs and flags of their jobs.

`run` is the base, the end of a training run (`method/task/seedN`), or its checkpoints before that
(`method/task/seedN/points`).
"""

from tms.config import paths, study, tasks
from tms.config.engines import engine_flags, simulator_flags
from tms.config.flags import flags, labelled
from tms.config.suite import tasks_of
from tms.mixture.checkpoints import FINAL


def evaluated(config: dict, model: str, run: str) -> dict:
    """Flags that name what is evaluated, by `run`: a model folder, or checkpoints."""
    if run == "base":
        return {"model": config["models"][model]["base"]}
    method, task, seed, *points = run.split("/")
    place = (config, model, method, task, seed.removeprefix("seed"))
    if points:
        folders = paths.checkpoint_folders(*place, study.own_points(config, model, method))
        return {"checkpoints": labelled(folders)}
    return {"model": paths.checkpoint_folder(*place, FINAL)}


def evaluated_folder(config: dict, model: str, run: str) -> str:
    """The folder that the evaluation of `run` depends on."""
    trajectory = f"results/{model}/{run.removesuffix('/points')}/trajectory"
    return evaluated(config, model, run).get("model", trajectory)


def generated(config: dict, model: str) -> list[str]:
    """Benchmarks of a model's suite whose completions are generated: the targets are always."""
    return tasks.generated(config, study.benchmarks(config, model))


def by_likelihood(config: dict, model: str) -> list[str]:
    """Benchmarks of a model's suite that are scored by the likelihood of their choices."""
    return tasks.by_likelihood(config, study.benchmarks(config, model))


def likelihoods(config: dict, model: str, run: str) -> list[str]:
    """The file of likelihoods, where a benchmark is scored by them."""
    return [f"results/{model}/{run}/likelihoods.parquet"] if by_likelihood(config, model) else []


def generate_flags(config: dict, model: str, run: str) -> str:
    """Decoding of the benchmarks, their files and their limits."""
    benchmarks = generated(config, model)
    return flags(
        **evaluated(config, model, run),
        **config["evaluation"],
        benchmarks=labelled(paths.test_files(benchmarks)),
        limits=[f"{task}={tasks.limit(config, task)}" for task in benchmarks],
        max_new_tokens=tasks.values(config, benchmarks, "max_new_tokens"),
        images=tasks.image_files(config, benchmarks, "test") or None,
        **engine_flags(config, "models", model),
        **simulator_flags(config, benchmarks),
    )


def likelihoods_flags(config: dict, model: str, run: str) -> str:
    """The benchmarks that are scored by likelihood, their files and their limits."""
    benchmarks = by_likelihood(config, model)
    return flags(
        **evaluated(config, model, run),
        benchmarks=labelled(paths.test_files(benchmarks)),
        limits=[f"{task}={tasks.limit(config, task)}" for task in benchmarks],
        threads=config["compute"]["threads"],
        cache=paths.CACHE,
    )


def judged(config: dict, model: str) -> dict[str, list[str]]:
    """Judges of a model's suite, each with the benchmarks that it reads."""
    benchmarks: dict[str, list[str]] = {}
    for name in study.benchmarks(config, model):
        if judge := config["tasks"][name].get("judge"):
            benchmarks.setdefault(judge, []).append(name)
    return benchmarks


def judge_flags(config: dict, model: str, judge: str) -> str:
    """The judge's format and decoding, and the benchmarks that it reads."""
    entry = config["judges"][judge]
    return flags(
        judge=entry["kind"],
        benchmarks=judged(config, model)[judge],
        temperature=0.0,
        max_new_tokens=entry["max_new_tokens"],
        **engine_flags(config, "judges", judge),
    )


def judgements(config: dict, model: str, run: str) -> list[str]:
    """Files of the suite's judges."""
    return [f"results/{model}/{run}/judgements/{judge}.parquet" for judge in judged(config, model)]


def grade_flags(config: dict, model: str, run: str) -> str:
    """The grader of each benchmark, the judgements that some of them read, and the likelihoods of others."""
    names = [name for benchmarks in judged(config, model).values() for name in benchmarks]
    return flags(
        graders=tasks.values(config, generated(config, model), "grader"),
        likelihoods=likelihoods(config, model, run) or None,
        judged=names or None,
        judgements=judgements(config, model, run) or None,
    )


def sampled_tasks(config: dict, model: str, run: str) -> list[str]:
    """The target tasks on which a run is sampled for diversity: its own, and all for the base."""
    return study.suite(config, model).target_tasks if run == "base" else tasks_of(run.split("/")[1])


def sample_flags(config: dict, model: str, run: str) -> str:
    """Sampling of a run's first test prompts; no more than those whose greedy completion is graded."""
    keys = study.diagnose(config, model, "diversity")
    sampled = sampled_tasks(config, model, run)
    return flags(
        **evaluated(config, model, run),
        temperature=1.0,
        top_p=1.0,
        seed=config["evaluation"]["seed"],
        samples=keys["samples"],
        benchmarks=labelled(paths.test_files(sampled)),
        limits=[f"{task}={min(keys['prompts'], tasks.limit(config, task))}" for task in sampled],
        max_new_tokens=tasks.values(config, sampled, "max_new_tokens"),
        images=tasks.image_files(config, sampled, "test") or None,
        **engine_flags(config, "models", model),
        **simulator_flags(config, sampled),
    )


def sample_grade_flags(config: dict, model: str, run: str) -> str:
    """The grader of each sampled task."""
    return flags(graders=tasks.values(config, sampled_tasks(config, model, run), "grader"))
