"""Content of the report: sections with drawings and tables, verdicts, runs and their files."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from tms.data.contamination import report as contamination_report
from tms.experiments import labels
from tms.io import parquet
from tms.io.errors import InputError
from tms.metrics.flags import parse_run
from tms.report.page.difference_table import differences
from tms.report.page.html import inline_svg
from tms.report.page.page_tables import Entry, PageTable, from_markdown

# Sections: id, title, text, and the drawings and tables in it. What is named nowhere comes last.
LAYOUT = (
    ("frontier-control", "Frontier control", "", ("frontier",)),
    ("verdicts", "Verdicts", "", ()),
    ("scores", "Scores", "", ("losses", "table3", "figure2c", "figure3", "table6", "table9")),
    (
        "sweeps",
        "Mixtures and sweeps",
        "What changes with the teacher's share alpha, the source of the targets, the window of checkpoints "
        "and their number T.",
        ("mixture", "alpha", "table7", "figure4", "checkpoints", "averages"),
    ),
    (
        "mechanism",
        "Drift and forgetting",
        "Forgetting beside the divergence from the base (KL) and from the labels (PLD).",
        ("figure2a", "figure2b", "figure2d", "correlations", "theorem61"),
    ),
    (
        "diagnoses",
        "Diagnoses",
        "Failure mode A (mismatch): a long run. Failure mode B (collapse): many samples of each prompt.",
        ("mismatch", "table1", "diversity", "table2", "task_dependence"),
    ),
    (
        "on-policy",
        "On-policy training",
        "The methods that learn from a verifier's rewards on what they sample, step by step.",
        ("training",),
    ),
    ("costs", "Costs and settings", "", ("compute", "targets", "table4_5")),
    (
        "paper",
        "Beside the paper",
        "The paper's numbers have no intervals; ours are asked whether they hold the paper's.",
        ("compare",),
    ),
)
# Drawings and tables that show what a question is about.
SHOWS = {
    "Frontier": ("frontier",),
    "RQ1": ("scores", "table3"),
    "RQ2": ("scores", "figure2c"),
    "RQ3": ("scores", "table3", "compute", "training"),
    "RQ4": ("mixture",),
    "RQ5": ("task_dependence",),
    "RQ6": ("figure2a", "figure2b", "figure2d", "correlations"),
    "RQ7": ("figure3",),
    "RQ8": ("table6",),
    "RQ9": ("table7",),
    "RQ10": ("figure4", "checkpoints"),
    "TrSFT": ("scores", "table3", "figure2c"),
}


@dataclass(frozen=True)
class Drawing:
    """A figure, or why it was not drawn."""

    name: str
    title: str
    caption: str = ""
    svg: Markup | None = None
    reason: str = ""


@dataclass
class Section:
    """A part of the page with drawings and tables; `leading` tables stand open above them."""

    id: str
    title: str
    text: str = ""
    kind: str = "shown"
    leading: list[PageTable] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    tables: list[PageTable] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True if it shows nothing."""
        return not (self.leading or self.drawings or self.tables)


def read_index(folder: Path) -> list[dict]:
    """The entries of the index in a folder of figures or tables.

    Raises:
        InputError: it is missing or broken, or a file that it lists is missing.
    """
    try:
        entries = json.loads((folder / "index.json").read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}/index.json: not a readable index; delete the folder and draw again"
        ) from error
    for name in (name for entry in entries for name in entry["files"]):
        if not (folder / name).exists():
            raise InputError(
                f"{folder}/{name}: listed in index.json but missing; delete the folder, draw again"
            )
    return entries


def drawings(figures: Path, tables: Path) -> list[Drawing]:
    """The figures in a folder's index, and those that the tables' index names as missing beyond these."""
    entries = []
    for entry in read_index(figures):
        file = figures / f"{entry['name']}.svg"
        svg = inline_svg(file.read_text()) if entry["drawn"] else None
        entries.append(Drawing(entry["name"], entry["title"], entry["caption"], svg, entry["reason"]))
    known = {drawing.name for drawing in entries}
    missing = [entry for entry in read_index(tables) if not entry["drawn"] and entry["name"] not in known]
    return entries + [Drawing(entry["name"], entry["title"], reason=entry["reason"]) for entry in missing]


def tables(folder: Path) -> list[PageTable]:
    """The tables that were written into a folder with an index."""
    return [
        from_markdown(folder / f"{entry['name']}.md", entry["name"], entry["title"])
        for entry in read_index(folder)
        if entry["drawn"]
    ]


