"""Checks of the models that answer calls of tools: a task names one where it is asked, and a job has room."""

from collections.abc import Collection

from tms.config import study, tasks
from tms.config.faults import Faults


def check_task(config: dict, name: str, faults: Faults) -> None:
    """Check that a task names a simulator, and one that there is, where its calls are simulated alone."""
    entry = config["tasks"][name]
    if "simulator" in entry:
        faults.known(f"tasks.{name}.simulator", entry["simulator"], config["simulators"])
    if tasks.is_simulated(config, name) and "simulator" not in entry:
        faults.append(
            f"config: tasks.{name}.simulator is missing: under options.environment simulated a model answers "
            f"the calls; name an entry of simulators"
        )
    if "simulator" in entry and not tasks.is_simulated(config, name):
        faults.append(
            f"config: tasks.{name}.simulator: no call would be answered by it; take the key out of the file "
            f"that has it, or set options.environment: simulated of a task of kind toolalpaca"
        )


def check_model(config: dict, model: str, methods: Collection[str], faults: Faults) -> None:
    """Check that the jobs of a model, and of the methods that are asked for, can have its calls simulated."""
    suite, entry = study.suite(config, model), config["models"][model]
    simulated = [name for name in suite.benchmarks if "simulator" in config["tasks"][name]]
    if len({config["tasks"][name]["simulator"] for name in simulated}) > 1:
        faults.append(
            f"config: suites.{entry['suite']}: {', '.join(simulated)} name several simulators, and a job has "
            f"one; name the same for all"
        )
    generating = {f"models.{model}": study.engine(config, "models", model)} if simulated else {}
    targets = [name for name in suite.target_tasks if name in simulated]
    teacher = entry["teacher"]
    if targets and "model" in config["teachers"][teacher]:
        generating[f"teachers.{teacher}"] = study.engine(config, "teachers", teacher)
    faults += [
        f"config: {place}.engine: vllm leaves no memory for the simulator that answers the calls of "
        f"{simulated[0]} in the same job; write engine: transformers"
        for place, engine in generating.items()
        if engine == "vllm"
    ]
    learning = [name for name in methods if name in study.on_policy(config)]
    if targets and learning:
        faults.append(
            f"config: models.{model}: {', '.join(learning)} would call simulated tools of {targets[0]} while "
            f"it trains, which is not built; set options.environment: recorded, or take these methods out of "
            f"the model's experiments"
        )
    if general := [
        name for name in study.general_tasks(config, model) if "simulator" in config["tasks"][name]
    ]:
        faults.append(
            f"config: replay.task of models.{model}: nobody answers simulated calls of {general[0]} there; "
            f"name a task without a simulator"
        )
