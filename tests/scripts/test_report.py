"""The report's page: made by the program, and looked at in a real headless browser."""

import html
import json
import re
from html.parser import HTMLParser
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.paths import ROOT
from helpers.report_inputs import ANSWER, HOSTILE, write

from tms.io import parquet
from tms.io.conversation import context_text
from tms.report.page.examples import UNSEEN

PROJECT = ROOT
SECTIONS = ["rows", "questions", "scores", "frontier-control", "costs", "method"]


@pytest.fixture(scope="module")
def page(tmp_path_factory, run_program):
    folder = tmp_path_factory.mktemp("report")
    done = run_program(folder, "report", *write(folder, PROJECT))
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


def test_the_page_leads_with_the_answer_and_needs_nothing_else(page):
    text = page.read_text()
    assert re.findall(r'<section id="([^"]+)"', text) == SECTIONS
    sentence = re.search("<h1>(.*)</h1>", text)[1]
    assert html.unescape(sentence) == ANSWER["sentence"]
    places = [
        text.index(part) for part in ("<h1>", ">78 %<small>", 'class="chip', '<article class="example">')
    ]
    assert places == sorted(places) and places[-1] < text.index('<article class="question"')
    assert not re.search(r'(?:src|href)="(?!#|https://(?:arxiv\.org|github\.com))', text)
    assert "Figure 4: not drawn: no experiment checkpoints" in text


def test_a_chip_leads_to_each_question_and_the_inconclusive_ones_are_muted(page):
    text = page.read_text()
    chips = dict(re.findall(r'<a class="chip ([a-z-]+)" href="#([a-z0-9]+)">', text))
    assert set(chips.values()) == set(re.findall(r'<article class="question" id="([a-z0-9]+)">', text))
    assert chips["inconclusive-over-seeds"] == "rq4" and chips["supported"] == "rq1"
    muted = re.search(r"\.inconclusive-over-seeds \{([^}]*)\}", text)[1]
    assert "--good" not in muted and "--bad" not in muted


def test_an_answer_that_cannot_be_read_is_one_line(tmp_path, program):
    words = write(tmp_path, PROJECT)
    (tmp_path / "answer.json").write_text('{"sentence": ""}')
    done = program("report", *words)
    assert done.returncode == 2 and "answer.json: not a readable answer (no rows); delete it" in done.stderr


def test_warnings_come_first_and_each_once(page):
    text = page.read_text()
    assert (
        text.count("<li><b>Base</b>: facts: 3 of 6 are cut") == 1 and "(raise &lt;b&gt;it&lt;/b&gt;)" in text
    )


def test_a_model_without_scores_has_no_verdicts_and_no_grades(tmp_path, program):
    words = [str(word) for word in write(tmp_path, PROJECT)]
    settings = words.index("--settings") + 1
    suite = {"targets": ["chain"], "unscored": ["chain"], "general": True}
    words[settings] = json.dumps(json.loads(words[settings]) | {"suite": suite})
    questions = tmp_path / words[words.index("--questions") + 1]
    answers = [entry | {"verdict": "not measured"} for entry in json.loads(questions.read_text())]
    questions.write_text(json.dumps(answers))
    done = program("report", *words)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text()
    sections = [name for name in SECTIONS if name != "questions"]
    assert re.findall(r'<section id="([^"]+)"', text) == sections
    assert (
        "#questions" not in text
        and 'class="chip' not in text
        and "none is measured by these experiments" in text
    )
    assert "not known: no benchmark scores what the model could do before" in text
    shown = text.partition('<section id="rows">')[2].partition("</section>")[0]
    assert "no score" in shown and "right</span>" not in shown and "not counted" not in shown


def test_what_a_model_wrote_is_text(page):
    text = page.read_text()
    assert text.count("<script>") == 1 and text.count("</script>") == 1
    assert "Before the prompt: system" in text
    for attack in HOSTILE:
        assert attack not in text
    assert "&lt;script&gt;window.broken = 1&lt;/script&gt;" in text
    assert "more characters are in the file" in text


SIGNS = [
    *HOSTILE,
    "<script>",
    "</script>",
    "</pre>",
    "</article>",
    "<plaintext>",
    "</title>",
    "</style>",
    "<!--",
]
SIGNS += [
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;",
    "&#60;b&#62;",
    '"',
    "'",
    "`",
    "|",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
]
SIGNS += [
    "<svg/onload=x>",
    "[a](javascript:x)",
    "![",
    "\n---\n",
    "\n# ",
    "\n| a | b |\n| - | - |\n",
    "$x$",
    "\\",
]
SIGNS += [
    "<|im_start|>",
    "<|im_end|>",
    "<s>",
    "[INST]",
    "<think>",
    "<tool_call>",
    "\u003cb\u003e",
    "%s",
    "\r",
]
SIGNS += [
    "\x00",
    "\x1b[2J",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u2028",
    "\ufeff",
    "\U000e0041",
    "é",
    "💥",
]


