"""The frontier control, and the windows at matched accuracy: inputs and flags of the job."""

from tms.config import paths, study
from tms.config.flags import flags, labelled
from tms.config.stages import tables
from tms.io.errors import InputError


def methods(config: dict, model: str) -> list[str]:
    """Methods of the model's experiments `frontier` and `windows`.

    Raises:
        InputError: the model has neither.
    """
    entries = study.experiments(config, model)
    names = list(dict.fromkeys([*entries.get("frontier", []), *entries.get("windows", [])]))
    if not names:
        raise InputError(f"models.{model}.experiments: neither frontier nor windows is there; add one")
    return names


def grade_files(config: dict, model: str) -> dict[str, str]:
    """Grades of each run's end: `method/task/seedN` -> path."""
    return paths.run_files(config, model, methods(config, model), "grades.parquet")


def point_files(config: dict, model: str) -> dict[str, str]:
    """Grades of the checkpoints of each run that has some of its own: `method/task/seedN` -> path."""
    names = [method for method in methods(config, model) if study.own_points(config, model, method)]
    return paths.run_files(config, model, names, "points/grades.parquet")


def update_files(config: dict, model: str) -> dict[str, str]:
    """Distance of each run on the frontier from theta_0: `method/task/seedN` -> path."""
    names = study.experiments(config, model).get("frontier", [])
    return paths.run_files(config, model, names, "updates.json")


def cost_files(config: dict, model: str) -> dict[str, str]:
    """Cost file of everything that a method of the frontier depends on: `METHOD/STAGE/TASK/seedN` -> path."""
    return {
        f"{method}/{label}": path
        for method in study.experiments(config, model).get("frontier", [])
        for label, path in tables.method_costs(config, model, method).items()
    }


def frontier_flags(config: dict, model: str) -> str:
    """The files of the runs, the side of each method, and the windows with the uniform one among them."""
    entries, suite = study.experiments(config, model), study.suite(config, model).scored
    given = {
        "model": model,
        "targets": study.suite(config, model).targets,
        "retention": suite.retention,
        "grades": labelled(grade_files(config, model)),
        "point_grades": labelled(point_files(config, model)) or None,
        "updates": labelled(update_files(config, model)) or None,
        "costs": labelled(cost_files(config, model)) or None,
    }
    if "frontier" in entries:
        sides = {name: side for side, names in study.sides(config, model).items() for name in names}
        reference = study.diagnose(config, model, "frontier")["reference"]
        given |= {"sides": labelled(sides), "reference": [reference["target"], reference["forgetting"]]}
    if "windows" in entries:
        uniform = [name for name in entries["windows"] if _is_uniform(config, model, name)]
        given |= {"windows": entries["windows"], "uniform": uniform[0] if uniform else None}
    return flags(**given)


def _is_uniform(config: dict, model: str, method: str) -> bool:
    keys = study.section(config, "tms", model, method)
    return keys["window"] == "uniform" and keys["weights"] is None and keys["points"] is None
