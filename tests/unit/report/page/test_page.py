"""Parts of the report: which rows it shows, how texts are cut, tables, markup that stays text."""

import hashlib
import json

import pytest
from helpers.report_inputs import HOSTILE, write_rows
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.io import parquet
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.model_info import ModelInfo
from tms.report.page import content, first_screen, html, page_tables, runs, sections
from tms.report.page.examples import (
    CHARACTERS,
    EMPTY,
    PROMPTS,
    Answer,
    Example,
    Text,
    choose,
    cut,
    form,
    in_order,
    of_run,
    prompts_of_each,
)
from tms.report.page.page_tables import Entry, PageTable
from tms.report.research_questions.questions import QUESTIONS
from tms.report.tables.table import written
from tms.tool_use.calls import Call
from tms.tool_use.environments import calculator
from tms.tool_use.turns import turns_text

SUITE = Suite(targets=["chain"], retention=["facts"])
VERDICTS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.sampled_from([0.0, 1.0, None]), max_size=20
)


def lookup(cells):
    return CellLookup(ModelInfo("m", {}, SUITE, {}), cells)


def test_prompts_on_which_models_differ_come_first():
    base = dict.fromkeys("abcdefgh", 1.0)
    chosen = choose({"base": base, "tms": base | {"c": 0.0, "g": None}}, count=3)
    assert set(chosen[:2]) == {"c", "g"}
    assert chosen[2] not in "cg"


def test_the_form_of_an_answer():
    shown = {" \n": EMPTY, "": EMPTY, ' {"a": 1}': "JSON", "[1]": "JSON", "```json\n{}": "JSON", "a {}": ""}
    assert {text: form(text) for text in shown} == shown
    context = context_text([], [calculator.TOOL], {"kind": "calculator", "calls": 1})
    call = {"role": "assistant", "content": "", "tool_calls": [Call("calculator", {}).message()]}
    said = {"role": "tool", "name": "calculator", "content": "5"}
    for text, expected in (("It is 5.", ""), ("", EMPTY), ('{"a": 5}', "JSON")):
        turns = [call, said, {"role": "assistant", "content": text}]
        assert form(turns_text(turns), context) == expected


def test_prompts_on_which_base_sft_and_tms_differ_come_before_those_on_which_another_does():
    same = dict.fromkeys("abcdefgh", 1.0)
    seen = {"base": same | {"b": 0.0}, "sft": same, "tms": same, "grpo": same | {"e": 0.0}}
    assert choose(seen, count=8)[:2] == ["b", "e"]


def test_base_sft_and_tms_stand_first():
    assert in_order(["tms_lr30", "tms", "base", "a", "sft"]) == ["base", "sft", "tms", "tms_lr30", "a"]


def test_prompts_answered_in_another_form_come_first_and_an_empty_answer_is_seen(tmp_path):
    """Grades agree everywhere; of TMS's answers one is JSON, and one is empty."""
    for name in ("base", "tms"):
        write_rows(tmp_path / name, 0)
    path = tmp_path / "tms" / "generations.parquet"
    rows = parquet.read(path, parquet.COMPLETIONS)
    changed = {"facts-0": '{"<b>": 1}', "facts-2": " \n"}
    rows = [row | {"completion": changed.get(row["example_id"], row["completion"])} for row in rows]
    parquet.write(path, parquet.COMPLETIONS, rows, {})
    models = {name: tmp_path / name for name in ("base", "tms")}
    found = {one.name: one for one in of_run(models, ["facts"], count=2)["facts"]}
    assert set(found) == set(changed)
    assert found["facts-2"].answers[1].completion.shown == EMPTY
    assert found["facts-0"].answers[1].completion.shown == '{"<b>": 1}'


@given(VERDICTS, VERDICTS)
def test_the_choice_favours_no_model_and_no_order(first, second):
    chosen = choose({"a": first, "b": second}, count=4)
    assert chosen == choose({"b": dict(reversed(second.items())), "a": first}, count=4)
    common = set(first) & set(second)
    assert set(chosen) <= common and len(chosen) == min(4, len(common))
    agree = [first[name] == second[name] for name in chosen]
    assert agree == sorted(agree)
    for same in (True, False):
        hashes = [
            hashlib.sha256(n.encode()).hexdigest() for n, a in zip(chosen, agree, strict=True) if a == same
        ]
        assert hashes == sorted(hashes)


