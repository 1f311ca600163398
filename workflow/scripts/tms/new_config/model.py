"""A look at the model that a user names: a folder, or a repository of the hub."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from tms.config.check_values import path_fault
from tms.config.faults import Faults
from tms.cost_estimate.model_sizes import folder_size
from tms.generation.chat import ChatFormat
from tms.io.errors import InputError
from tms.new_config import hub
from tms.training.saving import check_saving

REPOSITORY = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"
SMALL_FILES = ["*.json", "*.jinja", "*.txt", "*.model"]  # of a repository: all but its weights


@dataclass(frozen=True)
class Model:
    """A model that can be trained.

    Attributes:
        base: what `models.X.base` names.
        folder: in which its config and tokenizer lie.
        parameters: their number; 0 where the hub does not say.
        download: name and entry of `downloads`, None for a folder or a download that is configured already.
    """

    base: str
    folder: Path
    parameters: float
    download: tuple[str, dict] | None = None


def look(named: str, config: dict, faults: Faults) -> Model | None:
    """Look at a model's folder or repository; what is wrong goes into `faults`.

    Args:
        named: what the user wrote: a path, or a repository OWNER/NAME.
        config: the configuration without the model.
        faults: to which those of the model are added.
    """
    path = Path(named).expanduser()
    try:
        if path.exists():
            model = _folder(path)
        elif re.fullmatch(REPOSITORY, named, re.ASCII):
            model = _repository(named, config)
        else:
            raise InputError(f"MODEL={named}: no such folder; name one, or a model of the hub as OWNER/NAME")
    except InputError as error:
        faults.append(str(error))
        return None
    local = model.folder == path
    checks = (_check_weights, ChatFormat, check_saving) if local else (ChatFormat, check_saving)
    before = len(faults)
    for check in checks:
        try:
            check(model.folder)
        except InputError as error:
            faults.append(str(error))
    if len(faults) > before:
        return None
    return replace(model, parameters=folder_size(path)[0]) if local else model


def _check_weights(folder: Path) -> None:
    from tms.model_folder.load import check_weights  # with torch

    check_weights(folder)


def _folder(path: Path) -> Model:
    if fault := path_fault("MODEL", str(path)):
        raise InputError(fault.removeprefix("config: "))
    if not (path / "config.json").is_file():
        raise InputError(
            f"MODEL={path}: no config.json there; name a model's folder in the Hugging Face layout"
        )
    return Model(str(path), path, 0)


def _repository(repo: str, config: dict) -> Model:
    """The pinned revision of a repository, and its small files."""
    pinned = {entry["repo"]: (name, entry) for name, entry in config["downloads"].items()}
    name, entry = pinned.get(repo, (repo.partition("/")[2], None))
    if entry is None and name in config["downloads"]:
        name = repo.replace("/", "-")
    revision, parameters, folder = _ask(repo, entry and entry["revision"])
    download = None if entry else (name, {"repo": repo, "revision": revision})
    return Model(f"models/hub/{name}", folder, parameters, download)


def _ask(repo: str, revision: str | None) -> tuple[str, float, Path]:
    """Revision, parameters and small files of a repository, from the hub."""
    from huggingface_hub import HfApi, snapshot_download

    def question() -> tuple[str, float, Path]:
        info = HfApi().model_info(repo, revision=revision)
        folder = snapshot_download(repo, revision=info.sha, allow_patterns=SMALL_FILES)
        return info.sha, float(info.safetensors.total if info.safetensors else 0), Path(folder)

    return hub.ask(f"MODEL={repo}", "model", question)
