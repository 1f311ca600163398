"""A training run, by its folder `results/{model}/{method}/{task}/seed{seed}`."""

import re
from dataclasses import dataclass
from pathlib import Path

from tms.config.load import configuration
from tms.io.errors import InputError


@dataclass(frozen=True)
class Run:
    """A training run, by its place `results/{model}/{method}/{task}/seed{seed}`."""

    folder: Path
    model: str
    method: str
    task: str
    seed: int

    @property
    def results(self) -> Path:
        """The folder of all results."""
        return self.folder.parents[3]


def configfiles_of(folder: Path, configfiles: list[Path]) -> list[Path]:
    """Configuration files of a run: those given, else that which `make new` wrote for its model, if it is
    there; a study of a shipped model (config/smollm2.yaml) holds only for the runs of its units."""
    parts = folder.parts[-4:]
    if configfiles or len(parts) < 4:
        return configfiles
    own = Path("config", f"{parts[0]}.yaml")
    return [own] if own.is_file() and parts[0] not in configuration([])["models"] else []


def parse_run(folder: Path, config: dict) -> Run:
    """Read a run's folder.

    Raises:
        InputError: the path has another form, or names what the configuration lacks.
    """
    if folder == Path():
        raise InputError("RUN is missing: name a run, e.g. RUN=results/tiny/tms/chain/seed0")
    match = re.fullmatch(r"(?:.*/)?results/([^/]+)/([^/]+)/([^/]+)/seed([0-9]+)", folder.as_posix())
    if match is None:
        raise InputError(f"--run {folder}: write results/MODEL/METHOD/TASK/seedN")
    model, method, task, seed = match.groups()
    for part, name in (("models", model), ("methods", method), ("tasks", task)):
        if name not in config[part]:
            raise InputError(
                f"--run {folder}: the configuration has no {part}.{name}; add the --configfile that made it"
            )
    return Run(folder, model, method, task, int(seed))
