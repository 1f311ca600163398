"""Input functions and flags of the frontier control."""

from snakemake.exceptions import WorkflowError


def frontier_methods(wildcards):
    """Methods of the model's experiments `frontier` and `windows`."""
    found = settings.experiments(config, wildcards.model)
    chosen = list(dict.fromkeys([*found.get("frontier", []), *found.get("windows", [])]))
    if not chosen:
        raise WorkflowError(
            f"models.{wildcards.model}.experiments: neither frontier nor windows is there; add one"
        )
    return chosen


def frontier_files(name, labelled=False):
    """Input function: a file of each run; of those below `points/`, for methods with checkpoints of their own."""

    def files(wildcards):
        found = []
        for method in frontier_methods(wildcards):
            if name.startswith("points/") and not settings.own_points(config, wildcards.model, method):
                continue
            for task, seed in runs(wildcards.model):
                path = f"results/{wildcards.model}/{method}/{task}/seed{seed}/{name}"
                found.append(f"{method}/{task}/seed{seed}={path}" if labelled else path)
        return found

    return files


def frontier_flags(wildcards):
    model, found = wildcards.model, settings.experiments(config, wildcards.model)
    chosen = suite(model)
    given = {
        "model": model,
        "targets": chosen.targets,
        "retention": chosen.retention,
        "grades": frontier_files("grades.parquet", labelled=True)(wildcards),
        "point_grades": frontier_files("points/grades.parquet", labelled=True)(wildcards) or None,
    }
    if "frontier" in found:
        sides = [f"{name}={'sft' if name in SFT_METHODS else 'tms'}" for name in found["frontier"]]
        reference = settings.diagnose(config, model, "frontier")["reference"]
        given |= {"sides": sides, "reference": [reference["target"], reference["forgetting"]]}
    if "windows" in found:
        sections = {name: settings.section(config, "tms", model, name) for name in found["windows"]}
        uniform = [
            name
            for name, tms in sections.items()
            if tms["window"] == "uniform" and tms["weights"] is None and tms["points"] is None
        ]
        given |= {"windows": found["windows"], "uniform": uniform[0] if uniform else None}
    return flags(**given)
