"""Keep the teacher's first verified answer to each prompt; count every reject with its reason."""

import argparse
import json
from collections import Counter
from pathlib import Path

from tms.answers.grade import Grade
from tms.grading.losses import add_lost_rows
from tms.grading.pool import Task, grade_all
from tms.io import cli, parquet, provenance
from tms.io.errors import InputError


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--samples", type=Path, required=True, help="the teacher's completions, all splits")
    add("--grader", required=True, help="the task's grader")
    add("--task", required=True, help="name of the task, for messages")
    add("--processes", type=int, default=1, help="worker processes; changes no result")
    add_lost_rows(parser)
    add("--references", type=Path, required=True, help="output: verified answers, train split")
    add("--heldout-references", type=Path, required=True, help="output: those of the held-out")
    add("--rejects", type=Path, required=True, help="output: every other answer, with reason")
    add("--summary", type=Path, required=True, help="output: filter.json, the counts")
    return parser


def reason_to_reject(sample: dict, grade: Grade) -> str:
    """Reason against an answer, "" where it is a reference. Truncated answers are rejected even if right."""
    if sample["finish_reason"] != "stop":
        return "truncated"
    if grade.failure:
        return f"grader {grade.failure}"
    if grade.score == 1:
        return ""
    if grade.score is None:
        return "not scored"
    return "wrong answer" if grade.extracted else "no answer"


def first_verified(samples: list[dict], grades: list[Grade]) -> tuple[list[dict], list[dict]]:
    """Split answers into references, one a prompt at most, and rejects (with `reason`).

    A verified answer that follows another of its prompt is rejected as "not needed"; one that failed keeps
    its own reason, so that the counts give the teacher's accuracy.
    """
    references: dict[tuple[str, str], dict] = {}
    rejects = []
    graded = sorted(zip(samples, grades, strict=True), key=lambda pair: pair[0]["sample"])
    for sample, grade in graded:
        prompt = (sample["split"], sample["example_id"])
        reason = reason_to_reject(sample, grade)
        if not reason and prompt not in references:
            references[prompt] = sample
        else:
            rejects.append(sample | {"reason": reason or "not needed"})
    order = dict.fromkeys((sample["split"], sample["example_id"]) for sample in samples)
    return [references[prompt] for prompt in order if prompt in references], rejects


def summarise(split: str, samples: list[dict], references: list[dict], rejects: list[dict]) -> dict:
    """Counts of one split."""
    prompts = {row["example_id"] for row in samples if row["split"] == split}
    kept = sum(row["split"] == split for row in references)
    return {
        "prompts": len(prompts),
        "kept": kept,
        "dropped": len(prompts) - kept,
        "answers": sum(row["split"] == split for row in samples),
        "rejects": dict(sorted(Counter(row["reason"] for row in rejects if row["split"] == split).items())),
    }


def main(args: argparse.Namespace) -> None:
    samples = parquet.read(args.samples, parquet.COMPLETIONS)
    tasks = [Task(args.grader, row["completion"], row["answer"]) for row in samples]
    grades = grade_all(tasks, args.processes, args.lost_rows)
    references, rejects = first_verified(samples, grades)
    summary = {"task": args.task, "grader": args.grader}
    for split in ("train", "heldout"):
        summary[split] = counts = summarise(split, samples, references, rejects)
        print(f"{args.task} {split}: {counts}")
        if not counts["kept"]:
            broken = counts["rejects"].get("grader error", 0) == counts["answers"]
            remedy = (
                f"the grader fails on each of them (see above); correct tms/graders/{args.grader}.py"
                if broken
                else "allow more tries, another teacher, or longer completions; or, where these are the data "
                "set's own solutions, look why the grader rejects them"
            )
            raise InputError(
                f"{args.samples}: no verified answer to any of {counts['prompts']} {split} prompts of "
                f"{args.task} ({counts['rejects']}); {remedy}"
            )
    facts = provenance.facts("filter_teacher", grader=args.grader, samples=parquet.provenance(args.samples))
    for split, output in (("train", args.references), ("heldout", args.heldout_references)):
        parquet.write(output, parquet.REFERENCES, [row for row in references if row["split"] == split], facts)
    parquet.write(args.rejects, parquet.REJECTS, rejects, facts)
    args.summary.write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main, parser())
