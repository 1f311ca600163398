"""Let a judge model read completions of some benchmarks; its raw output is kept, and graded later."""

import argparse
from pathlib import Path
from types import ModuleType

from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.grading.answer_text import text_for
from tms.io import cli, cost, parquet, provenance
from tms.io.conversation import as_text, read_context
from tms.io.errors import InputError
from tms.io.modules import load_module


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--judge", required=True, help="module under tms/judges with the judge's input format")
    add("--model", type=Path, required=True, help="folder of the judge")
    add("--generations", type=Path, required=True, help="completions of all benchmarks")
    add("--benchmarks", nargs="+", required=True, help="those that this judge reads")
    add("--max-new-tokens", type=int, required=True, help="longest judgement")
    generation_flags.add(flags)
    return flags


def material(judge: ModuleType, row: dict) -> list[str]:
    """Texts of a row for a judge's input: request, response and reference.

    Of an episode the response is the final turn's text; a judge of `EPISODES` gets all turns instead, and the
    documentation of the row's tools as a fourth text.

    Raises:
        InputError: the context has tools, and the completion is no episode.
    """
    context = row["context"]
    texts = [as_text(context, row["prompt"]), text_for(judge, context, row["completion"]), row["answer"]]
    if not getattr(judge, "EPISODES", False):
        return texts
    return [*texts, str(read_context(context).environment.get("documentation", ""))]


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    judge = load_module("judges", args.judge)
    columns = ["example_id", "benchmark", "checkpoint", "sample", "context", "prompt", "completion", "answer"]
    completions = [
        row for row in parquet.read(args.generations, columns) if row["benchmark"] in args.benchmarks
    ]
    generated = {row["benchmark"] for row in completions}
    for name in args.benchmarks:
        if name not in generated:
            raise InputError(f"{args.generations}: no row of benchmark {name}; run generate again")
    model = open_model(args.model, getattr(judge, "CHAT_TEMPLATE", None))
    wanted = [
        {
            "example_id": row["example_id"],
            "benchmark": row["benchmark"],
            "checkpoint": row["checkpoint"],
            "sample": row["sample"],
            "prompt": judge.prompt(*map(model.chat.plain, material(judge, row))),
        }
        for row in completions
    ]
    decided = getattr(judge, "decided", lambda response: "")
    known = [decided(row["completion"]) for row in completions]
    engine = generation_flags.engine(args)
    sampling = generation_flags.sampling(args, args.max_new_tokens)
    # A judge answers greedily, and once for each text: the sample's index is no part of its question.
    asked = [row | {"sample": 0} for row, said in zip(wanted, known, strict=True) if not said]
    request = Request(model, sampling, args.seed, asked, f"judge {args.judge}")
    done = generate_missing([request], engine, args.cache)
    answers = iter(done)
    judgements = []
    for row, said in zip(wanted, known, strict=True):
        answer = {"completion": said, "finish_reason": "stop"} if said else next(answers)
        judgements.append(row | {"judgement": answer["completion"], "finish_reason": answer["finish_reason"]})
    facts = provenance.facts("judge", **generation_flags.facts([model], engine, sampling))
    parquet.write(args.output, parquet.JUDGEMENTS, judgements, facts)
    cost.write(args.cost, cost.of_completions(done))


if __name__ == "__main__":
    cli.run(main, parser())
