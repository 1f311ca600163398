"""Tables in Markdown about a study that is made in units: what is in it, its times, answers before and after.

Each has a title, a table and notes, as the report's tables have (`tms/report/document_tables.py` reads them).
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tms.config import paths, study
from tms.config.stages import evaluate
from tms.config.units import RunKey, Unit
from tms.experiments import labels
from tms.io import parquet
from tms.report.markdown_table import page
from tms.report.page import examples
from tms.units.views import View

PROMPTS = 8  # of the answers before and after
SHOWN = ("sft", "tms", "average")  # kinds of methods whose answers stand there
CHARACTERS = 300  # of each text


def units_table(
    entries: Sequence[Unit],
    records: dict[str, dict],
    other: dict[str, str],
    code: dict[str, list[str]],
    trained: Sequence[str] = (),
) -> str:
    """The units, their times, machines and commits.

    Args:
        entries: of the study.
        records: of those that are collected, by name.
        other: units that were made with other settings -> the difference.
        code: units -> the programs of which they ran other code than today's.
        trained: lines on runs that two units trained to other weights.
    """
    rows = []
    for unit in entries:
        record = records.get(unit.name)
        row = [unit.name, unit.model, str(unit.seed), ", ".join(unit.methods)]
        if record is None:
            rows.append([*row, "to do", "", "", "", ""])
            continue
        cpu = sum(stage["cpu_seconds"] for stage in record["stages"].values())
        machine = record["machine"]
        rows.append(
            [
                *row,
                "other settings" if unit.name in other else "in",
                f"{record['elapsed_seconds'] / 60:.1f}",
                f"{cpu / 60:.1f}",
                f"{machine['processor']}, {machine['cores']} cores",
                record["commit"],
            ]
        )
    columns = ["Unit", "Model", "Seed", "Methods", "State", "Minutes", "CPU minutes", "Machine", "Commit"]
    notes = [
        f"{name} is left out, for it was made with other settings ({why})." for name, why in other.items()
    ]
    alike: dict[str, list[str]] = {}
    for name, programs in code.items():
        alike.setdefault(", ".join(programs), []).append(name)
    notes += [
        f"{', '.join(names)} ran other code than today's of {programs}."
        for programs, names in alike.items()
        if programs
    ]
    return page("Units", columns, rows, [*notes, *trained])


def stages_table(records: dict[str, dict]) -> str:
    """CPU minutes of each stage, over all collected units."""
    totals: dict[str, list[float]] = {}
    for record in records.values():
        for stage, times in record["stages"].items():
            total = totals.setdefault(stage, [0.0, 0.0, 0.0])
            for place, key in enumerate(("jobs", "seconds", "cpu_seconds")):
                total[place] += times[key]
    rows = [
        [stage, f"{jobs:.0f}", f"{seconds / 60:.1f}", f"{cpu / 60:.1f}"]
        for stage, (jobs, seconds, cpu) in sorted(totals.items(), key=lambda item: -item[1][2])
    ]
    return page("Stages", ["Stage", "Jobs", "Minutes", "CPU minutes"], rows)


def contents_table(found: Sequence[View], planned: Sequence[RunKey]) -> str:
    """Seeds and methods that the tables show of a model, and the planned runs that they do not have.

    Args:
        found: views, the first of which the tables are about.
        planned: runs that units are to make.
    """
    shown = [
        [_listed(view.seeds), ", ".join(view.methods), "yes" if view == found[0] else "no"] for view in found
    ]
    other = {run for view in found for run in view.runs}
    missing: dict[tuple[str, int], list[str]] = {}
    for run in dict.fromkeys(planned):
        if run not in found[0].runs:
            method, seed = run
            told = "Not in these tables, but in those of other seeds" if run in other else "In no table"
            missing.setdefault((told, seed), []).append(method)
    notes = [f"{told}: seed {seed} of {', '.join(of)}." for (told, seed), of in missing.items()]
    return page("In the tables", ["Seeds", "Methods", "These tables"], shown, notes)


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def answer_tables(config: dict, view: View, results: Path) -> dict[str, str]:
    """Answers of the base, of SFT and of TMS at each rate to each benchmark that is generated.

    Args:
        config: the configuration of the view, expanded.
        view: the forms of the answers are of all its seeds, examples of the first, both of the first target.
        results: folder of the model's measured files.

    Returns:
        Name of the table -> its text: `examples_{benchmark}`, and `forms_{benchmark}` of what is retained.
    """
    suite = study.suite(config, view.model)
    shown, generated = [*suite.target_tasks, *suite.retention], evaluate.generated(config, view.model)
    names = [name for name in shown if name in generated]
    main = study.experiments(config, view.model)["main"]
    methods = [name for kind in SHOWN for name in main if config["methods"][name]["kind"] == kind]
    if not names or not methods:
        return {}

    def folder(method: str, seed: int) -> Path:
        run = paths.run_folder(view.model, method, suite.targets[0], seed)
        return results / Path(run).relative_to(f"results/{view.model}")

    base = results / "base"
    of_first = {"base": base} | {method: folder(method, view.seeds[0]) for method in methods}
    of_all = {"base": [base]} | {method: [folder(method, seed) for seed in view.seeds] for method in methods}
    found = examples.of_run(of_first, names, PROMPTS)
    texts = {f"examples_{name}": _examples(name, chosen, list(of_first)) for name, chosen in found.items()}
    kept = [name for name in names if name in suite.retention]
    return texts | {f"forms_{name}": _forms(name, of_all) for name in kept}


def _forms(benchmark: str, folders: dict[str, list[Path]]) -> str:
    """Numbers of answers that are empty, JSON or repeat the request, and the most frequent answer."""
    lines = []
    for method, of_seeds in folders.items():
        rows = [
            row
            for folder in of_seeds
            for row in parquet.read(
                folder / "generations.parquet",
                ["benchmark", "context", "prompt", "completion"],
                [("benchmark", "==", benchmark)],
            )
        ]
        forms = Counter(examples.form(row["completion"], row["context"]) for row in rows)
        repeated = sum(row["prompt"].strip() in row["completion"] for row in rows)
        ((most, times),) = Counter(row["completion"].strip() for row in rows).most_common(1)
        counts = [len(rows), forms[examples.EMPTY], forms["JSON"], repeated, times]
        lines.append([labels.method(method), *map(str, counts), _cut(examples.cut(most).shown)])
    heads = ["Method", "Answers", "Empty", "JSON", "With the request in it", "The most frequent", "It reads"]
    title = f"Forms of the answers: {labels.benchmark(benchmark)}"
    return page(title, heads, lines, [f"Of all seeds. Texts are cut at {CHARACTERS} characters."])


def _examples(benchmark: str, chosen: Sequence[examples.Example], models: Sequence[str]) -> str:
    rows = []
    for example in chosen:
        answers = {answer.method: answer for answer in example.answers}
        shown = [f"{_cut(answers[name].completion.shown)} {_mark(answers[name].grade)}" for name in models]
        rows.append([_cut(example.prompt.shown), *shown])
    notes = [
        "Prompts whose answers differ in their grade or form (empty, JSON, other text) come first, then by a "
        "hash of their names.",
        f"✓ and ✗ are the grader's. Texts are cut at {CHARACTERS} characters.",
    ]
    heads = ["Prompt", *map(labels.method, models)]
    return page(f"Answers before and after: {labels.benchmark(benchmark)}", heads, rows, notes)


def _cut(text: str) -> str:
    shown = text.strip()
    return f"{shown[:CHARACTERS]}…" if len(shown) > CHARACTERS else shown or "(empty)"


def _mark(grade: float | None) -> str:
    return "" if grade is None else "✓" if grade == 1 else "✗" if grade == 0 else f"({grade:.2f})"