def sections(
    drawn: list[Drawing], written: list[PageTable], leading: dict[str, list[PageTable]]
) -> list[Section]:
    """The page's sections in order; those with nothing to show are left out, but for the first two.

    Args:
        drawn: all figures.
        written: all tables.
        leading: section -> tables that stand open in it.
    """
    placed = {name for *_, members in LAYOUT for name in members}
    others = sorted({part.name for part in [*drawn, *written]} - placed)
    shown = []
    for identifier, title, text, members in (
        *LAYOUT,
        ("others", "More figures and tables", "", tuple(others)),
    ):
        section = Section(identifier, title, text, leading=leading.get(identifier, []))
        for name in members:
            section.drawings += [part for part in drawn if part.name == name]
            section.tables += [part for part in written if part.name == name]
        if len(shown) < 2 or not section.empty:
            shown.append(section)
    ends = (("rows", "Prompts and completions"), ("runs", "Runs and files"), ("method", "How it was made"))
    return shown + [Section(identifier, title, kind="other") for identifier, title in ends]


def questions(answers: list[dict], shown: list[Section]) -> list[dict]:
    """Verdicts with the differences behind them as tables, and links to what shows them."""
    places = {}
    for section in shown:
        places |= {
            table.name: (f"table-{table.name}", table.title) for table in [*section.tables, *section.leading]
        }
        # A figure shows more than the table of its name.
        places |= {part.name: (f"figure-{part.name}", part.title) for part in section.drawings if part.svg}
    entries = []
    for answer in answers:
        title = f"Differences behind the verdict on {answer['topic'].lower()}"
        behind = differences(answer["differences"], f"behind-{answer['id'].lower()}", title)
        links = [places[name] for name in SHOWS[answer["id"]] if name in places]
        shows = [{"id": identifier, "title": title} for identifier, title in links]
        entries.append(answer | {"differences": behind, "shows": shows})
    return entries


def contamination(paths: list[Path]) -> PageTable:
    """Overlap of training sets and benchmarks, from the reports of the contamination gate."""
    lines = []
    for path in paths:
        report = contamination_report.read_report(path)
        for benchmark, entry in report["benchmarks"].items():
            row = contamination_report.table_row(report["task"], benchmark, entry)
            lines.append([Entry(str(value), order=_number(value)) for value in row.values()])
    caption = (
        "Evaluation rows that share 13 words in a row with training rows, after equal rows were removed, and "
        "whether the settings accept the pair."
    )
    titles = [name.replace("_", " ").capitalize() for name in contamination_report.COLUMNS]
    return PageTable("contamination", "Contamination gate", titles, lines, caption)


def warnings(files: list[Path]) -> list[dict[str, str]]:
    """Warnings on the runs behind the page: `title` of a run, `what`, `remedy`; each once.

    Args:
        files: warnings.json of each method, in a folder of its name.
    """
    found = [
        {"title": _warned(file.parent.name, label), "what": what, "remedy": remedy}
        for file in files
        for label, signs in json.loads(file.read_text()).items()
        for what, remedy in signs
    ]
    return [entry for number, entry in enumerate(found) if entry not in found[:number]]


def _warned(method: str, label: str) -> str:
    if label in ("base", "all"):
        return "Base" if label == "base" else labels.method(method)
    return run_title(f"{method}/{label}")


def compared(by_likelihood: list[str]) -> str:
    """The caption's words on benchmarks without completions; "" without any."""
    names = ", ".join(map(labels.benchmark, by_likelihood))
    return names and (
        f"{names}: scored by likelihood, that is, the answer is the choice with the highest log-probability "
        f"behind the question in plain text (lm-eval's acc; acc_norm, acc_bytes and the right choice's "
        f"probability among all are in scores.csv)."
    )


def run_title(label: str) -> str:
    """A run as the page names it."""
    if label == "base":
        return "Base"
    method, task, seed = split_label(label)
    return f"{labels.method(method)}, trained on {labels.benchmark(task)}, seed {seed}"


def provenance(label: str, folder: Path) -> dict:
    """Files, weights and commands behind the numbers of a run; its label is `base` or `method/task/seedN`."""
    made = {name: parquet.provenance(folder / f"{name}.parquet") for name in ("generations", "grades")}
    weights = made["generations"].get("weights", {})
    facts = {
        "Completions": f"{folder}/generations.parquet",
        "Grades": f"{folder}/grades.parquet",
        "Checkpoint": ", ".join(weights),
        "Digest of its weights": ", ".join(weights.values()),
        "Digest of the chat template": ", ".join(made["generations"].get("chat_templates", [])),
        "Likelihoods": f"{folder}/likelihoods.parquet" if "likelihoods" in made["grades"] else "",
        "Engine": " ".join(map(str, made["generations"].get("engine", []))),
        "Generated by": " ".join(made["generations"].get("command", [])),
        "Graded by": " ".join(made["grades"].get("command", [])),
        "Versions": versions(made["generations"]),
    }
    return {"title": run_title(label), "facts": {name: value for name, value in facts.items() if value}}


def versions(made: dict) -> str:
    """Package versions that a file's provenance names."""
    return ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())


def split_label(label: str) -> tuple[str, str, int]:
    """Read `method/task/seedN`.

    Raises:
        InputError: it has another form.
    """
    method, _, run = label.partition("/")
    return method, *parse_run(run)


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
