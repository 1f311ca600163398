"""Write a model card for the hub beside a trained model's weights: README.md.

`make model-card RUN=results/{model}/{method}/{task}/seed{seed}` calls it. It has no rule: nothing depends on
it, and it describes files that are there. huggingface_hub's `ModelCardData` writes the YAML block, and its
`ModelCard` reads it back before the file is kept. The hub's own check, which `push_to_hub` makes
(`ModelCard.validate` posts the card to https://huggingface.co/api/validate-yaml), needs the network and is
not called here. The tests call it against a local server that applies the rules that are public; what else
the hub checks is not known.
"""

import argparse
from pathlib import Path

from tms.config.load import configuration
from tms.config.run_folder import configfiles_of, parse_run
from tms.io import cli
from tms.mixture import checkpoints
from tms.model_card.page import build


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="results/MODEL/METHOD/TASK/seedN")
    cli.add_configfile(parser)
    parser.add_argument("--output", type=Path, help="README.md in the run's checkpoint-1of1, unless given")
    return parser


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    config = configuration(configfiles_of(args.run, args.configfile))
    run = parse_run(args.run, config)
    checkpoint = run.folder / f"checkpoint-{checkpoints.FINAL}"
    card = build(config, run, checkpoint)
    output = args.output or checkpoint / "README.md"
    card.save(output)
    print(output)


if __name__ == "__main__":
    cli.run(main, parser())
