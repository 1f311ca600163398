"""Print tables and answers with aligned columns, and above them whether they match today's settings."""

import argparse
from pathlib import Path

from tms.config.suite import NOTE
from tms.io import cli, json_file
from tms.io.csv_file import read_csv
from tms.io.errors import InputError
from tms.io.text_table import aligned
from tms.metrics.health import COLUMN
from tms.report.answer.summary import terminal
from tms.report.choice import words
from tms.status.stale import headline


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "tables",
        nargs="+",
        type=Path,
        help="tables (CSV), answers with their sentence (answer.json), or what to use (choose.json)",
    )
    cli.add_configfile(parser)
    return parser


def read(path: Path) -> list[list[str]]:
    """The header and the lines of a CSV file."""
    lines = read_csv(path, [])
    return [[*lines[0]], *([*line.values()] for line in lines)]


def read_answer(path: Path) -> str:
    """The rows and the sentence of an answer as text, or the sentences of choices.

    Raises:
        InputError: it is no answer.
    """
    content = json_file.read(path, "answer")
    try:
        if "choices" in content:
            return "\n\n".join(words.lines(content) or content["notes"])
        return terminal(content)
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"{path}: not an answer ({error}); delete the file and run again") from error


def without_words(lines: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """A table without notes and warnings, which would make it too wide, and these in lines of their own."""
    told = []
    for column in (NOTE, COLUMN):
        if column not in lines[0]:
            continue
        place = lines[0].index(column)
        said = [(line[0], line[place]) for line in lines[1:] if line[place].strip()]
        if column == NOTE:
            told += dict.fromkeys(f"note: {text}" for _, text in said)
        else:
            told += [f"warning: {row}: {text}" for row, texts in said for text in texts.split("; ")]
        lines = [[*line[:place], *line[place + 1 :]] for line in lines]
    return lines, told


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    printed, warnings = [], []
    for path in args.tables:
        if not path.exists():
            raise InputError(f"{path}: no such file; run the stage that makes it")
        if path.suffix == ".json":
            printed.append(f"{path}\n{read_answer(path)}")
            continue
        lines, told = without_words(read(path))
        printed.append(f"{path}\n{aligned(lines)}")
        warnings += [line for line in told if line not in warnings]
    if Path("Snakefile").exists():  # else there is nothing to compare with
        for line in headline(list(map(str, args.tables)), args.configfile):
            print(f"{line}\n")
    for text in printed:
        print(f"{text}\n")
    for line in warnings:
        print(line)


if __name__ == "__main__":
    cli.run(main, parser())
