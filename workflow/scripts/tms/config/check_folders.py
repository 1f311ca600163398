"""Check of the model folders that a model's runs need."""

from pathlib import Path

from tms.config import pretrained, study, tasks, wheels
from tms.config.check_values import path_fault
from tms.config.faults import Faults
from tms.config.known import meant


def check(config: dict, model: str, faults: Faults) -> None:
    """The folders of a model, its teacher, its judges and its simulator must be there, or be made by the
    workflow."""
    entry = config["models"][model]
    judges = {config["tasks"][name].get("judge") for name in study.benchmarks(config, model)} - {None}
    folders = {f"models.{model}.base": entry["base"]}
    if "model" in config["teachers"][entry["teacher"]]:
        folders[f"teachers.{entry['teacher']}.model"] = config["teachers"][entry["teacher"]]["model"]
    folders |= {f"judges.{judge}.model": config["judges"][judge]["model"] for judge in judges}
    if simulator := tasks.simulator(config, study.benchmarks(config, model)):
        folders[f"simulators.{simulator}.model"] = config["simulators"][simulator]["model"]
    made = [*(f"models/hub/{name}" for name in config["downloads"]), *wheels.folders(config)]
    made += pretrained.folders(config)
    for key, folder in folders.items():
        if not path_fault(key, folder) and folder.rstrip("/") not in made and not Path(folder).is_dir():
            remedy = meant(folder, made, "write the whole path of a model folder")
            faults.append(
                f"config: {key}: no folder {folder}, and no download, wheel or pretraining makes it; {remedy}"
            )
