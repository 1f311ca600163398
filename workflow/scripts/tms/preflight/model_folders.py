"""The model folders that planned jobs read, as far as they are there already."""

from pathlib import Path

from tms.cost_estimate.dry_run import Job
from tms.generation.chat import ChatFormat
from tms.io.errors import InputError
from tms.mixture.checkpoints import check_files
from tms.training.saving import check_saving

TRAINING = {"train_sft", "train_student", "train_on_policy"}
OWN_TEMPLATE = {"judge"}  # the judge's module has it


def faults(jobs: list[Job]) -> list[str]:
    """A line for each folder with a missing or truncated file, a chat template that loses prompts or, where
    it is trained, settings that cannot be saved. Weights are not read.

    Args:
        jobs: to run; what they make themselves is not looked at.
    """
    made = {path for job in jobs for path in job.output}
    checks: dict[str, set] = {}
    for job in jobs:
        for path in job.input:
            trained = path.startswith("results/")  # checkpoints, which the project wrote: there are hundreds
            if not trained and path not in made and Path(path, "config.json").is_file():
                wanted = checks.setdefault(path, {check_files})
                wanted |= set() if job.rule in OWN_TEMPLATE else {ChatFormat}
                wanted |= {check_saving} if job.rule in TRAINING else set()
    lines = []
    for path, wanted in checks.items():
        for check in sorted(wanted, key=(check_files, ChatFormat, check_saving).index):
            try:
                check(Path(path))
            except InputError as error:
                lines.append(str(error))
                break
    return lines
