"""Tables in the project's own documentation, written from results and never by hand."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError
from tms.report import markdown_table
from tms.report.answer.summary import document_block
from tms.report.page.first_screen import SIGNS

NOT_YET = "*not measured yet*"  # stands where a study's table is not there yet
MARKED = re.compile(r"(<!-- table: (\S+) -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def document(text: str, tables: Callable[[str], str]) -> str:
    """A text with each marked table made anew.

    Args:
        text: Markdown. `<!-- table: NAME -->` and `<!-- end of table -->` stand around a table.
        tables: gives the Markdown of a table by its name.
    """
    return MARKED.sub(lambda match: f"{match[1]}{tables(match[2]).strip()}\n", text)


def tables(cells: list[dict[str, str]], folder: Path, missing: str = "") -> Callable[[str], str]:
    """Give a table by the name in a document's mark.

    Args:
        cells: the demo's, for `demo_intervals`.
        folder: has `report.html`, for `questions`, and the report's tables, for their names; `sub/table1` is
            that of a folder in it. An answer is named with its folder, beside this one: `tiny/demo` is that
            of tiny/demo.json.
        missing: stands in place of tables of the report that are not there; "": they are a fault.

    Raises:
        InputError: there is no such table.
    """

    def named(name: str) -> str:
        if name == "demo_intervals":
            return cell_table(cells)
        path = folder / ("report.html" if name == "questions" else f"{name}.md")
        answer = folder.parent / f"{name}.json"
        if "/" in name and answer.exists() and not path.exists():
            path = answer
        if missing and not path.exists():
            return missing
        if name == "questions":
            return question_table(path.read_text())
        if not path.exists():
            raise InputError(f"{path}: no such file; a document names this table")
        if path.suffix == ".json":
            return document_block(json_file.read(path))
        _title, table_and_notes = path.read_text().split("\n\n", 1)
        return table_and_notes

    return named


def cell_table(cells: list[dict[str, str]]) -> str:
    """The Markdown table of cells with their bounds, rows and columns in the order in which they come.

    Args:
        cells: `row`, `column` (one row has all), `value`, and the bounds `ci_low` and `ci_high`, as texts; ""
            where there is none.
    """
    by_row: dict[str, dict[str, str]] = {}
    for cell in cells:
        shown = cell["value"]
        if cell["ci_low"]:
            shown += f" [{cell['ci_low']}, {cell['ci_high']}]"
        by_row.setdefault(cell["row"], {})[cell["column"]] = shown
    columns = list(max(by_row.values(), key=len))
    rows = [[row, *(values.get(column, "") for column in columns)] for row, values in by_row.items()]
    return markdown_table.table(["row", *columns], rows)


class _Questions(HTMLParser):
    """Reads the questions of a report: title, verdict and evidence of each, as texts."""

    def __init__(self):
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self.inside: list[str] = []
        self.part = ""

    def handle_starttag(self, tag, attributes):
        kind = dict(attributes).get("class") or ""
        if tag == "article":
            self.rows += [{"title": "", "verdict": "", "evidence": ""}] if kind == "question" else []
            self.inside = [kind]
        if self.inside != ["question"]:
            return
        if tag == "h3":
            self.part = "title"
        elif tag == "span" and kind.startswith("verdict"):
            self.part = "verdict"
        elif tag == "p":
            self.part = "" if kind else "evidence"
        elif tag == "details":
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in ("h3", "p"):
            self.part = ""
        elif tag in ("article", "details") and self.inside:
            self.inside.pop()

    def handle_data(self, data):
        if self.part and self.inside == ["question"]:
            self.rows[-1][self.part] += data


def question_table(page: str) -> str:
    """The Markdown table of a report's questions, verdicts and evidence.

    Args:
        page: HTML of a report (`workflow/templates/report.html.j2`).
    """
    parser = _Questions()
    parser.feed(page)
    signs = "".join([" ", *SIGNS.values()])
    rows = [
        [" ".join(text.split()) for text in (row["title"], row["verdict"].strip(signs), row["evidence"])]
        for row in parser.rows
    ]
    return markdown_table.table(["question", "verdict", "evidence"], rows)
