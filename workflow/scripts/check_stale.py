"""List outputs that do not match today's settings and code, by the records beside them.

`make check-stale TARGET=results/tiny/table.csv` calls it. It needs no `.snakemake`, so it works
on copied results, and after a run with `--rerun-triggers mtime`. It changes nothing; its exit status is 1
where something does not match.
"""

import argparse
import sys
from pathlib import Path

from tms.config.load import configuration
from tms.io import cli
from tms.io.errors import InputError
from tms.status.stale import compared

ENDS = ("table.csv", "*/table.csv", "*/report.html", "*/*/table.csv")  # under results/


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add(
        "target",
        nargs="*",
        help="files, with all that they are made from (default: all tables and reports there are)",
    )
    cli.add_configfile(flags)
    return flags


def tables_there(configfiles: list[Path]) -> list[str]:
    """Tables and reports under results/ of the configuration's models; those of others are named."""
    models = configuration(configfiles)["models"]
    targets = []
    for path in sorted(path for end in ENDS for path in Path("results").glob(end)):
        if len(path.parts) == 2 or path.parts[1] in models:
            targets.append(str(path))
        else:
            print(f"{path}: not compared: no models.{path.parts[1]}; add the --configfile that made it")
    return targets


def main(args: argparse.Namespace) -> None:
    """Print a line for each output that does not match."""
    targets = args.target or tables_there(args.configfile)
    if not targets:
        raise InputError("results/ has no table and no report; name a target")
    comparison = compared(targets, args.configfile)
    for output, why in comparison.stale.items():
        print(f"{output}: {'; '.join(why)}")
    matching = comparison.outputs - len(comparison.stale)
    print(f"{matching} of {comparison.outputs} outputs match today's settings and code")
    if comparison.stale:
        sys.exit(1)


if __name__ == "__main__":
    cli.run(main, parser())