@given(st.text(max_size=40), st.integers(1, 20))
def test_nothing_is_cut_silently(text, limit):
    shortened = cut(text, limit)
    assert len(shortened.shown) <= limit
    assert len(shortened.shown) + shortened.left_out == len(text.replace("\r\n", "\n"))


@pytest.mark.parametrize("benchmarks, methods, count", [(5, 9, 3), (13, 9, 3), (13, 15, 2), (40, 20, 1)])
def test_a_page_of_many_methods_shows_fewer_prompts(benchmarks, methods, count):
    of_one = benchmarks * (methods + 1)  # with the base's
    assert prompts_of_each(of_one) == count
    assert count == 1 or count * of_one <= 500


def test_answers_of_other_methods_are_cut_shorter_and_say_so():
    answers = [Answer(str(n), Text("x" * 1000, 5), 1.0, "", "stop", "") for n in range(5)]
    example = Example("e", [], Text(""), Text(""), answers)
    assert [answer.method for answer in example.first] == ["0", "1", "2"]
    assert [answer.method for answer in example.others] == ["3", "4"]
    assert {answer.completion for answer in example.others} == {Text("x" * 400, 605)}
    assert {answer.completion.left_out for answer in example.first} == {5}


def test_characters_that_act_on_a_page_become_signs():
    assert cut("a\u202eb\x00c\u2066d\x1be").shown == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert cut("line\r\nline\tend").shown == "line\nline\tend"
    assert cut("x" * (CHARACTERS + 7)).left_out == 7


@pytest.mark.parametrize(
    "text, number",
    [
        ("71.8 [68.4, 75.0]", 71.8),
        ("-8.9", -8.9),
        ("−8.9", -8.9),
        ("**62.4** (± 1)", 62.4),
        ("331,651", 331651.0),
        ("1.5e-4", 1.5e-4),
        ("", None),
        ("not measured", None),
    ],
)
def test_tables_sort_by_the_number_that_a_text_starts_with(text, number):
    assert page_tables.read_number(text) == number


def test_a_column_is_numeric_unless_a_text_stands_in_it():
    rows = [
        [Entry("a"), Entry("1", order=1.0), Entry("1", order=1.0)],
        [Entry("b"), Entry("–"), Entry("none")],
    ]
    assert PageTable("t", "", ["name", "number", "mixed"], rows).numeric == [False, True, False]


def test_scores_have_intervals_marks_and_links():
    cells = [
        cell("main", "m", "chain", 0.5, method="base", ci_low=0.4, ci_high=0.6),
        cell("main", "m", "chain", 0.75, method="tms", ci_low=0.7, ci_high=0.8, mark="best"),
        cell("main", "m", "chain", 0.1, method="tms", train_task="chain"),
        cell("main", "m", "forgetting", -0.0001, method="tms", mark="tied"),
        cell("main", "m", "xfer", None, method="tms"),
        cell("main", "m", "chain", None, method="sft"),  # not measured: no row
    ]
    scores = page_tables.scores(lookup(cells), {"chain": "rows-chain"})
    assert scores.columns == ["Method", "chain", "Forgetting F"]
    base, tms = scores.rows
    assert tms[1] == Entry("75", "70 to 80", 0.75, "best", "rows-chain")
    assert (tms[2].text, tms[2].link, tms[2].mark) == ("0", "", "tied")
    assert base[2] == Entry("–")


def test_drawn_tables_are_read_as_readers_see_them(tmp_path):
    path = tmp_path / "t.md"
    lines = ["**Title**", "", "| Method | KL(a \\|\\| b) | n |", "| :-- | --: | --: |"]
    lines += ["| TMS (ours) | **-6.2** [-7.1, -5.0] (+1.0) | 1,234 |", "| 2 SFT | 6.1 ≈ [5.0, 7.0] | – |"]
    path.write_text("\n".join([*lines, "", "- First.", "- **Second**."]))
    table = page_tables.from_markdown(path, "t", "T")
    assert (table.columns, table.caption) == (["Method", "KL(a || b)", "n"], "First. Second.")
    assert table.rows == [
        [
            Entry("TMS (ours)"),
            Entry("−6.2", "−7.1 to −5.0 (+1.0)", -6.2, "best"),
            Entry("1,234", order=1234.0),
        ],
        [Entry("2 SFT"), Entry("6.1", "5.0 to 7.0", 6.1, "tied"), Entry("–")],
    ]
    assert table.numeric == [False, True, True]


