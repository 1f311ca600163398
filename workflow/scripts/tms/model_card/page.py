"""The page of a model card, from the files of a run."""

from dataclasses import replace
from pathlib import Path

import yaml
from huggingface_hub import ModelCard
from jinja2 import Environment, StrictUndefined

from tms.config import study, tasks
from tms.config.run_folder import Run
from tms.config.stages import general
from tms.config.suite import tasks_of
from tms.data.contamination.report import read_report
from tms.export.use import transformers_lines, vllm_lines
from tms.io import cost, json_file, parquet
from tms.io.csv_file import decimal
from tms.metrics.scores import read_scores
from tms.model_card import card as model_card
from tms.model_card import settings as card_settings
from tms.model_folder.digest import weights_digest
from tms.training import health

ROOT = Path(__file__).resolve().parents[4]
TEMPLATE = ROOT / "workflow" / "templates" / "model_card.md.j2"
MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>|#~$"})


def plain(text: str) -> str:
    """Text for one line of Markdown: what Markdown, HTML or a table would read is escaped."""
    return model_card.one_line(text).translate(MARKUP)


def percent(share: float) -> str:
    return decimal(100 * share, 1)


def paper() -> dict[str, str]:
    """The paper's entry in CITATION.cff."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())["preferred-citation"]
    authors = [f"{author['family-names']}, {author['given-names']}" for author in cited["authors"]]
    return {
        **{name: str(cited[name]) for name in ("title", "url", "year")},
        "venue": cited["collection-title"],
        "authors": " and ".join(authors),
    }


def citation(cited: dict[str, str]) -> str:
    """The paper as BibTeX."""
    fields = {"title": "title", "author": "authors", "booktitle": "venue", "year": "year", "url": "url"}
    lines = [f"  {name} = {{{cited[key]}}}," for name, key in fields.items()]
    return "\n".join(["@inproceedings{tms,", *lines, "}"])


def read_filter(path: Path) -> dict:
    """Training prompts that the filter kept.

    Raises:
        InputError: the file is missing or broken.
    """
    return json_file.read(path, "summary of the filter", "make the run again", {"train": dict})["train"]


def score_line(cell: dict) -> dict[str, str]:
    """A row of the card's table of scores, in percent."""
    numbers = {name: percent(cell[name]) for name in ("score", "ci_low", "ci_high", "base_score", "delta")}
    return {
        **{name: cell[name] for name in ("benchmark", "group", "metric")},
        "score": numbers["score"],
        "interval": f"{numbers['ci_low']} to {numbers['ci_high']}",
        "base": numbers["base_score"],
        "change": numbers["delta"],
    }


def decoding_text(evaluation: dict) -> str:
    """Decoding settings of the benchmarks."""
    if evaluation["temperature"] == 0:
        return "Decoded greedily."
    return f"Decoded at temperature {evaluation['temperature']:g}, top-p {evaluation['top_p']:g}."


def data_of_task(config: dict, run: Run, task: str) -> dict:
    """The card's words on the training data of a task of the run.

    Raises:
        InputError: a file is missing or broken.
    """
    entry = config["models"][run.model]
    folder = run.results.parent / "data" / task / entry["suite"]
    source = model_card.source_of(config, task, training=True)
    filtered = read_filter(folder / entry["teacher"] / "filter.json")
    report = read_report(folder / "contamination.json")
    benchmarks = study.benchmarks(config, run.model)
    return {
        "task": task,
        "source": model_card.source_text(config, task, source),
        "answers": card_settings.answers_text(config, run, task),
        "filter": filtered,
        "rejects": ", ".join(f"{count} {reason}" for reason, count in filtered["rejects"].items()),
        "contamination": model_card.contamination_lines(folder / "contamination.json", report, benchmarks),
        "max_share": report["max_share"],
        "licence": source.licence if source else "",
        "verified": model_card.is_verified(config, run.model, task),
        "own": source is None and tasks.kind(config, task) == tasks.RECORDS,
    }


