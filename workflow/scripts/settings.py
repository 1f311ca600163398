"""Print every setting that holds for a run, and the place of the configuration that it comes from.

`make settings RUN=results/{model}/{method}/{task}/seed{seed}` calls it. The run need not have been made.
"""

import argparse
from pathlib import Path

from tms.config.check import check
from tms.config.load import merged, read_files
from tms.config.run_folder import configfiles_of, parse_run
from tms.config.run_settings import check_run, file_of, run_settings
from tms.config.yaml_text import yaml_text
from tms.io import cli


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="results/MODEL/METHOD/TASK/seedN")
    cli.add_configfile(parser)
    return parser


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    contents = read_files(configfiles_of(args.run, args.configfile))
    config = merged(contents)
    run = parse_run(args.run, config)
    check(config, {run.model: [run.method]})
    check_run(config, run)
    rows = [("setting", "value", "set in", "file")]
    for setting in run_settings(config, run):
        rows.append((setting.name, yaml_text(setting.value), setting.place, file_of(setting, contents)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


if __name__ == "__main__":
    cli.run(main, parser())
