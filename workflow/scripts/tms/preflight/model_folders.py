"""The model folders that planned jobs read, as far as they are there already."""

from pathlib import Path

from tms.config import tasks
from tms.config.joint_targets import own_tasks
from tms.data.splits import SPLITS
from tms.generation.chat import ChatFormat
from tms.io.errors import InputError
from tms.io.modules import load_module
from tms.model_folder.whole import check_files
from tms.planned_jobs.jobs import TRAINING, Job
from tms.training.saving import check_saving


def folders_of(jobs: list[Job]) -> dict[str, list[Job]]:
    """Model folders that are there already and that jobs read."""
    made = {path for job in jobs for path in job.output}
    folders: dict[str, list[Job]] = {}
    for job in jobs:
        for path in job.input:
            trained = path.startswith("results/")  # checkpoints, which the project wrote: there are hundreds
            if not trained and path not in made and Path(path, "config.json").is_file():
                folders.setdefault(path, []).append(job)
    return folders


def faults(jobs: list[Job], config: dict) -> list[str]:
    """A line for each folder with a missing or truncated file, a chat template that loses prompts, a model,
    image processor or template that takes no images where jobs read some or, where it is trained, settings
    that cannot be saved. Weights are not read.

    Args:
        jobs: to run; what they make themselves is not looked at.
        config: the whole configuration; the module of a judge's kind may have a chat template for it.
    """
    judges, lines = config["judges"], []
    images = {*tasks.image_files(config, own_tasks(config), *SPLITS)}
    for path, reading in folders_of(jobs).items():
        wanted = {check_files}
        wanted |= set() if all(_brings_template(job, judges) for job in reading) else {ChatFormat}
        trained = any(job.rule in TRAINING and job.input[0] == path for job in reading)  # not a teacher
        wanted |= {check_saving} if trained else set()
        wanted |= {check_images} if any(images & {*job.input} for job in reading) else set()
        for check in sorted(wanted, key=(check_files, ChatFormat, check_images, check_saving).index):
            try:
                check(Path(path))
            except InputError as error:
                lines.append(str(error))
                break
    return lines


def check_images(folder: Path) -> None:
    """Check that a folder's model, image processor and chat template take images.

    Raises:
        InputError: one of them does not.
    """
    ChatFormat(folder).check_images()


def _brings_template(job: Job, judges: dict[str, dict]) -> bool:
    """Whether a job's program has the chat template of the model that it reads."""
    if job.rule != "judge":
        return False
    return hasattr(load_module("judges", judges[job.wildcards["judge"]]["kind"]), "CHAT_TEMPLATE")
