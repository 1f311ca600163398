"""Grade generated completions, and score each benchmark with its confidence interval."""

import argparse
import json
from pathlib import Path

from tms import program, provenance, rows
from tms.errors import InputError
from tms.grading import Task, grade_all, load_grader
from tms.statistics import interval


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=Path, required=True, help="completions of all benchmarks")
    parser.add_argument(
        "--graders", nargs="+", required=True, metavar="BENCHMARK=KIND", help="a grader for each benchmark"
    )
    parser.add_argument("--processes", type=int, default=1, help="worker processes; changes no result")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds that grading one row may take")
    parser.add_argument("--verdicts", type=Path, required=True, help="output: a verdict for each row")
    parser.add_argument("--scores", type=Path, required=True, help="output: scores.json, a score a benchmark")
    return parser


def main(args: argparse.Namespace) -> None:
    kinds = program.parse_pairs(args.graders)
    columns = ["example_id", "benchmark", "completion", "answer", "finish_reason"]
    generations = rows.read(args.generations, columns)
    generated = list(dict.fromkeys(row["benchmark"] for row in generations))
    for benchmark in generated:
        if benchmark not in kinds:
            raise InputError(f"{args.generations}: benchmark {benchmark} has no grader; add it to --graders")
    for benchmark in kinds:
        if benchmark not in generated:
            raise InputError(f"{args.generations}: no row of benchmark {benchmark}; run generate again")
    tasks = [Task(kinds[row["benchmark"]], row["completion"], row["answer"]) for row in generations]
    grades = grade_all(tasks, args.processes, args.timeout)
    verdicts = [
        row | {"extracted": grade.extracted, "verdict": grade.score, "reason": grade.failure}
        for row, grade in zip(generations, grades, strict=True)
    ]
    rows.write(
        args.verdicts,
        [*rows.VERDICTS, "reason"],
        verdicts,
        provenance.facts("grade", graders=kinds, generations=rows.provenance(args.generations)),
    )
    scores = {}
    for benchmark in generated:
        own = [row for row in verdicts if row["benchmark"] == benchmark]
        values = [row["verdict"] for row in own]
        low, high = interval(values)
        scores[benchmark] = {
            "metric": load_grader(kinds[benchmark]).METRIC,
            "score": sum(values) / len(values),
            "n": len(values),
            "ci_low": low,
            "ci_high": high,
            "truncated": sum(row["finish_reason"] == "length" for row in own),
            "timeouts": sum(row["reason"] == "timeout" for row in own),
            "failures": sum(row["reason"] in ("crash", "error") for row in own),
        }
        print(f"{benchmark}: {scores[benchmark]}")
    args.scores.write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    program.run(main, parser())