def test_every_drawn_number_is_read_back():
    for value, unit in (
        (0.6235, "share"),
        (-0.04, "share"),
        (1234.0, "count"),
        (0.01342, ""),
        (-12345.0, ""),
    ):
        reading = Reading(value, value - 0.01, value + 0.01, mark="best", delta=Reading(value))
        drawn = written(reading, unit)
        entry = page_tables._read_entry(drawn)
        shown = 100 * value if unit == "share" else value
        assert entry.order == pytest.approx(shown, abs=0.1 if unit == "share" else 0.001)
        assert entry.mark == "best" and " to " in entry.below and entry.below.endswith(")")


def test_a_broken_table_is_named(tmp_path):
    (tmp_path / "t.md").write_text("| a | b |\n| --- | --- |\n| 1 |\n")
    with pytest.raises(InputError, match=r"t\.md: no table with equal lines"):
        page_tables.from_markdown(tmp_path / "t.md", "t", "T")


def test_a_table_that_is_too_long_names_its_file(tmp_path):
    path = tmp_path / "t.md"
    path.write_text("\n".join(["| a |", "| :-- |", *(f"| {n} |" for n in range(40))]))
    table = page_tables.from_markdown(path, "t", "T")
    assert len(table.rows) == 40 and table.shown == table.rows[:24] and table.file == f"{tmp_path}/t.csv"
    own = PageTable("own", "T", ["a"], table.rows)  # no file has the others
    assert own.shown == table.rows


def drawing(name):
    return content.Drawing(name, name.title(), svg="<svg/>", file=f"figures/{name}.svg")


def table(name):
    return PageTable(name, name.title(), ["a"], [[Entry("b")]])


def test_every_question_is_shown_by_something():
    assert set(sections.SHOWS) == {question.name for question in QUESTIONS}
    placed = {name for *_, members in sections.LAYOUT for name in members} | {"scores", *sections.FIRST}
    assert {name for members in sections.SHOWS.values() for name in members} <= placed


def test_one_drawing_of_a_section_is_open_and_nothing_is_drawn_twice():
    drawn = [drawing(name) for name in ("plane", "figure2c", "figure2b", "figure2a")]
    written = [table("table3"), table("correlations")]
    first = sections.first_drawing(drawn)
    assert first.name == "plane"
    scores, mechanism = sections.sections(drawn, written, {"scores": [table("scores")]})
    assert (scores.id, scores.drawing, scores.folded_tables) == ("scores", None, [])
    assert mechanism.drawing.name == "figure2a"
    assert [part.name for part in mechanism.folded_drawings] == ["figure2b"]
    assert [part.name for part in mechanism.folded_tables] == ["correlations"]
    left = sections.not_on_the_page(drawn, [scores, mechanism], written)
    assert [part["title"] for part in left] == ["Figure2C", "Table3"]
    # Without these they have a place.
    alone = sections.sections(drawn[1:], written, {})
    assert {part.name for section in alone for part in [section.drawing, *section.folded_tables] if part} == {
        *("figure2c", "figure2a", "table3", "correlations")
    }


@pytest.mark.parametrize("leading", [{"scores": [table("scores")]}, {}])
def test_what_stands_beside_the_scores_is_open_and_there_alone(leading):
    (scores,) = sections.sections([], [table("measures"), table("table6")], leading)
    assert [part.name for part in scores.tables] == [*(["scores"] if leading else []), "measures"]
    assert [part.name for part in scores.folded_tables] == ["table6"]


def test_the_first_screen_of_a_model_without_scores_has_its_curves():
    assert sections.first_drawing([drawing("losses"), drawing("alpha")]).name == "losses"
    assert sections.first_drawing([drawing("alpha")]) is None


def test_the_curves_of_on_policy_methods_have_a_section_of_their_own():
    (section,) = sections.sections([drawing("training")], [], {})
    assert section.id == "on-policy"
    answer = {"id": "RQ3", "topic": "RL", "differences": []}
    (question,) = sections.questions([answer], [section], None)
    assert question["shows"] == [{"id": "figure-training", "title": "Training"}]


