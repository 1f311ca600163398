"""The report of a model: one HTML page with the answer, verdicts, tables, figures, and examples."""

import argparse
import hashlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tms.config import tasks
from tms.config.suite import Suite, tasks_of
from tms.data.contamination import report
from tms.experiments import cells, labels
from tms.io import cli, json_file, parquet
from tms.io.errors import InputError
from tms.io.whole_file import write_bytes
from tms.metrics.flags import parse_method_run
from tms.metrics.measures import unknown
from tms.report.cell_lookup import CellLookup
from tms.report.model_info import ModelInfo
from tms.report.page import content, examples, first_screen, html, page_tables, runs, sections
from tms.report.research_questions.decisions import NOT_MEASURED
from tms.report.wording import how_to_read


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--settings", required=True, help="the settings behind its results, as JSON")
    parser.add_argument("--answer", type=Path, required=True, help="base, SFT and TMS, and the sentence")
    parser.add_argument("--choose", type=Path, required=True, help="what to use for a tolerance")
    parser.add_argument("--questions", type=Path, required=True, help="verdicts on the research questions")
    parser.add_argument("--cells", nargs="+", type=Path, required=True, help="cells of the experiment main")
    parser.add_argument("--figures", type=Path, required=True, help="folder of its figures")
    parser.add_argument("--tables", type=Path, required=True, help="folder of its tables")
    parser.add_argument("--contamination", nargs="+", type=Path, required=True, help="reports of the gate")
    parser.add_argument("--base", type=Path, required=True, help="folder with the base's rows")
    parser.add_argument(
        "--runs", nargs="+", required=True, metavar="METHOD/TASK/seedN=FOLDER", help="folders with runs' rows"
    )
    parser.add_argument(
        "--warnings", nargs="+", type=Path, required=True, help="warnings.json of the methods"
    )
    parser.add_argument("--rulings", type=Path, required=True, help="what was ruled (Markdown)")
    parser.add_argument("--templates", type=Path, required=True, help="folder of the page's template")
    parser.add_argument("--output", type=Path, required=True, help="output: the page")
    return parser


def read_settings(text: str) -> tuple[dict, Suite]:
    """The settings behind the results, and the suite in them.

    Raises:
        InputError: they are no JSON or lack the suite.
    """
    try:
        settings = json.loads(text)
        return settings, Suite(**settings["suite"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"--settings: not settings as JSON with a suite ({error})") from error


def rows_behind(base: Path, folders: dict[str, Path], suite: Suite, by_likelihood: list[str]) -> list[dict]:
    """Examples of each benchmark from one run: the first seed's on its target, else on the first task."""
    members: dict[tuple[str, int], dict[str, Path]] = {}
    for label, folder in folders.items():
        method, task, seed = parse_method_run(label)
        members.setdefault((task, seed), {"base": base})[method] = folder
    of_benchmark: dict[tuple[str, int], list[str]] = {}
    for benchmark in suite.benchmarks:
        target = suite.views.get(benchmark, benchmark)
        run = min(members, key=lambda run: (target not in tasks_of(run[0]), run[1]))
        of_benchmark.setdefault(run, []).append(benchmark)
    count = examples.prompts_of_each(
        sum(len(members[run]) * len(benchmarks) for run, benchmarks in of_benchmark.items())
    )
    shown = {}
    for run, benchmarks in of_benchmark.items():
        models = {name: members[run][name] for name in examples.in_order(members[run])}
        chosen = examples.of_run(models, benchmarks, count, by_likelihood)
        trained = f"trained on {labels.benchmark(run[0])}, seed {run[1]}"
        for benchmark in benchmarks:
            about = {"title": labels.benchmark(benchmark), "scored": benchmark not in suite.unscored}
            shown[benchmark] = {"id": f"rows-{benchmark}", "trained": trained, **about}
            shown[benchmark]["examples"] = chosen[benchmark]
    return [shown[benchmark] for benchmark in suite.benchmarks]


def facts(args: argparse.Namespace, settings: dict, suite: Suite, seeds: list[int]) -> dict[str, str]:
    """Facts on the model and its runs, for the end of the report."""
    digest = hashlib.sha256(args.settings.encode()).hexdigest()[:12]
    return {
        "Base model": settings["model"]["base"],
        **({"Weights": settings["weights"]} if "weights" in settings else {}),
        "Teacher": settings["model"]["teacher"],
        "Targets": ", ".join(map(labels.benchmark, suite.targets)),
        "Retention": ", ".join(map(labels.benchmark, [*suite.retention, *suite.safety])) or "none",
        **({"Forgetting": told.partition(" is ")[2]} if (told := unknown(suite)) else {}),
        "Seeds": ", ".join(map(str, seeds)),
        "Experiments": ", ".join(settings["experiments"]),
        "Software": runs.versions(parquet.provenance(args.base / "generations.parquet")),
        "Digest of the settings": digest,
        "Drawn": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def main(args: argparse.Namespace) -> None:
    settings, suite = read_settings(args.settings)
    answer = first_screen.read_answer(args.answer)
    folders = {label: Path(path) for label, path in cli.parse_pairs(args.runs).items()}
    lookup = CellLookup(ModelInfo(args.model, {}, suite, {}), cells.read(args.cells))
    by_likelihood = tasks.by_likelihood(settings, list(settings["tasks"]))
    behind = rows_behind(args.base, folders, suite, by_likelihood)
    links = {name: f"rows-{name}" for name in suite.benchmarks}
    scores = page_tables.scores(lookup, links, report.contaminated_pairs(args.contamination))
    if told := content.compared(by_likelihood):
        scores = replace(scores, caption=f"{scores.caption} {told}")
    drawn, written = content.drawings(args.figures, args.tables), content.tables(args.tables)
    first = sections.first_drawing(drawn)
    shown = sections.sections(drawn, written, {"scores": [scores] if scores.rows else []})
    answers = json_file.read_list(args.questions, "list of verdicts")
    answered = any(one["verdict"] != NOT_MEASURED for one in answers)
    text = html.render(
        args.templates,
        title=f"Report: {args.model}",
        model=args.model,
        answer=answer,
        choices=first_screen.read_choices(args.choose),
        first=first,
        chips=first_screen.chips(answers) if answered else [],
        questions=sections.questions(answers, shown, first) if answered else [],
        signs=first_screen.SIGNS,
        kind=first_screen.kind,
        warnings=runs.warnings(args.warnings),
        reading=how_to_read(lookup),
        sections=shown,
        examples=behind,
        method_name=labels.method,
        facts=facts(args, settings, suite, answer["seeds"])
        | ({} if answered else {"Paper's questions": "none is measured by these experiments"}),
        left_out=sections.not_on_the_page(drawn, shown, written),
        runs=runs.table({"base": args.base, **folders}),
        contamination=runs.contamination(args.contamination),
        settings=yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100),
        rulings=html.markdown(args.rulings.read_text()),
        footer="Drawn by the rule report from Parquet results; no number was typed in.",
    )
    page = text.encode()
    write_bytes(args.output, page)
    print(f"{args.output}: {len(page) / 1e6:.1f} MB", flush=True)
    if len(page) > html.WARN_BYTES:
        print(f"warning: over {html.WARN_BYTES / 1e6:.0f} MB; browsers may be slow with it", file=sys.stderr)


if __name__ == "__main__":
    cli.run(main, parser())
