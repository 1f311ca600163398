"""Runs behind the report: their names, warnings on them, where their rows and weights are, contamination."""

from collections.abc import Mapping
from pathlib import Path

from tms.data.contamination import report as contamination_report
from tms.experiments import labels
from tms.io import json_file, parquet
from tms.metrics.flags import parse_method_run
from tms.report.cell_lookup import Reading
from tms.report.page.page_tables import Entry, PageTable, without_repeats
from tms.report.precision import count, rounded


def run_title(label: str) -> str:
    """A run as the page names it."""
    if label == "base":
        return "Base"
    method, task, seed = parse_method_run(label)
    return f"{labels.method(method)}, trained on {labels.benchmark(task)}, seed {seed}"


def warnings(files: list[Path]) -> list[dict[str, str]]:
    """Warnings on the runs behind the page: `title` of a run, `what`, `remedy`; each once.

    Args:
        files: warnings.json of each method, in a folder of its name.
    """
    found = dict.fromkeys(
        (_warned(file.parent.name, label), what, remedy)
        for file in files
        for label, signs in json_file.read(file, "record of warnings").items()
        for what, remedy in signs
    )
    return [{"title": title, "what": what, "remedy": remedy} for title, what, remedy in found]


def _warned(method: str, label: str) -> str:
    if label in ("base", "all"):
        return "Base" if label == "base" else labels.method(method)
    return run_title(f"{method}/{label}")


def table(folders: Mapping[str, Path]) -> PageTable:
    """Where the numbers of each run come from: the folder of its rows, and the digest of its weights.

    Args:
        folders: `base` or `method/task/seedN` -> folder with generations.parquet and grades.parquet.
    """
    rows, shared = [], {"Engine": {}, "Chat template": {}, "Versions": {}}
    for label, folder in folders.items():
        made = parquet.provenance(folder / "generations.parquet")
        digests = ", ".join(made.get("weights", {}).values())
        rows.append([Entry(run_title(label)), Entry(str(folder)), Entry(digests)])
        for name, told in (
            ("Engine", " ".join(map(str, made.get("engine", [])))),
            ("Chat template", ", ".join(made.get("chat_templates", []))),
            ("Versions", versions(made)),
        ):
            shared[name] |= {told: None} if told else {}
    caption = (
        "Each folder has the completions (generations.parquet), their grades and the training's files; each "
        "Parquet file has the command that made it in its metadata."
    )
    told = [f"{name}: {'; '.join(values)}." for name, values in shared.items() if values]
    columns = ["Run", "Folder", "Digest of the weights"]
    return PageTable("runs", "Runs and their files", columns, rows, " ".join([caption, *told]))


def versions(made: dict) -> str:
    """Package versions that a file's provenance names."""
    return ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())


def contamination(paths: list[Path]) -> PageTable:
    """Overlap of training sets and benchmarks, from the reports of the contamination gate."""
    lines = []
    for path in paths:
        report = contamination_report.read_report(path)
        for benchmark, entry in report["benchmarks"].items():
            row = contamination_report.table_row(report["task"], benchmark, entry)
            lines.append([_counted(name, value, entry) for name, value in row.items()])
    caption = (
        "Evaluation rows that share 13 words in a row with training rows, or, of 8 to 12 words, stand whole "
        "in one, after equal rows were removed, and whether the settings accept the pair. Short: rows below "
        "8 words, which are compared for equality alone."
    )
    titles = [name.replace("_", " ").capitalize() for name in contamination_report.COLUMNS]
    return without_repeats("contamination", "Contamination gate", titles, lines, caption)


def _counted(name: str, value: object, entry: dict) -> Entry:
    """An entry of the gate's table: a count, the share of overlapping rows in percent, or a text."""
    if name == "share":
        share = Reading(entry["share"], n=entry["rows"])
        return Entry(f"{rounded(share, 'share').value} %", order=share.value)
    return Entry(count(value), order=value) if isinstance(value, int) else Entry(str(value))