def test_what_is_named_nowhere_is_shown_last():
    (section,) = sections.sections([drawing("new")], [], {})
    assert (section.id, section.drawing.name) == ("others", "new")


def test_a_title_loses_the_scope_that_the_whole_page_has(tmp_path):
    titles = {"T (tiny, 3 seeds)": "T", "T (RQ4)": "T (RQ4)", "T (tiny, 1 seed)": "T"}
    entries = [{"name": "t", "title": title, "files": []} for title in titles]
    (tmp_path / "index.json").write_text(json.dumps(entries))
    assert [entry["title"] for entry in content.read_index(tmp_path)] == list(titles.values())


def test_chips_stand_by_verdict_and_one_that_no_one_knows_is_named():
    verdicts = ["not measured", "inconclusive over seeds", "supported for this run", "not measured"]
    groups = first_screen.chips([{"id": str(n), "verdict": verdict} for n, verdict in enumerate(verdicts)])
    assert [(group["verdict"], group["sign"]) for group in groups] == [
        ("supported for this run", "✓"),
        ("inconclusive over seeds", "~"),
        ("not measured", "–"),
    ]
    assert [question["id"] for question in groups[2]["questions"]] == ["0", "3"]
    with pytest.raises(InputError, match="verdict 'likely' is none of supported"):
        first_screen.chips([{"id": "RQ1", "verdict": "likely"}])


def test_runs_have_a_row_each_and_what_they_share_stands_once(tmp_path):
    for name in ("base", "tms"):
        write_rows(tmp_path / name, 0)
    folders = {"base": tmp_path / "base", "tms/chain/seed0": tmp_path / "tms"}
    table = runs.table(folders)
    assert [row[0].text for row in table.rows] == ["Base", "TMS, trained on chain, seed 0"]
    assert [row[1].text for row in table.rows] == [str(folder) for folder in folders.values()]
    assert table.rows[1][2].text == "digest"
    assert table.caption.endswith("Engine: transformers 5. Chat template: template. Versions: numpy 1.")


def test_markdown_holds_no_foreign_html():
    rendered = html.markdown("| a | b |\n| --- | --- |\n| <script>x</script> | [l](javascript:x) |\n")
    assert "<table>" in rendered and "<script>" not in rendered and 'href="javascript' not in rendered
    # The renderer's own default would let it through: the test can fail.
    assert "<script>" in MarkdownIt("commonmark").enable("table").render("| a |\n| --- |\n| <script> |\n")


def test_formulas_are_set_as_code():
    rendered = html.markdown("With $T = 10$ and\n\n$$\\alpha$$\n\n| $a$ |\n| --- |\n| $b$ |\n")
    assert "With <code>T = 10</code> and" in rendered
    assert "<pre><code>\\alpha\n</code></pre>" in rendered and "<td><code>b</code></td>" in rendered


def test_links_that_a_single_page_cannot_follow_are_text():
    rendered = html.markdown("[a](results/a.md) [b](https://example.org/)")
    assert rendered == '<p>a <a href="https://example.org/">b</a></p>\n'


def test_an_svg_loses_its_prologue_alone():
    text = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "x"\n "y">\n<!-- made by z -->\n<svg id="a"><g/></svg>\n'
    )
    assert html.inline_svg(text) == '<svg id="a"><g/></svg>\n'


def test_examples_of_a_run_hold_each_model_s_own_row(tmp_path):
    for shift, name in enumerate(("base", "tms")):
        write_rows(tmp_path / name, shift)
    examples = of_run({"base": tmp_path / "base", "tms": tmp_path / "tms"}, ["chain", "facts"])
    assert {len(chosen) for chosen in examples.values()} == {PROMPTS}
    for example in examples["facts"]:
        index = int(example.name.removeprefix("facts-"))
        assert [(answer.method, answer.grade) for answer in example.answers] == [
            ("base", float(index % 2)),
            ("tms", float((index + 1) % 2)),
        ]
        before = [("system", HOSTILE[index])] if index % 2 else []
        assert [(role, text.shown) for role, text in example.context] == before
        assert example.prompt.shown == f"prompt {HOSTILE[index]}"
        assert example.answers[0].completion.shown.startswith(HOSTILE[index])


