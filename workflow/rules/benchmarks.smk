"""Input functions and flags of what happens to benchmarks: gate, judges, grades, drift, tables, costs."""


def graders(tasks):
    """Modules of the graders of these tasks, for the code digest."""
    return tuple(f"tms.graders.{name}" for name in sorted({kind(task) for task in tasks}))


def punkt(tasks):
    """The sentence splitter, where one of the tasks' graders needs it."""
    return [PUNKT] if "ifeval" in map(kind, tasks) else []


def suite(model):
    return settings.suite(config, model)


def evaluated(wildcards):
    """What `run` names, as a flag: the base, the end of a training run, or its checkpoints before that."""
    if wildcards.run == "base":
        return {"model": base(wildcards)}
    method, task, seed, *points = wildcards.run.split("/")
    run = (wildcards.model, method, task, seed.removeprefix("seed"))
    if points:
        return {"checkpoints": checkpoint_folders(*run, settings.own_points(config, wildcards.model, method))}
    return {"model": checkpoint_folder(*run, checkpoints.FINAL)}


def evaluated_folders(wildcards):
    """The folders that the evaluation of `run` depends on."""
    found = evaluated(wildcards)
    points = f"results/{wildcards.model}/{wildcards.run}"
    return found.get("model", os.path.join(os.path.dirname(points), "trajectory"))


def benchmark_settings(model, key):
    return [f"{name}={config['tasks'][name][key]}" for name in settings.benchmarks(config, model)]


def judged(model):
    """Judges of a model's suite, each with the benchmarks that it reads."""
    found = {}
    for name in settings.benchmarks(config, model):
        if judge := config["tasks"][name].get("judge"):
            found.setdefault(judge, []).append(name)
    return found


def judgements(wildcards):
    return [
        f"results/{wildcards.model}/{wildcards.run}/judgements/{judge}.parquet"
        for judge in judged(wildcards.model)
    ]


def trajectory_points(wildcards):
    """The checkpoints whose held-out divergence is measured: theta_0 and all that the run saves."""
    return [checkpoints.BASE, *settings.saved_points(config, wildcards.model, wildcards.method)]


def train_references(wildcards):
    """Training references whose divergence is measured too: in the long diagnosis (Table 1)."""
    if settings.max_steps(config, wildcards.model, wildcards.method) is None:
        return []
    return teacher_file(wildcards, "references.parquet")


def own_supervision(wildcards):
    """A student's supervision on held-out prompts. SFT's own is the references, an on-policy method has none."""
    return [f"{RUN}/heldout_mixture.parquet"] if wildcards.method in STUDENTS else []


def kl_prompts(wildcards):
    retention = suite(wildcards.model).retention
    return [
        f"heldout=data/{wildcards.task}/{suite_name(wildcards)}/heldout.parquet",
        *(f"{name}=data/{name}/test.parquet" for name in retention),
    ]


def runs(model):
    """The runs behind a method's table: (target task, seed)."""
    return [(task, seed) for task in suite(model).targets for seed in config["models"][model]["seeds"]]


def of_runs(name, labelled=False):
    """Input function: a file of each run; `labelled` puts `task/seedN=` before it, for a flag."""

    def files(wildcards):
        found = []
        for task, seed in runs(wildcards.model):
            path = f"results/{wildcards.model}/{wildcards.method}/{task}/seed{seed}/{name}"
            found.append(f"{task}/seed{seed}={path}" if labelled else path)
        return found

    return files


def suite_benchmarks(wildcards):
    """Benchmarks of the suite that a job of the gate is about."""
    return Suite.read(config["suites"][wildcards.suite]).benchmarks


def test_files(wildcards):
    """Test split of every benchmark of a suite: what the suite's training sets must not hold."""
    names = suite_benchmarks(wildcards)
    return [f"{name}=data/{name}/test.parquet" for name in names]


def kept_pairs(wildcards):
    """Benchmarks whose rows stay in a task's training set; None for no pair."""
    kept = config["contamination"]["kept"].get(wildcards.task, {})
    return sorted(set(kept) & set(suite_benchmarks(wildcards))) or None


def reasons(wildcards, part):
    """`BENCHMARK=REASON` for the pairs of a task that the config accepts or keeps; None for no pair."""
    given = config["contamination"][part].get(wildcards.task, {})
    names = suite_benchmarks(wildcards)
    return [f"{name}={given[name]}" for name in sorted(given) if name in names] or None


def of_methods(name):
    """Input function: a file of each method of a model's table."""
    return lambda wildcards: [
        f"results/{wildcards.model}/{method}/{name}" for method in settings.table_methods(config)
    ]
