"""Write the tables that README.md and docs/results/tiny.md show, from the demo's results and the reports'.

`make results-docs` calls it after `make demo`; a test fails where a document is stale.
"""

import argparse
from pathlib import Path

from tms.io import cli
from tms.io.csv_file import as_csv, read_csv
from tms.io.whole_file import write_bytes
from tms.report.document_tables import document, tables

COLUMNS = ["row", "column", "value", "ci_low", "ci_high"]
ROWS = {"base": "tms", "sft": "sft", "tms": "tms"}  # row of the demo's table -> method whose file has it


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--results", type=Path, help="folder of the demo's results; without it, the last ones"
    )
    folder = Path("docs/results/tiny")
    parser.add_argument("--cells", type=Path, default=folder / "demo.csv", help="the demo's cells, kept")
    documents = [Path("README.md"), Path("docs/results/tiny.md")]
    parser.add_argument("documents", nargs="*", type=Path, default=documents)
    return parser


def demo_cells(results: Path) -> list[dict[str, str]]:
    """The table's cells in the rows base, SFT and TMS, from the `intervals.csv` of the two methods."""
    cells = []
    shown = read_csv(results / "tms" / "table.csv", ["row"])[0]
    for row, method in ROWS.items():
        lines = read_csv(results / method / "intervals.csv", ["row", "column"])
        cells += [cell for cell in lines if cell["row"] == row and cell["column"] in shown]
    columns = [cell["column"] for cell in cells if cell["row"] == "tms"]  # the base has no transfer
    return sorted(cells, key=lambda cell: (list(ROWS).index(cell["row"]), columns.index(cell["column"])))


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    if args.results:
        # They are committed, so no checksum stands beside one, nor in white space at the other's end.
        write_bytes(args.cells, as_csv(COLUMNS, demo_cells(args.results)))
        answer = (args.results / "tms" / "answer.json").read_bytes()
        write_bytes(args.cells.with_suffix(".json"), answer.rstrip() + b"\n")
    cells = read_csv(args.cells, COLUMNS)
    for path in args.documents:
        path.write_text(document(path.read_text(), tables(cells, args.cells.parent)))
        print(path)


if __name__ == "__main__":
    cli.run(main, parser())
