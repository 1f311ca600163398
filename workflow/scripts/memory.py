"""Print what each GPU job of a model holds on its cards at its peak, computed without a card.

`make memory MODEL=qwen7b` calls it. A training step that is not known yet is computed once, in some seconds,
and kept in logs/memory_plan.json.
"""

import argparse
import sys
from pathlib import Path

from tms.config.known import check_known
from tms.config.load import configuration
from tms.io import cli
from tms.io.errors import InputError
from tms.io.text_table import aligned
from tms.memory_plan import plan
from tms.memory_plan.document import COLUMNS, cells, documented
from tms.memory_plan.store import SHIPPED, Store, dry_run


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = flags.add_argument
    add("--models", nargs="+", help="entries of `models`; without it, those of table.models")
    cli.add_configfile(flags)
    add(
        "--document",
        type=Path,
        help="write the table into it too, and ship what was computed",
    )
    return flags


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    config = configuration(args.configfile)
    models = args.models or config["table"]["models"]
    store = Store(dry_run, found=SHIPPED) if args.document else Store(dry_run)
    lines, wrong = [["model", *COLUMNS]], []
    for model in models:
        check_known("--models", model, config["models"])
        peaks = plan.of_model(config, model, store.memory)
        if not peaks:
            base = config["models"][model]["base"]
            print(f"{model}: no job with cards, or no {base}/config.json yet", file=sys.stderr)
        lines += [[model, *cells(peak)] for peak in peaks]
        wrong += [
            f"{model}: {peak.job}: {peak.arithmetic()}; {' or '.join(peak.remedies)}"
            for peak in peaks
            if not peak.fits
        ]
    if len(lines) > 1:
        held = plan.room(config) / 1e9
        print(
            f"{aligned(lines)}\nGB on a card, which may hold {held:.1f} (compute.gpu_memory_gb less a tenth)"
        )
    if args.document:
        args.document.write_text(documented(args.document.read_text(), lines))
        print(args.document)
    if wrong:
        raise InputError("too much for a card:\n" + "\n".join(wrong))


if __name__ == "__main__":
    cli.run(main, parser())
