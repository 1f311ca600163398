"""Export a finished run as a clean Hugging Face folder: weights, config, tokenizer, template, model card.

`make export RUN=results/{model}/{method}/{task}/seed{seed} TO=FOLDER [PUSH=OWNER/NAME]` calls it. It has no
rule: nothing depends on the folder, which may lie anywhere.
"""

import argparse
import shlex
from pathlib import Path

from tms.config.load import configuration
from tms.config.run_folder import configfiles_of, parse_run
from tms.export.folder import check_finished, check_target, export
from tms.export.push import check_push, push
from tms.export.use import transformers_lines, vllm_lines
from tms.io import cli, parquet
from tms.io.errors import InputError
from tms.mixture import checkpoints
from tms.model_card.page import build

EXAMPLE = "make export RUN=results/acme/tms/faq/seed0 TO=acme-tms"
COMPARED = 200  # rows whose prompts' token ids are compared


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--run", type=Path, required=True, help="results/MODEL/METHOD/TASK/seedN")
    add("--to", type=Path, required=True, help="folder to make")
    add("--push", default="", help="OWNER/NAME: upload it to the hub, as a private repository")
    cli.add_configfile(parser)
    return parser


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    if missing := [key for key, path in (("RUN", args.run), ("TO", args.to)) if path == Path()]:
        raise InputError(f"{' and '.join(missing)} missing: {EXAMPLE}")
    target = args.to.expanduser()
    files = configfiles_of(args.run, args.configfile)
    config = configuration(files)
    run = parse_run(args.run, config)
    check_target(target)
    laid = ["--configfile", *map(str, files), "--"] if files else []
    table = f"results/{run.model}/{run.method}/table.csv"
    check_finished(run.folder, shlex.join([".venv/bin/snakemake", "--cores", "all", *laid, table]))
    if args.push:
        check_push(args.push)
    checkpoint = run.folder / f"checkpoint-{checkpoints.FINAL}"
    card = build(config, run, checkpoint, place=args.push or target.name)
    rows = parquet.read(run.folder / "generations.parquet", parquet.COMPLETIONS)[:COMPARED]
    export(checkpoint, target, rows, str(card))
    longest = config["tasks"][run.task]["max_new_tokens"]
    print(f"{target}: the model of {run.folder}, {model_size(target)}. To use it in Python:")
    print_block(transformers_lines(str(target), longest))
    print("To serve it:")
    print_block(vllm_lines(str(target), longest))
    if args.push:
        print(push(target, args.push))


def model_size(folder: Path) -> str:
    """Size of a folder's weights in words."""
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return f"{size / 1e9:.1f} GB of weights" if size >= 1e8 else f"{size / 1e6:.1f} MB of weights"


def print_block(lines: list[str]) -> None:
    """Print lines that are to be copied."""
    print("\n" + "\n".join(f"    {line}" for line in lines) + "\n")


if __name__ == "__main__":
    cli.run(main, parser())
