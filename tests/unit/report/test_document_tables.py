"""Tables in the documentation: written by a program, and the same numbers in README, results and report."""

import csv
import json
import re

import pytest
from helpers.paths import ROOT
from helpers.report_inputs import ANSWER

from tms.io.errors import InputError
from tms.report.document_tables import NOT_YET, cell_table, document, question_table, tables
from tms.report.page.first_screen import SIGNS

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
    values = {(cell["row"], cell["column"]): cell["value"] for cell in cells()}
    assert all(value in results for value in values.values()) and len(values) > 15
    demo = json.loads((RESULTS / "tiny" / "demo.json").read_text())
    assert demo["sentence"] in readme and demo["sentence"] in results
    for row in demo["rows"]:
        target, _, lost, _ = (number["value"] for number in row["numbers"])
        scores = [float(values[row["method"], name]) for name in ("mini_countdown", "chain")]
        assert target == pytest.approx(100 * sum(scores) / 2, abs=0.01)
        assert lost == pytest.approx(100 * float(values[row["method"], "forgetting"]), abs=0.01)
    page = (RESULTS / "tiny" / "report.html").read_text().replace("−", "-")
    line = next(line for line in results.splitlines() if line.startswith("| TMS | 3 |"))
    numbers = re.findall(r"\[[-\d., ]+\]", line)
    assert len(numbers) > 5 and all(number in page for number in numbers)


def test_an_answer_is_named_with_its_folder(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "answer.json").write_text(json.dumps(ANSWER))
    text = document("<!-- table: m/answer -->\n<!-- end of table -->", tables([], tmp_path / "other"))
    assert "| TMS | 72 % (69 to 76) |" in text and f"**{ANSWER['sentence']}**" in text
    text = document("<!-- table: n/answer -->\n<!-- end of table -->", tables([], tmp_path / "m", NOT_YET))
    assert NOT_YET in text


def test_a_table_of_a_folder_within_is_named_with_it(tmp_path):
    """Of a study's second model, and of the methods that have fewer seeds."""
    (tmp_path / "seeds_0").mkdir()
    (tmp_path / "seeds_0" / "table1.md").write_text("**Title**\n\n| a |\n| --- |\n| 1 |\n\n- A note.\n")
    named = tables([], tmp_path, NOT_YET)
    marked = "<!-- table: seeds_0/{} -->\n{}\n<!-- end of table -->"
    shown = "| a |\n| --- |\n| 1 |\n\n- A note."
    assert document(marked.format("table1", ""), named) == marked.format("table1", shown)
    assert document(marked.format("table2", ""), named) == marked.format("table2", NOT_YET)


def test_a_question_is_its_title_verdict_and_evidence():
    assert question_table(PAGE).splitlines() == [
        "| question | verdict | evidence |",
        "| --- | --- | --- |",
        "| RQ1 Gain | supported | A - B: +1.0 \\| &lt;b> &amp; more. |",
    ]


@pytest.mark.parametrize("word, sign", SIGNS.items())
def test_a_verdict_stands_without_its_sign(word, sign):
    page = PAGE.replace("✓", sign).replace("supported<", f"{word}<")
    assert f"| {word} |" in question_table(page)


def test_a_cell_without_a_value_is_empty():
    known = {"ci_low": "0.1", "ci_high": "0.3"}
    some = [{"row": "base", "column": "a", "value": "0.2"} | known]
    some += [{"row": "tms", "column": name, "value": "0.5", "ci_low": "", "ci_high": ""} for name in "ab"]
    lines = ["| row | a | b |", "| --- | --- | --- |", "| base | 0.2 [0.1, 0.3] |  |", "| tms | 0.5 | 0.5 |"]
    assert cell_table(some).splitlines() == lines


def test_an_unknown_table_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        document("<!-- table: none -->\n<!-- end of table -->", tables(cells(), tmp_path))
