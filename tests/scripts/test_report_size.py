"""The report at the size of the full miniature, 29 methods or more, 3 seeds: weight, first screen, digits."""

import json
import re

import pytest
from helpers import report_cells
from helpers.paths import ROOT
from helpers.printed_numbers import INTERVAL, exceeds
from helpers.report_inputs import write, write_rows

from tms.experiments import cells

pytestmark = pytest.mark.slow
SUITE = {name: report_cells.SUITE[name] for name in ("targets", "retention")}
BENCHMARKS = [*SUITE["targets"], *SUITE["retention"]]
COMPARE = "model,table,method,quantity,paper,ours,ci_low,ci_high,difference,inside,note\n"
LAPTOP, PHONE = (1280, 800), (390, 844)
SCREENS, PAGES, NODES, BYTES = 12, 15, 15_000, 1_500_000
# What has to be seen without scrolling.
FIRST_SCREEN = ("h1", ".numbers table", "#figure-plane svg", ".chips")
# A number with its interval behind it, in captions and in what a figure's points tell.
WRITTEN = re.compile(r"([-+−]?\d[\d,]*(?:\.\d+)?)(?: %| points)? \[([-+−]?\d[\d,.]*), ([-+−]?\d[\d,.]*)\]")


def with_values(words: list[str], flag: str, *values: str) -> list[str]:
    """The command line with other values of a flag."""
    start = words.index(flag) + 1
    end = next((place for place in range(start, len(words)) if words[place].startswith("--")), len(words))
    return [*words[:start], *values, *words[end:]]


@pytest.fixture(scope="module")
def page(tmp_path_factory, run_program):
    folder = tmp_path_factory.mktemp("size")
    words = write(folder, ROOT)
    methods = {name for chosen in report_cells.EXPERIMENTS.values() for name in chosen}
    assert len(methods) >= 29
    by_file: dict[str, list[dict]] = {}
    for cell in report_cells.MadeCells("tiny").all():
        by_file.setdefault(f"{cell['experiment']}.parquet", []).append(cell)
    for name, rows in by_file.items():
        cells.write(folder / name, rows, {})
    (folder / "compare.csv").write_text(COMPARE)
    model = ["--models", f"tiny={report_cells.model_json(suite=SUITE)}"]
    given = ["--cells", *by_file, "--compare", "compare.csv", "--output"]
    report = json.loads((folder / "contamination.json").read_text())
    pairs = dict.fromkeys(BENCHMARKS, report["benchmarks"]["facts"])
    (folder / "contamination.json").write_text(json.dumps(report | {"benchmarks": pairs}))
    gate = ["--contamination", "tiny/chain=contamination.json"]
    suite = ["--model", "tiny", "--suite", json.dumps(SUITE)]
    for program in (
        ["draw_figures", *model, *given, "all_figures"],
        ["draw_tables", *model, *gate, *given, "all_tables"],
        ["questions", *suite, "--cells", *by_file, "--output", "questions.json"],
    ):
        done = run_program(folder, *program)
        assert done.returncode == 0, done.stderr
    for shift, name in enumerate(("base", "sft", "tms")):
        write_rows(folder / name, shift, BENCHMARKS)
    runs = [
        f"{method}/{task}/seed{seed}={'sft' if method == 'sft' else 'tms'}"
        for method in report_cells.EXPERIMENTS["main"]
        for task in SUITE["targets"]
        for seed in range(3)
    ]
    settings = json.loads(words[words.index("--settings") + 1])
    settings |= {"suite": SUITE, "tasks": {name: {} for name in BENCHMARKS}}
    settings["experiments"] = report_cells.EXPERIMENTS
    for flag, *values in (
        ("--model", "tiny"),
        ("--settings", json.dumps(settings)),
        ("--cells", "main.parquet"),
        ("--figures", "all_figures"),
        ("--tables", "all_tables"),
        ("--runs", *runs),
    ):
        words = with_values(words, flag, *values)
    done = run_program(folder, "report", *words)
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


def test_it_is_light_and_short_and_prints_on_few_pages(page, browser):
    assert page.stat().st_size < BYTES
    browser.open(page, *LAPTOP)
    assert browser.run("document.querySelectorAll('*').length") < NODES
    assert browser.run("document.documentElement.scrollHeight") <= SCREENS * LAPTOP[1]
    assert 1 < len(re.findall(rb"/Type\s*/Page\b", browser.pdf())) <= PAGES


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_the_answer_is_seen_without_scrolling(page, browser, size):
    browser.open(page, *size)
    assert browser.complaints() == []
    assert browser.run("document.documentElement.scrollWidth") <= size[0]
    for part in FIRST_SCREEN:
        box = browser.run(
            f"(() => {{ const box = document.querySelector('{part}').getBoundingClientRect();"
            " return [box.top, box.bottom, box.left, box.right]; })()"
        )
        top, bottom, left, right = box
        assert 0 <= top < bottom <= size[1] and 0 <= left < right <= size[0], part
    # The first example comes right after it.
    example = browser.run("document.querySelector('.example').getBoundingClientRect().top")
    assert example < 1.5 * size[1]


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_a_table_that_is_wider_than_its_place_says_so(page, browser, size):
    browser.open(page, *size)
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = true })")
    browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    frames = browser.run(
        "Array.from(document.querySelectorAll('.scroll')).map(frame => [frame.getAttribute('aria-label'),"
        " frame.scrollWidth > frame.clientWidth + 1, getComputedStyle(frame, '::before').content])"
    )
    assert size == LAPTOP or any(wide for _, wide, _ in frames)
    assert {name: (wide, cue) for name, wide, cue in frames if wide != ("scroll sideways" in cue)} == {}
    assert browser.run("document.documentElement.scrollWidth") <= size[0]


def test_no_number_has_more_digits_than_its_interval_carries(page, browser):
    browser.open(page)
    pairs = browser.run(
        "Array.from(document.querySelectorAll('td small')).map(below => [below.parentNode.textContent"
        ".slice(0, -below.textContent.length), below.textContent])"
    )
    found = [(value, *INTERVAL.search(below).groups()) for value, below in pairs if INTERVAL.search(below)]
    numbers = [(value, *[bound for bound in bounds if bound]) for value, *bounds in found]
    results = "Array.from(document.querySelectorAll('section:not(#method)'))"  # the rulings quote the paper
    text = browser.run(f"{results}.map(part => part.textContent).join()")
    hovers = browser.run("Array.from(document.querySelectorAll('[data-tip]')).map(mark => mark.dataset.tip)")
    written = WRITTEN.findall("\n".join([text, *hovers]))
    assert len(numbers) > 300 and len(written) > 300
    assert [number for number in [*numbers, *written] if exceeds(*number)] == []
