"""Tables in the documentation: written by a program, and the same numbers in README, results and report."""

import csv
import re

import pytest
from helpers.paths import ROOT

from tms.io.errors import InputError
from tms.report.document_tables import NOT_YET, cell_table, document, question_table, tables

RESULTS = ROOT / "docs" / "results"
DOCUMENTS = ["README.md", "docs/results/tiny.md"]
PAGE = """<article class="question" id="rq1">
<h3><span class="number">RQ1</span> Gain <span class="verdict supported"><span>✓</span> supported</span></h3>
<p class="asked">Is it so?</p><p>A - B: +1.0 | &lt;b&gt; &amp; more.</p><p class="see">See it.</p>
<details><summary>How</summary><p>A rule.</p></details></article>
<article class="example"><p>no</p></article>"""


def cells() -> list[dict[str, str]]:
    with (RESULTS / "tiny" / "demo.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_show_what_the_program_writes(name):
    text = (ROOT / name).read_text()
    assert document(text, tables(cells(), RESULTS / "tiny")) == text, (
        f"{name} is stale: run make results-docs"
    )


def test_the_study_of_a_real_model_shows_what_the_program_writes():
    text = (RESULTS / "smollm2.md").read_text()
    assert document(text, tables([], RESULTS / "smollm2", NOT_YET)) == text, "stale: run make real-report"


def test_readme_results_and_report_show_the_same_numbers():
    """The demo's numbers in both documents; those of three seeds in the results and on the report's page."""
    readme, results = ((ROOT / name).read_text() for name in DOCUMENTS)
    values = [cell["value"] for cell in cells()]
    assert all(value in text for value in values for text in (readme, results)) and len(values) > 15
    page = (RESULTS / "tiny" / "report.html").read_text().replace("−", "-")
    line = next(line for line in results.splitlines() if line.startswith("| TMS | 3 |"))
    numbers = re.findall(r"\[[-\d., ]+\]", line)
    assert len(numbers) > 5 and all(number in page for number in numbers)


def test_a_question_is_its_title_verdict_and_evidence():
    assert question_table(PAGE).splitlines() == [
        "| question | verdict | evidence |",
        "| --- | --- | --- |",
        "| RQ1 Gain | supported | A - B: +1.0 \\| &lt;b> &amp; more. |",
    ]


def test_a_cell_without_a_value_is_empty():
    known = {"ci_low": "0.1", "ci_high": "0.3"}
    some = [{"row": "base", "column": "a", "value": "0.2"} | known]
    some += [{"row": "tms", "column": name, "value": "0.5", "ci_low": "", "ci_high": ""} for name in "ab"]
    lines = ["| row | a | b |", "| --- | --- | --- |", "| base | 0.2 [0.1, 0.3] |  |", "| tms | 0.5 | 0.5 |"]
    assert cell_table(some, intervals=True).splitlines() == lines


def test_an_unknown_table_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        document("<!-- table: none -->\n<!-- end of table -->", tables(cells(), tmp_path))
