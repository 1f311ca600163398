"""Grade completions and likelihoods of choices, and score each benchmark with its confidence interval."""

import argparse
import json
import sys
from pathlib import Path

from tms.answers import likelihood
from tms.answers.grade import Grade
from tms.data.golds import check_golds
from tms.grading.answer_text import answer_text
from tms.grading.losses import add_grading
from tms.grading.pool import Task, grade_all, load_grader
from tms.io import cli, json_file, parquet, provenance
from tms.io.errors import InputError
from tms.metrics import health
from tms.metrics.benchmark_score import score

CUT = " …"  # what a judge began to say need not be what it would have said


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--generations", type=Path, required=True, help="completions of benchmarks")
    add("--likelihoods", type=Path, help="log-probabilities of the choices of others")
    add("--graders", nargs="+", required=True, metavar="BENCHMARK=GRADER", help="a grader of each")
    add(
        "--judgements", nargs="*", default=[], type=Path, help="judge models' output on the judged benchmarks"
    )
    add(
        "--judged",
        nargs="*",
        default=[],
        metavar="BENCHMARK",
        help="benchmarks whose grader reads the judgement instead of the completion",
    )
    add_grading(parser)
    add("--grades", type=Path, required=True, help="output: a grade for each row")
    add("--scores", type=Path, required=True, help="output: a score a benchmark (of each checkpoint)")
    return parser


KEY = ["example_id", "benchmark", "checkpoint", "sample"]  # what identifies a completion


def read_judgements(paths: list[Path], judged: list[str]) -> dict[tuple, str]:
    """Read judges' raw outputs by `KEY`; one that was cut off ends with `CUT`.

    Raises:
        InputError: judged benchmarks without a file, or a broken file.
    """
    if not judged:
        return {}
    if not paths:
        raise InputError(f"--judged {' '.join(judged)}: give the judge's output as --judgements FILE")
    return {
        tuple(row[name] for name in KEY): row["judgement"] + (CUT if row["finish_reason"] == "length" else "")
        for path in paths
        for row in parquet.read(path, parquet.JUDGEMENTS)
    }


def graded_text(row: dict, grader: str, judged: list[str], judgements: dict, args: argparse.Namespace) -> str:
    """Text for a row's grader: its judgement where the benchmark is judged, else its answer."""
    if row["benchmark"] not in judged:
        return answer_text(grader, row["context"], row["completion"])
    judgement = judgements.get(tuple(row[name] for name in KEY))
    if judgement is None:
        raise InputError(
            f"{' '.join(map(str, args.judgements))}: no judgement of {row['benchmark']} "
            f"{row['example_id']} sample {row['sample']}; run judge again"
        )
    return judgement


def graded_completions(args: argparse.Namespace, graders: dict[str, str]) -> list[dict]:
    """Grade completions with the grader of each benchmark.

    Raises:
        InputError: a benchmark without a grader, without rows, or without a judgement that it needs.
    """
    columns = [*KEY, *"context prompt completion completion_ids answer finish_reason cluster".split()]
    generations = parquet.read(args.generations, columns)
    generated = list(dict.fromkeys(row["benchmark"] for row in generations))
    for benchmark in generated:
        if benchmark not in graders:
            raise InputError(f"{args.generations}: benchmark {benchmark} has no grader; add it to --graders")
    for benchmark in [*graders, *args.judged]:
        if benchmark not in generated:
            raise InputError(f"{args.generations}: no row of benchmark {benchmark}; run generate again")
    for benchmark in generated:  # `prepare` has checked them for the grader that the task had then
        check_golds(
            [row for row in generations if row["benchmark"] == benchmark], graders[benchmark], benchmark
        )
    judgements = read_judgements(args.judgements, args.judged)
    tasks = []
    for row in generations:
        grader = graders[row["benchmark"]]
        text = graded_text(row, grader, args.judged, judgements, args)
        tasks.append(Task(grader, text, row["answer"]))
    grades = grade_all(tasks, args.processes, args.lost_rows)
    return [row | columns_of(grade) for row, grade in zip(generations, grades, strict=True)]


def graded_likelihoods(path: Path) -> list[dict]:
    """Grade questions by the log-probabilities of their choices."""
    return [
        row | columns_of(likelihood.grade(row["logprobs"], row["answer"])) | {"finish_reason": "stop"}
        for row in parquet.read(path, [*KEY, "logprobs", "answer", "cluster"])
    ]


def columns_of(grade: Grade) -> dict:
    """Columns of a graded row."""
    return {
        "extracted": grade.extracted,
        "grade": grade.score,
        "reason": grade.failure,
        "also": json.dumps(grade.also),
    }


def main(args: argparse.Namespace) -> None:
    graders = cli.parse_pairs(args.graders)
    grades = graded_completions(args, graders)
    metrics = {benchmark: load_grader(name).METRIC for benchmark, name in graders.items()}
    if args.likelihoods:
        more = graded_likelihoods(args.likelihoods)
        grades += more
        metrics |= dict.fromkeys((row["benchmark"] for row in more), likelihood.METRIC)
    files = {name: getattr(args, name) for name in ("generations", "likelihoods")}
    inputs = {name: parquet.provenance(path) for name, path in files.items() if path}
    if args.judged:
        inputs["judgements"] = [parquet.provenance(path) for path in args.judgements]
    parquet.write(args.grades, parquet.GRADES, grades, provenance.facts("grade", graders=graders, **inputs))
    rows_of: dict[tuple[str, str], list[dict]] = {}
    for row in grades:
        rows_of.setdefault((row["checkpoint"], row["benchmark"]), []).append(row)
    scores: dict[str, dict[str, dict]] = {}
    for (point, benchmark), rows in rows_of.items():
        scores.setdefault(point, {})[benchmark] = entry = score(benchmark, metrics[benchmark], rows)
        print(f"{benchmark} {point}: {entry}")
    for sign in health.of_grades(grades, metrics):
        print(f"warning: {args.grades}: {sign}", file=sys.stderr)
    # One model: its scores; checkpoints of a run: those of each.
    written = scores[""] if list(scores) == [""] else scores
    json_file.write(args.scores, written)


if __name__ == "__main__":
    cli.run(main, parser())
