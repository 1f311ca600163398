"""Verdicts on the research questions of the paper, with their evidence, from measured numbers."""

import argparse
import json
from pathlib import Path

from tms.config.suite import Suite
from tms.experiments import cells
from tms.io import cli, json_file
from tms.io.errors import InputError
from tms.report.research_questions.questions import answer


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="whose verdicts; without it, on questions about several models alone")
    parser.add_argument(
        "--suite", required=True, help="the benchmarks: an entry of the config's suites, as JSON"
    )
    parser.add_argument(
        "--cells",
        nargs="+",
        type=Path,
        required=True,
        help="cells of its experiments and diagnoses; of several models for RQ7 (scaling)",
    )
    parser.add_argument("--output", type=Path, required=True, help="output: a list with an entry a question")
    return parser


def main(args: argparse.Namespace) -> None:
    try:
        suite = Suite(**json.loads(args.suite))
    except (ValueError, TypeError) as error:
        raise InputError(f"--suite: not a suite as JSON ({error}); copy one from the config") from error
    answers = answer(cells.read(args.cells), suite, args.model)
    for entry in answers:
        print(f"{entry['id']}: {entry['verdict']}. {entry['sentence']}", flush=True)
    json_file.write(args.output, answers)


if __name__ == "__main__":
    cli.run(main, parser())