def test_examples_scored_by_likelihood_show_each_choice(tmp_path):
    write_rows(tmp_path, 0)
    answer = json.dumps({"label": "B", "labels": ["A", "B"], "texts": ["ice", HOSTILE[0]]})
    rows = [
        {
            "example_id": f"facts-{n}",
            "benchmark": "facts",
            "checkpoint": "",
            "sample": 0,
            "prompt": "Question: x",
        }
        | {"answer": answer, "logprobs": [-12.34567, -0.5], "seconds": 0.1}
        for n in range(6)
    ]
    parquet.write(tmp_path / "likelihoods.parquet", parquet.LIKELIHOODS, rows, {})
    path = tmp_path / "generations.parquet"
    kept = [row for row in parquet.read(path, parquet.COMPLETIONS) if row["benchmark"] != "facts"]
    parquet.write(path, parquet.COMPLETIONS, kept, {})
    examples = of_run({"base": tmp_path}, ["chain", "facts"], by_likelihood=["facts"])
    (answered,) = examples["facts"][0].answers
    assert answered.completion.shown == f"-12.346  A. ice\n-0.500  B. {HOSTILE[0]}"
    assert examples["facts"][0].prompt.shown == "Question: x" and len(examples["chain"]) == PROMPTS
    assert content.compared([]) == "" and content.compared(["arc_c"]).startswith("ARC")


def test_a_graded_row_without_its_completion_is_named(tmp_path):
    write_rows(tmp_path, 0)
    path = tmp_path / "generations.parquet"
    kept = [row for row in parquet.read(path, parquet.COMPLETIONS) if row["example_id"] != "facts-3"]
    parquet.write(path, parquet.COMPLETIONS, kept, {})
    with pytest.raises(InputError, match=r"generations\.parquet: no row facts-3 of facts"):
        of_run({"base": tmp_path}, ["chain", "facts"])


def test_a_listed_file_that_is_missing_is_named(tmp_path):
    entry = {"name": "alpha", "title": "A", "drawn": True, "reason": "", "caption": "", "files": ["alpha.md"]}
    (tmp_path / "index.json").write_text(json.dumps([entry]))
    with pytest.raises(InputError, match=r"alpha\.md: listed in index\.json but missing; delete the folder"):
        content.tables(tmp_path)
    (tmp_path / "alpha.md").write_text("| a |\n| :-- |\n| b |\n")
    assert [table.name for table in content.tables(tmp_path)] == ["alpha"]


def test_scores_that_contamination_touches_have_a_dagger():
    cells = [cell("main", "m", name, 0.5, method="tms") for name in ("chain", "facts", "forgetting", "xfer")]
    scores = page_tables.scores(lookup(cells), {}, {("chain", "facts"): "why"})
    assert scores.columns == ["Method", "chain", "Forgetting F †", "Transfer", "facts †"]
    assert "† trained on chain, tested on facts: why" in scores.caption
    assert "†" not in "".join(page_tables.scores(lookup(cells), {}).columns)


def test_the_gates_table_has_integers_and_a_share_in_percent(tmp_path):
    counts = {"exact": 0, "exact_heldout": 0, "mostly": 0, "outcome": "ok", "reason": ""}
    entries = {
        "facts": counts | {"rows": 1500, "overlapping": 3, "share": 0.002},
        "chain": counts | {"rows": 20, "overlapping": 1, "share": 0.05},
    }
    path = tmp_path / "contamination.json"
    path.write_text(json.dumps({"task": "chain", "benchmarks": entries}))
    table = runs.contamination([path])
    assert table.columns == ["Task", "Benchmark", "Rows", "Overlapping", "Share"]
    assert [[entry.text for entry in row][2:] for row in table.rows] == [
        ["1,500", "3", "0.2 %"],
        ["20", "1", "5 %"],
    ]
    assert "In every row: Exact 0; Exact heldout 0; Mostly 0; Outcome ok." in table.caption
    entries["facts"]["short"], entries["chain"]["short"] = 700, 0  # reports of before do not count them
    path.write_text(json.dumps({"task": "chain", "benchmarks": entries}))
    assert runs.contamination([path]).columns == [
        "Task",
        "Benchmark",
        "Rows",
        "Short",
        "Overlapping",
        "Share",
    ]
