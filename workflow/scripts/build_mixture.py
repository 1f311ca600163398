"""Join the plan with the teacher's and the checkpoints' answers: the student's training set (Algorithm 1)."""

import argparse
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tms.grading.answer_text import tasks_of_rows
from tms.grading.graders import add_grader, grader_for, graders_of
from tms.grading.losses import add_grading
from tms.grading.pool import grade_all
from tms.io import cli, parquet, provenance
from tms.io.errors import InputError
from tms.mixture.build import ASKED, GRADED, HARVESTED, masked_shares, mix, planned_rows, reject
from tms.mixture.checkpoints import parse_point


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--plan", type=Path, required=True, help="plan.parquet")
    add("--references", type=Path, required=True, help="verified references of the train split")
    add("--heldout-references", type=Path, required=True, help="those of the held-out split")
    add("--harvest", type=Path, nargs="*", default=[], help="all parts of the harvest")
    add(
        "--keep",
        choices=["all", "correct"],
        default="all",
        help="correct: sampled targets that the grader refuses keep their place but give no loss (ablation)",
    )
    add_grader(parser, "the task's grader; needed for --keep correct")
    add_grading(parser)
    add("--output", type=Path, required=True, help="mixture.parquet: one row a visit, in order")
    add("--heldout-output", type=Path, required=True, help="the held-out prompts' targets")
    return parser


def main(args: argparse.Namespace) -> None:
    plan = parquet.read_table(args.plan, parquet.PLAN)
    columns = HARVESTED + (GRADED if args.keep == "correct" else [])
    parts = (parquet.read_table(part, columns) for part in args.harvest)
    harvest = planned_rows(plan, pa.concat_tables([parquet.table(columns, []), *parts]), args.harvest)
    if args.keep == "correct":
        if not args.grader:
            raise InputError("--keep correct: name the task's grader with --grader")
        graders = graders_of(args.grader)
        answers = harvest.select(["completion", *GRADED]).to_pylist()
        tasks = tasks_of_rows(answers, partial(grader_for, graders))
        grades = grade_all(tasks, args.processes, args.lost_rows)
        harvest = reject(harvest, [grade.score != 1 for grade in grades])
    facts = provenance.facts(
        "build_mixture",
        keep=args.keep,
        plan=parquet.provenance(args.plan),
        harvest=[parquet.provenance(part) for part in args.harvest],
    )
    visits = {split: plan.filter(pc.equal(plan["split"], split)) for split in ("train", "heldout")}
    del plan  # of a million visits a tenth of what is held
    for split, source, output in (
        ("train", args.references, args.output),
        ("heldout", args.heldout_references, args.heldout_output),
    ):
        references = parquet.reference_table(source, ASKED)
        parquet.write_tables(output, parquet.MIXTURE, mix(visits.pop(split), references, harvest), facts)
        ended = parquet.read_table(output, ["finish_reason"])["finish_reason"]
        masked = pc.sum(pc.not_equal(ended, "stop")).as_py() or 0
        print(f"{split}: {len(ended)} targets, {masked} without loss")
    for checkpoint, shares in sorted(masked_shares(harvest).items(), key=lambda item: parse_point(item[0])):
        print(
            f"checkpoint {checkpoint}: "
            + (", ".join(f"{k} {v:.1%}" for k, v in shares.items()) or "all stop")
        )


if __name__ == "__main__":
    cli.run(main, parser())
