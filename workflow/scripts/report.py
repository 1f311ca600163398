"""The report of a model: one HTML page with grades, tables, figures, and the rows behind them."""

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
from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.metrics.measures import unknown
from tms.report.cell_lookup import CellLookup
from tms.report.model_info import ModelInfo
from tms.report.page import content, examples, html, page_tables
from tms.report.research_questions.decisions import NOT_MEASURED


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--settings", required=True, help="the settings behind its results, as JSON")
    parser.add_argument("--answer", type=Path, required=True, help="base, SFT and TMS, and the sentence")
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
    parser.add_argument("--dag", type=Path, required=True, help="picture of the stages (SVG)")
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
        return settings, Suite.read(settings["suite"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"--settings: not settings as JSON with a suite ({error})") from error


def rows_behind(
    base: Path, folders: dict[str, Path], suite: Suite, by_likelihood: list[str]
) -> tuple[list[dict], int]:
    """Example rows of each benchmark by the run that its models were trained in, and how many of each."""
    runs: dict[tuple[str, int], dict[str, Path]] = {}
    for label, folder in folders.items():
        method, task, seed = content.split_label(label)
        runs.setdefault((task, seed), {"base": base})[method] = folder
    for run, members in runs.items():
        runs[run] = {name: members[name] for name in examples.in_order(members)}
    count = examples.prompts_of_each(len(suite.benchmarks) * sum(map(len, runs.values())))
    chosen = {
        run: examples.of_run(members, suite.benchmarks, count, by_likelihood) for run, members in runs.items()
    }
    benchmarks = []
    for benchmark in suite.benchmarks:
        # A target's number comes from the runs on it, so these come first.
        target = suite.views.get(benchmark, benchmark)
        order = sorted(runs, key=lambda run: target not in tasks_of(run[0]))
        shown = [
            {"task": labels.benchmark(task), "seed": seed, "examples": chosen[task, seed][benchmark]}
            for task, seed in order
        ]
        about = {"title": labels.benchmark(benchmark), "scored": benchmark not in suite.unscored}
        benchmarks.append({"id": f"rows-{benchmark}", "runs": shown, **about})
    return benchmarks, count


def facts(args: argparse.Namespace, settings: dict, suite: Suite, seeds: list[int]) -> dict[str, str]:
    """Facts at the top of the report."""
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
        "Software": content.versions(parquet.provenance(args.base / "generations.parquet")),
        "Digest of the settings": digest,
        "Drawn": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def main(args: argparse.Namespace) -> None:
    settings, suite = read_settings(args.settings)
    folders = {label: Path(path) for label, path in cli.parse_pairs(args.runs).items()}
    seeds = sorted({content.split_label(label)[2] for label in folders})
    lookup = CellLookup(ModelInfo(args.model, {}, suite, {}), cells.read(args.cells))
    by_likelihood = tasks.by_likelihood(settings, list(settings["tasks"]))
    behind, count = rows_behind(args.base, folders, suite, by_likelihood)
    links = {name: f"rows-{name}" for name in suite.benchmarks}
    scores = page_tables.scores(lookup, links, report.contaminated_pairs(args.contamination))
    if told := content.compared(by_likelihood):
        scores = replace(scores, caption=f"{scores.caption} {told}")
    leading = {"scores": [table for table in (scores, page_tables.measures(lookup)) if table.rows]}
    shown = content.sections(
        content.drawings(args.figures, args.tables), content.tables(args.tables), leading
    )
    answers = json.loads(args.questions.read_text())
    answered = any(one["verdict"] != NOT_MEASURED for one in answers)
    frontier, *others = content.questions(answers, shown)
    text = html.render(
        args.templates,
        title=f"Report: {args.model}",
        lead="Trajectory-mixed supervision beside its baselines: what it gains, what it forgets, "
        "what it costs, and what these numbers say on the paper's questions.",
        facts=facts(args, settings, suite, seeds)
        | ({} if answered else {"Paper's questions": "none is measured by these experiments"}),
        answered=answered,
        warnings=content.warnings(args.warnings),
        sections=shown,
        frontier=frontier,
        questions=others,
        examples=behind,
        prompts_shown=count,
        characters_shown=f"{examples.CHARACTERS:,}",
        method_name=labels.method,
        provenance=[
            content.provenance(label, folder) for label, folder in {"base": args.base, **folders}.items()
        ],
        dag=html.stages(args.dag.read_text()),
        contamination=content.contamination(args.contamination),
        settings=yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100),
        rulings=html.markdown(args.rulings.read_text()),
        footer="Drawn by the rule report from Parquet results; no number was typed in.",
    )
    written = text.encode()
    args.output.write_bytes(written)
    print(f"{args.output}: {len(written) / 1e6:.1f} MB", flush=True)
    if len(written) > html.WARN_BYTES:
        print(f"warning: over {html.WARN_BYTES / 1e6:.0f} MB; browsers may be slow with it", file=sys.stderr)


if __name__ == "__main__":
    cli.run(main, parser())
