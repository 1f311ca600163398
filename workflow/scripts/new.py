"""Write the configuration of a model and data of one's own, config/NAME.yaml, and say what was seen in both.

`make new NAME=acme MODEL=/path/or/hub-id DATA=faq.jsonl` calls it, with GRADER=exact, TASK=faq or
COLUMNS='prompt: question, answer: reply' where the user gives them.
"""

import argparse
import io
import re
import tempfile
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

from tms.config.check import check
from tms.config.faults import Faults
from tms.config.known import check_known
from tms.config.load import merged, read_files
from tms.config.names import name_fault
from tms.data.golds import check_golds
from tms.data.records.options import ENDINGS
from tms.data.records.read import Seen, inspect
from tms.data.splits import SPLITS
from tms.export.folder import tokenizer_fault
from tms.generation.chat import ChatFormat
from tms.io import cli, modules
from tms.io.errors import InputError
from tms.model_folder.config import stored_dtype
from tms.new_config import columns, hardware, hub, lengths, model, sizes, text, words
from tms.planned_jobs.jobs import jobs_of
from tms.tasks import records
from tms.training.health import STOP

EXAMPLE = "make new NAME=acme MODEL=/path/or/hub-id DATA=faq.jsonl"


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--name", default="", help="of the model: the file is config/NAME.yaml, results are in results/NAME")
    add("--model", default="", help="folder of the base, or its id on the hub")
    add("--data", default="", help=".jsonl, .json, .csv or .parquet file, or a data set of the hub")
    add("--grader", default="none", help="how an answer is scored (default: none)")
    add("--task", default="", help="name of the task (default: from DATA)")
    add("--columns", default="", help="which columns are read, e.g. 'prompt: question, answer: reply'")
    return parser


def check_names(args: argparse.Namespace, config: dict, faults: Faults) -> str:
    """Check what was given; gives the task's name."""
    for key in ("name", "model", "data"):
        if not getattr(args, key):
            faults.append(f"{key.upper()} is missing: {EXAMPLE}")
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(args.data).stem).strip("-.") or "data"
    task = args.task or stem
    given = {"models": ("NAME", args.name), "suites": ("NAME", args.name), "tasks": ("TASK", task)}
    for part, (key, name) in given.items():
        if name and (line := name_fault(part, name)):
            if part != "suites":  # its name is the model's
                faults.append(line.replace("config: ", f"{key}={name}: "))
        elif name in config[part]:
            faults.append(f"{key}={name}: config/config.yaml has {part}.{name}; choose another {key}")
    if args.name and Path("config", f"{args.name}.yaml").exists():
        faults.append(f"config/{args.name}.yaml exists already; choose another NAME, or delete it")
    try:
        check_known("GRADER", args.grader, modules.names("graders"))
    except InputError as error:
        faults.append(str(error).removeprefix("config: "))
    return task


def look_at_data(args: argparse.Namespace, faults: Faults) -> tuple[dict, Seen | None]:
    """Options of the task, and what a look at its data found."""
    path = Path(args.data).expanduser()
    named = re.fullmatch(model.REPOSITORY, args.data, re.ASCII) and not args.data.endswith(ENDINGS)
    options: dict = {"files": str(path)}
    if named and not path.exists():
        try:
            options = {"hub": {"repo": args.data, "revision": hub.data_revision(args.data)}}
        except InputError as error:
            faults.append(str(error))
            return options, None
    seen = inspect(**options)
    chosen = seen.used or {}
    if args.columns:
        try:
            chosen = columns.read(args.columns)
        except InputError as error:
            faults.append(str(error))
            return options, None
    elif seen.columns:
        chosen = columns.guess(seen.columns, args.grader == "choice")
        if not chosen:
            faults.append(
                f"{args.data}: none of its columns ({', '.join(seen.columns)}) is named like a prompt or an "
                f"answer; name them: COLUMNS='prompt: ..., answer: ...' (or messages: ...)"
            )
            return options, None
        if beside := columns.left_out(seen.columns, chosen):
            listed = ", ".join(f"{word}: {name}" for word, name in chosen.items())
            faults.append(
                f"{args.data}: {' and '.join(beside)} may belong to the prompt, but {chosen['prompt']} alone "
                f"would be read; join them in one column, or leave out what is not needed: COLUMNS='{listed}'"
            )
    if chosen := {word: name for word, name in chosen.items() if word != name}:
        options["columns"] = chosen
        seen = inspect(**options)
    if seen.duplicates:
        options["duplicates"] = "first"
        seen = inspect(**options)
    faults += seen.faults
    return options, seen


