"""Input functions and flags: which files and settings a job needs, from its wildcards and the config."""


def kind(task):
    return config["tasks"][task]["kind"]


def data_root(task):
    """Folder of local benchmark copies, for kinds that read benchmark files: those that import `tms.data.hub`."""
    reads = any(
        name.startswith("tms/data/hub.py:") for name in digests("prepare", (f"tms.tasks.{kind(task)}",))
    )
    return config["data"]["root"] if reads else None


def engine_flags(part, name):
    """Flags of every stage that generates, with a model, a teacher or a judge (`part` of the config)."""
    return {
        "engine": settings.engine(config, part, name),
        "threads": config["compute"]["threads"],
        "store": STORE,
    }


def checkpoint_folder(model, method, task, seed, point):
    """Folder of a run's checkpoint; theta_0 is the model's base."""
    if point == checkpoints.BASE:
        return config["models"][model]["base"]
    run = f"results/{model}/{method}/{task}/seed{seed}"
    if point == checkpoints.FINAL:
        return f"{run}/checkpoint-{point}"
    return f"{run}/trajectory/checkpoint-{point}"


def checkpoint_folders(model, method, task, seed, points):
    """`POINT=FOLDER` for checkpoints of a run, for a flag."""
    return [f"{point}={checkpoint_folder(model, method, task, seed, point)}" for point in points]


def checkpoint_inputs(model, method, task, seed, points):
    """What a job that reads these checkpoints depends on: the base, a run's end, the folder of those before it."""
    folders = [checkpoint_folder(model, method, task, seed, point) for point in points]
    run = checkpoint_folder(model, method, task, seed, checkpoints.FINAL)
    kept = (config["models"][model]["base"], run)
    return sorted({folder if folder in kept else os.path.dirname(folder) for folder in folders})


def trajectory(path):
    """The folder of a run's checkpoints before its end, which may go after their last use (compute.keep_checkpoints).

    One folder, since a rule's outputs cannot depend on its wildcards, and models and methods differ in what they save.
    """
    return directory(path) if config["compute"]["keep_checkpoints"] == "all" else temp(directory(path))


def suite_of(model):
    return config["models"][model]["suite"]


def suite_name(wildcards):
    return suite_of(wildcards.model)


def suite_flags(model):
    """Flags that name a suite's benchmarks."""
    chosen = suite(model)
    return {
        "targets": chosen.targets,
        "retention": chosen.retention,
        "views": [f"{name}={target}" for name, target in chosen.views.items()] or None,
        "safety": chosen.safety or None,
        "reported": chosen.reported or None,
    }


def teacher_file(wildcards, name):
    """The teacher's answers to prompts that no benchmark of the model's suite holds."""
    teacher = config["models"][wildcards.model]["teacher"]
    return f"data/{wildcards.task}/{suite_name(wildcards)}/{teacher}/{name}"


def teacher_model(wildcards):
    """The teacher's folder; none where the data set's solutions stand in for a teacher."""
    return config["teachers"][wildcards.teacher].get("model", [])


def teacher_flags(wildcards):
    teacher = config["teachers"][wildcards.teacher]
    given = {
        "task": wildcards.task,
        "max_new_tokens": config["tasks"][wildcards.task]["max_new_tokens"],
        **engine_flags("teachers", wildcards.teacher),
    }
    if "model" not in teacher:
        return f"{flags(**given)} --solutions"
    decoding = {name: teacher[name] for name in ("model", "tries", "temperature", "top_p", "seed")}
    return flags(**given, **decoding)


def base(wildcards):
    return config["models"][wildcards.model]["base"]


def pretrain_flags(wildcards):
    """The world's settings, and the tasks of its suite, whose skills the corpus teaches."""
    chosen = dict(config["pretrain"][wildcards.world])
    suite = config["suites"][chosen.pop("suite")]
    tasks = {
        name: {"kind": kind(name), "options": config["tasks"][name].get("options", {})}
        for name in [*suite["targets"], *suite["retention"]]
    }
    return flags(tasks=json.dumps(tasks, sort_keys=True), **chosen)


def supervision_of(wildcards):
    return settings.supervision(config, wildcards.model, wildcards.method)


def harvest_settings(wildcards):
    return settings.section(config, "harvest", wildcards.model, wildcards.method)


def trajectory_of(wildcards):
    return settings.section(config, "tms", wildcards.model, wildcards.method)["trajectory"]


def harvest_parts(wildcards):
    parts = settings.harvest_parts(config, wildcards.model, wildcards.method)
    return [f"{RUN}/harvest/part-{part}of{parts}.parquet".format(**wildcards) for part in range(1, parts + 1)]


def kept_by_grader(wildcards):
    """The task's kind where only completions that the grader accepts are trained on, else None."""
    return kind(wildcards.task) if harvest_settings(wildcards)["keep"] == "correct" else None
