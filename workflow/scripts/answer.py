"""Say whether TMS is worth it (base, SFT, TMS and the best other in numbers), and what to use."""

import argparse
from pathlib import Path

from tms.experiments import cells
from tms.io import cli, json_file
from tms.io.csv_file import read_csv, values_of
from tms.io.git import commit
from tms.io.whole_file import write_text
from tms.metrics.cost_table import COST, WORK, cost_rows
from tms.report.answer.answer import answer
from tms.report.answer.summary import summary, terminal
from tms.report.cell_lookup import CellLookup
from tms.report.choice.choices import choices
from tms.report.choice.words import lines
from tms.report.model_info import ModelInfo


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--info", required=True, help="what the config says of it, as JSON")
    parser.add_argument("--experiment", required=True, help="experiment whose cells have SFT and TMS")
    parser.add_argument("--seeds", nargs="+", type=int, required=True, help="seeds that were run")
    parser.add_argument(
        "--cells", nargs="+", type=Path, required=True, help="its cells, and the frontier's where it is there"
    )
    parser.add_argument(
        "--costs", nargs="+", required=True, metavar="METHOD=PATH", help="cost.csv of methods"
    )
    parser.add_argument(
        "--run-costs",
        nargs="*",
        default=[],
        metavar="METHOD/STAGE/TASK/seedN=PATH",
        help="cost file of everything that other methods depend on",
    )
    parser.add_argument(
        "--warnings", nargs="+", required=True, metavar="METHOD=PATH", help="warnings.json of SFT and TMS"
    )
    parser.add_argument("--note", default="", help="what has to be known of the weights and benchmarks")
    parser.add_argument("--settings-digest", required=True, help="digest of the settings, for the summary")
    parser.add_argument(
        "--report", help="address of the report from the summary's folder, where there is one"
    )
    parser.add_argument("--output", type=Path, required=True, help="output: the answer (JSON)")
    parser.add_argument("--choose", type=Path, help="output: what to use for a tolerance (JSON)")
    parser.add_argument("--summary", type=Path, required=True, help="output: the answer in Markdown")
    return parser


def read_costs(args: argparse.Namespace) -> dict[str, list[dict]]:
    """The lines of each method's cost table."""
    costs = {method: read_cost(Path(path)) for method, path in cli.parse_pairs(args.costs).items()}
    stages: dict[str, dict[str, str]] = {}
    for label, path in cli.parse_pairs(args.run_costs).items():
        method, _, stage = label.partition("/")
        stages.setdefault(method, {})[stage] = path
    return costs | {method: cost_rows(args.model, method, files) for method, files in stages.items()}


def read_cost(path: Path) -> list[dict]:
    """The lines of a cost table, its work as numbers.

    Raises:
        InputError: it cannot be read, or a number in it is none.
    """
    lines = read_csv(path, COST)
    with values_of(path):
        return [line | {name: float(line[name]) for name in WORK} for line in lines]


def read_warnings(args: argparse.Namespace) -> list[str]:
    """Warnings on the runs of each method; those about the base once."""
    found = []
    for method, path in cli.parse_pairs(args.warnings).items():
        for label, signs in json_file.read(Path(path), "record of warnings").items():
            whose = label if label == "base" else f"{method}/{label}"
            found += [f"Warning: {whose}: {what}." for what, _ in signs]
    return [*dict.fromkeys(found)]


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    lookup = CellLookup(ModelInfo.read(args.model, args.info), cells.read(args.cells))
    costs = read_costs(args)
    found = answer(lookup, args.experiment, args.seeds, costs)
    found["notes"] += [*filter(None, [args.note]), *read_warnings(args)]
    made = {
        "Made by": f".venv/bin/snakemake --cores all -- {args.summary} (with the run's --configfile, if any)",
        "Commit": commit(),
        "Digest of the settings": args.settings_digest,
    }
    chosen = choices(lookup, args.seeds, costs)
    links = {"report": args.report} if args.report else {}
    outputs = {args.output: found} | ({args.choose: chosen} if args.choose else {})
    for path, content in outputs.items():
        json_file.write(path, content, ensure_ascii=False)
    write_text(args.summary, summary(found, made, links, lines(chosen)))
    print("\n".join([terminal(found), *(f"\n{line}" for line in lines(chosen))]), flush=True)


if __name__ == "__main__":
    cli.run(main, parser())