def compose(
    args: argparse.Namespace,
    task: str,
    options: dict,
    seen: Seen,
    base: model.Model,
    longest: int,
    machine: hardware.Machine,
) -> dict:
    """The values of the file."""
    plan = sizes.schedule(seen.splits["train"])
    rate = sizes.LORA_RATE if machine.lora else sizes.learning_rate(base.parameters)
    training = {"learning_rate": rate, "epochs": plan.epochs, "effective_batch": plan.batch}
    training["device_batch"] = sizes.device_batch(plan.batch, machine.keys.get("gpus", {}).get("train", 0))
    if not machine.lora and sizes.stores_float32(base.parameters, stored_dtype(base.folder).itemsize):
        training["checkpoint_dtype"] = "float32"
    entry = {"base": base.base, "training": training | machine.lora}
    if base.download and base.parameters:
        entry["parameters"] = base.parameters
    task_entry = {"kind": "records", "grader": args.grader, "options": options}
    task_entry |= {name: seen.splits[name] for name in SPLITS} | {"max_new_tokens": longest}
    downloads = dict([base.download]) if base.download else {}
    return text.configuration(args.name, task, entry | machine.keys, task_entry, downloads)


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    shipped, faults = read_files([]), Faults()
    config = merged(shipped)
    task = check_names(args, config, faults)
    options, seen = look_at_data(args, faults) if args.data else ({}, None)
    base = model.look(args.model, config, faults) if args.model else None
    faults.end()
    if missing := [name for name in SPLITS if not seen.splits.get(name)]:
        raise InputError(
            f"{args.data}: {seen.rows} rows leave none for {' and '.join(missing)}; add rows (100 or more)"
        )
    chat = ChatFormat(base.folder)
    with redirect_stdout(io.StringIO()):  # what `prepare` logs
        rows = [row for name in SPLITS for row in records.build(name, seen.splits[name], 0, options)]
    check_golds(rows, args.grader, args.data)
    counted = lengths.measure(rows, chat)
    longest = sizes.longest_completion(counted.answers, counted.longest_prompt, chat.context_length)
    if longest <= 0:
        raise InputError(
            f"{args.data}: prompts of up to {counted.longest_prompt} tokens leave no room for an answer in "
            f"the {chat.context_length} tokens of {args.model}; shorten them"
        )
    if (cut := counted.cut(longest)) > STOP:
        raise InputError(
            f"{args.data}: {cut:.0%} of the answers do not fit beside a prompt of {counted.longest_prompt} "
            f"tokens into the {chat.context_length} tokens of {args.model}; shorten them, or take another one"
        )
    machine = hardware.choose(base.parameters, find_spec("vllm") is not None)
    values = compose(args, task, options, seen, base, longest, machine)
    file, table = Path("config", f"{args.name}.yaml"), f"results/{args.name}/tms/table.csv"
    warnings = check(merged(shipped | {file: values}), [args.name])
    warnings += hardware.warnings(machine, counted.longest_prompt, config["compute"]["longest_prompt"])
    if fault := tokenizer_fault(base.folder, chat):
        warnings.append(f"it can be trained, but not exported: {fault}")
    written = text.text(values)
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder, file.name)
        tried.write_text(written, encoding="utf-8")
        jobs = jobs_of([table], [tried])
    with file.open("x", encoding="utf-8") as stream:
        stream.write(written)
    print(words.of_data(args.data, seen, counted, longest))
    print(words.of_run(args.model, base, chat.context_length, machine.words, values))
    for warning in warnings:
        print(f"warning: {warning}")
    print(f"{file} is written: {len(jobs)} jobs. Next:")
    print(f"  .venv/bin/snakemake --cores all --configfile {file} -- {table}")
    print(f"(what it takes, beforehand: make estimate CONFIG={file} TARGET={table})")


if __name__ == "__main__":
    cli.run(main, parser())