class Elements(HTMLParser):
    """Tags of a page, with the names of their attributes, and its comments, in their order."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.found.append(("/", tag))

    def handle_comment(self, data):
        self.found.append(("comment", data))


def with_texts(folder, text):
    """Put texts into all that a model or a data set wrote; `text` is called for each."""
    for model in ("base", "sft", "tms"):
        for name, columns, texts in (
            ("generations", parquet.COMPLETIONS, ("prompt", "completion", "answer")),
            ("grades", parquet.GRADES, ("extracted", "reason")),
        ):
            path = folder / model / f"{name}.parquet"
            made = parquet.provenance(path)
            rows = [row | {name: text() for name in texts} for row in parquet.read(path, columns)]
            if name == "generations":
                rows = [
                    row | {"context": context_text([{"role": "system", "content": text()}])} for row in rows
                ]
            parquet.write(path, columns, rows, made)


def test_no_text_of_a_model_or_a_data_set_changes_the_page_s_elements(tmp_path, program):
    """Pages of harmless and of hostile texts have the same tags; no sign in them turns or hides a text."""
    draw, pages = Random(0), []
    words = write(tmp_path, PROJECT)
    for text in (
        lambda: "A word.",
        *[lambda: "A " + "".join(draw.choices(SIGNS, k=draw.randint(1, 8)))[:380]] * 3,
    ):
        with_texts(tmp_path, text)
        assert program("report", *words).returncode == 0
        pages.append((tmp_path / "report.html").read_text())
    harmless, *hostile = pages
    for page_ in hostile:
        assert Elements(page_).found == Elements(harmless).found
        assert not UNSEEN.search(page_)
        assert len(page_) > len(harmless)


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("base/generations.parquet", "completion"),
        ("tms/generations.parquet", "context"),
        ("sft/grades.parquet", "extracted"),
        ("main.parquet", "value"),
    ],
)
def test_a_column_of_another_type_is_one_line(tmp_path, program, file, column):
    words = write(tmp_path, PROJECT)
    table = pq.read_table(tmp_path / file)
    place = table.schema.get_field_index(column)
    dates = pa.nulls(len(table), pa.date32())
    pq.write_table(table.set_column(place, column, dates), tmp_path / file)
    done = program("report", *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    told = f"error: {file}: columns of another type than a stage writes: {column} of date32[day] (not "
    assert done.stderr.startswith(told) and done.stderr.endswith("; delete the file and run again\n")


def test_a_page_that_browsers_may_be_slow_with_is_told(tmp_path, program, monkeypatch):
    words = write(tmp_path, PROJECT)
    assert "warning" not in program("report", *words).stderr
    monkeypatch.setattr("tms.report.page.html.WARN_BYTES", 1000)
    assert "browsers may be slow" in program("report", *words).stderr


def test_fewer_prompts_where_completions_are_many(tmp_path, program, monkeypatch):
    words = write(tmp_path, PROJECT)
    program("report", *words)
    page = (tmp_path / "report.html").read_text()
    assert page.count('<article class="example">') == 6
    monkeypatch.setattr("tms.report.page.examples.COMPLETIONS", 12)  # 2 benchmarks, 3 models: 2 of each
    program("report", *words)
    page = (tmp_path / "report.html").read_text()
    assert page.count('<article class="example">') == 4


def test_a_missing_row_is_one_line(tmp_path, run_program):
    words = write(tmp_path, PROJECT)
    (tmp_path / "tms" / "generations.parquet").unlink()
    done = run_program(tmp_path, "report", *words)
    assert done.returncode == 2
    assert done.stderr == "error: tms/generations.parquet: no such file; run the stage that makes it\n"


@pytest.mark.slow
def test_it_opens_from_a_file_without_complaint_or_request(page, browser):
    browser.open(page)
    assert browser.complaints() == []
    assert browser.run("document.compatMode") == "CSS1Compat"
    assert browser.requests() == [f"file://{page}"]
    assert browser.run("document.querySelectorAll('table').length") > 5
    assert browser.run("document.querySelectorAll('.drawing svg').length") == 1


@pytest.mark.slow
def test_completions_are_inert_even_without_escaping(page, browser, tmp_path):
    browser.open(page)
    assert browser.run("[window.broken, document.getElementById('trap')].join('')") == ""
    assert browser.run("getComputedStyle(document.body).display") == "block"
    # Were the escaping lost, the policy would still stop every script but the page's own.
    opened = page.read_text().replace("<main id", "".join([*HOSTILE[:4], HOSTILE[5]]) + "<main id")
    bare = tmp_path / "bare.html"
    bare.write_text(opened)
    browser.open(bare)
    browser.run("document.getElementById('trap').click()")
    assert browser.run("window.broken === undefined")
    assert any("Content Security Policy" in line for line in browser.complaints())
    # And without the policy they would run, so this test sees what it looks for.
    bare.write_text(re.sub(r"<meta http-equiv[^>]*>", "", opened))
    browser.open(bare)
    assert browser.run("window.broken !== undefined")


def column(browser, place):
    rows = "Array.from(document.querySelectorAll('#table-scores tbody tr'))"
    return browser.run(f"{rows}.map(row => row.cells[{place}].innerText.trim().split(/\\s/)[0])")


def test_how_to_read_stands_in_one_place(page):
    text = page.read_text()
    assert text.count("How to read the numbers") == text.count("p ≥ 0.05") == 1


@pytest.mark.slow
def test_tables_sort_by_click_and_by_keyboard(page, browser):
    browser.open(page)
    heading = "document.querySelectorAll('#table-scores th')[1]"
    assert column(browser, 1) == ["30", "90", "50"]
    browser.run(f"{heading}.querySelector('button').click()")
    assert column(browser, 1) == ["30", "50", "90"]
    assert browser.run(f"{heading}.getAttribute('aria-sort')") == "ascending"
    browser.run(f"{heading}.querySelector('button').focus()")
    browser.press("Enter", 13)
    assert column(browser, 1) == ["90", "50", "30"]
    assert browser.run(f"{heading}.getAttribute('aria-sort')") == "descending"
    browser.run("document.querySelectorAll('#table-scores th')[0].querySelector('button').click()")
    assert column(browser, 0) == ["Base", "SFT", "TMS"]
    assert browser.run(f"{heading}.hasAttribute('aria-sort')") is False


@pytest.mark.slow
def test_what_was_not_measured_stays_last(page, browser):
    browser.open(page)
    for _ in range(2):
        browser.run("document.querySelectorAll('#table-scores th')[2].querySelector('button').click()")
        assert column(browser, 2)[-1] == "–"


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_itself_never_scrolls_sideways(page, browser, width):
    browser.open(page, width=width, height=740)
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert browser.run("document.documentElement.scrollWidth") <= width
    if width == 360:  # the wide table does, in a frame of its own
        frame = "document.querySelector('#table-compute .scroll')"
        assert browser.run(f"{frame}.scrollWidth > {frame}.clientWidth")


@pytest.mark.slow
def test_a_number_leads_to_its_rows(page, browser):
    browser.open(page)
    assert browser.run("document.getElementById('rows-facts').open") is False
    browser.run("document.querySelector('#table-scores a[href=\"#rows-facts\"]').click()")
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert browser.run("document.getElementById('rows-facts').open") is True
    answers = "document.querySelectorAll('#rows-facts .example:first-of-type .answer h5')"
    shown = browser.run(f"Array.from({answers}).map(heading => heading.textContent.trim().split(/\\s+/)[0])")
    assert shown == ["Base", "SFT", "TMS"]
    browser.open(page, fragment="#table-compute")  # a link from elsewhere
    assert browser.run("document.getElementById('table-compute').closest('details').open") is True


@pytest.mark.slow
def test_points_tell_their_values_under_the_mouse(page, browser):
    browser.open(page)
    place = browser.run(
        "(() => { const point = document.querySelector('#figure-frontier rect');"
        " point.scrollIntoView({behavior: 'instant', block: 'center'});"
        " const box = point.getBoundingClientRect(); return [box.x + 5, box.y + 5]; })()"
    )
    browser.move(*place)
    assert browser.run("document.getElementById('tip').textContent") == "TMS: target 0.7"
    assert browser.run("document.getElementById('tip').hidden") is False
    browser.move(2, 2)
    assert browser.run("document.getElementById('tip').hidden") is True


@pytest.mark.slow
def test_what_is_folded_stays_folded_in_print(page, browser):
    browser.open(page)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    assert browser.run("document.querySelectorAll('details[open]').length") == 0
    # The headings stand in the document's outline.
    for title in ("What the models answer", "Scores", "Frontier control", "Costs", "How it was made"):
        assert f"({title})".encode() in printed or title.encode("utf-16-be") in printed, title


@pytest.mark.slow
def test_without_script_everything_can_be_read(page, browser, tmp_path):
    plain = tmp_path / "plain.html"
    plain.write_text(re.sub(r"<script>.*</script>", "", page.read_text(), flags=re.DOTALL))
    browser.open(plain)
    assert column(browser, 1) == ["30", "90", "50"]
    assert browser.run("document.querySelectorAll('th button').length") == 0