def general_data(config: dict, run: Run) -> dict | None:
    """The card's words on the general prompts of a run; None of one without.

    Raises:
        InputError: the gate's report is missing or broken.
    """
    replay = study.replay(config, run.model, run.method)
    if not replay:
        return None
    task = replay["task"]
    report = run.results.parent / general.prompts_folder(config, run.model, task) / "contamination.json"
    benchmarks = study.benchmarks(config, run.model)
    source = model_card.source_of(config, task, training=True)
    return {
        "task": task,
        "source": model_card.source_text(config, task, source),
        "contamination": model_card.contamination_lines(report, read_report(report), benchmarks),
        "licence": source.licence if source else "",
        "own": source is None and tasks.kind(config, task) == tasks.RECORDS,
    }


def trained_run(config: dict, run: Run) -> Run:
    """The run whose training made a run's weights: of an average the one that it takes them from."""
    method = study.trained(config, run.method)
    folder = run.results / run.model / method / run.task / f"seed{run.seed}"
    return run if method == run.method else replace(run, method=method, folder=folder)


def build(config: dict, run: Run, checkpoint: Path, place: str = "") -> ModelCard:
    """The card of a run, from its files.

    Args:
        config: that made the run.
        run: whose card it is.
        checkpoint: the folder of its weights.
        place: folder or repository that the lines on its use name; "" for the card's own name.

    Raises:
        InputError: a file is missing, or the configuration is not the one that made the run.
    """
    entry = config["models"][run.model]
    trained = trained_run(config, run)
    data = [data_of_task(config, trained, task) for task in tasks_of(run.task)]
    benchmarks = study.benchmarks(config, run.model)
    cells = model_card.score_rows(
        config,
        run,
        read_scores(run.folder / "scores.json", benchmarks),
        read_scores(run.results / run.model / "base" / "scores.json", benchmarks),
    )
    trained_on = []
    if trained.method in study.students(config):
        model_card.check_plan(config, trained, parquet.provenance(trained.folder / "plan.parquet"))
    replayed = general_data(config, trained)
    all_data = [*data, replayed] if replayed else data
    if replayed or trained.method in study.students(config):
        trained_on = card_settings.target_rows(health.read(trained.folder / "health.json"))
    spent = cost.read(trained.folder / "train.cost.json")
    terms, holders = model_card.terms_of(config, run.model)
    name = model_card.card_name(config, run, terms)
    cited = paper()
    lora = study.section(config, "training", run.model, run.method, run.task).get("lora")
    longest = config["tasks"][run.task]["max_new_tokens"]
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["plain"] = plain
    text = environment.from_string(TEMPLATE.read_text()).render(
        name=name,
        kind=study.kind_of(config, run.method).about,
        base=model_card.model_text(config, entry["base"]),
        tasks=[of_task["task"] for of_task in data],
        method=run.method,
        seed=run.seed,
        transformers_lines=transformers_lines(place or name, longest),
        vllm_lines=vllm_lines(place or name, longest),
        average=config["methods"][run.method].get("average"),
        settings=card_settings.setting_rows(config, trained, spent.optimizer_steps, spent.trained_tokens)
        + trained_on,
        digest="" if lora else weights_digest(checkpoint),
        lora=lora,
        data=data,
        replayed=replayed,
        decoding=decoding_text(config["evaluation"]),
        scores=[score_line(cell) for cell in cells],
        forgetting=[(label, percent(value)) for label, value in model_card.forgetting_rows(cells)],
        contamination=[line for of_task in all_data for line in of_task["contamination"]],
        max_share=f"{100 * max(of_task['max_share'] for of_task in data):g} %",
        terms=terms,
        holders=holders,
        licences_of_data=list(dict.fromkeys(filter(None, (of_task["licence"] for of_task in all_data)))),
        paper=cited,
        citation=citation(cited),
    )
    metadata = model_card.metadata(config, run, name, terms, cells)
    return ModelCard(f"---\n{metadata.to_yaml()}\n---\n\n{text}")
