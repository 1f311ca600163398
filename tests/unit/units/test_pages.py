"""Tables in Markdown about the units of a study."""

from tms.config.units import Unit
from tms.io import parquet
from tms.report.document_tables import tables
from tms.report.page import examples
from tms.units.pages import answer_tables, contents_table, stages_table, units_table
from tms.units.views import View

RECORD = {
    "elapsed_seconds": 90.0,
    "commit": "abc+",
    "machine": {"processor": "CPU", "cores": 2},
    "stages": {
        "grade": {"jobs": 2, "seconds": 30.0, "cpu_seconds": 60.0},
        "train_sft": {"jobs": 1, "seconds": 60.0, "cpu_seconds": 120.0},
    },
}


def table_of(text: str, folder) -> list[str]:
    """The table of a page, as a document shows it, without its notes."""
    (folder / "page.md").write_text(text)
    return tables([], folder)("page").strip().split("\n\n")[0].splitlines()


def test_units_have_their_times_and_those_of_other_settings_are_named(tmp_path):
    entries = [Unit(name, "m", seed, ("sft", "tms")) for seed, name in enumerate(("in", "old", "later"))]
    records, other = {"in": RECORD, "old": RECORD}, {"old": "x.json: --alpha 0.25, now 0.5"}
    code = {"in": ["grade", "harvest"], "old": [], "new": ["grade", "harvest"], "own": ["drift"]}
    text = units_table(entries, records, other, code)
    assert table_of(text, tmp_path)[2:] == [
        "| in | m | 0 | sft, tms | in | 1.5 | 3.0 | CPU, 2 cores | abc+ |",
        "| old | m | 1 | sft, tms | other settings | 1.5 | 3.0 | CPU, 2 cores | abc+ |",
        "| later | m | 2 | sft, tms | to do |  |  |  |  |",
    ]
    assert "- old is left out, for it was made with other settings (x.json: --alpha 0.25, now 0.5)." in text
    assert "- in, new ran other code than today's of grade, harvest." in text and "old ran" not in text
    assert "- own ran other code than today's of drift." in text


def test_stages_are_summed_over_units_the_longest_first(tmp_path):
    lines = table_of(stages_table({"a": RECORD, "b": RECORD}), tmp_path)
    assert lines[2:] == ["| train_sft | 2 | 2.0 | 4.0 |", "| grade | 4 | 1.0 | 2.0 |"]


def test_runs_that_the_tables_lack_are_named():
    views = [View("m", (0, 1), ("sft",)), View("m", (0,), ("sft", "tms"))]
    planned = [("sft", 0), ("sft", 1), ("tms", 0), ("grpo", 1), ("tms", 1)]
    text = contents_table(views, planned)
    assert "| 0, 1 | sft | yes |" in text and "| 0 | sft, tms | no |" in text
    assert "- Not in these tables, but in those of other seeds: seed 0 of tms." in text
    assert "- In no table: seed 1 of grpo, tms." in text


def test_answers_before_and_after_are_those_of_the_base_and_of_sft_and_tms_at_each_rate(tmp_path):
    config = {
        "experiments": {"main": ["tms", "sft", "grpo", "sft_lr10"]},
        "models": {"m": {"suite": "s", "experiments": ["main"]}},
        "suites": {"s": {"targets": ["t"], "retention": ["chat"]}},
        "methods": {name: {"kind": name[:3]} for name in ("sft", "sft_lr10", "tms")}
        | {"grpo": {"kind": "grpo"}},
        "tasks": {"t": {"grader": "json"}, "chat": {"grader": "regex"}},
    }
    for place, answer, grade in (
        ("base", "Paris", 1.0),
        ("sft/t/seed1", '{"a": 1}', 0.0),
        ("sft_lr10/t/seed1", "paris", 0.5),
        ("tms/t/seed1", "", 0.0),
    ):
        row = {"benchmark": "chat", "example_id": "c1"}
        row |= {"prompt": "Capital?", "completion": answer, "answer": "Paris", "finish_reason": "stop"}
        row |= {"grade": grade, "extracted": "", "reason": "", "context": ""}
        for name, columns in (("generations", examples.READ), ("grades", examples.GRADED)):
            parquet.write(tmp_path / place / f"{name}.parquet", columns, [row], {})
    texts = answer_tables(config, View("m", (1,), ("sft", "tms")), tmp_path)
    assert list(texts) == ["examples_t", "examples_chat", "forms_chat"]
    lines = table_of(texts["examples_chat"], tmp_path)
    assert lines[0] == "| Prompt | Base | SFT | SFT lr10 | TMS |"
    assert lines[2] == '| Capital? | Paris ✓ | {"a": 1} ✗ | paris (0.50) | (empty) ✗ |'
    assert table_of(texts["forms_chat"], tmp_path)[2:] == [
        "| Base | 1 | 0 | 0 | 0 | 1 | Paris |",
        '| SFT | 1 | 0 | 1 | 0 | 1 | {"a": 1} |',
        "| SFT lr10 | 1 | 0 | 0 | 0 | 1 | paris |",
        "| TMS | 1 | 1 | 0 | 0 | 1 | (empty) |",
    ]


def test_forms_of_answers_are_counted_over_all_seeds(tmp_path):
    config = {
        "experiments": {"main": ["sft"]},
        "models": {"m": {"suite": "s", "experiments": ["main"]}},
        "suites": {"s": {"targets": ["t"], "retention": ["chat"]}},
        "methods": {"sft": {"kind": "sft"}},
        "tasks": {"t": {"grader": "json"}, "chat": {"grader": "regex"}},
    }
    answers = {
        "base": ["Paris", "Rome"],
        "sft/t/seed0": ["I am an assistant.", "Capital? Paris"],
        "sft/t/seed1": ["I am an assistant. ", " [1, 2]"],
    }
    for place, of_place in answers.items():
        rows = [
            {
                "benchmark": "chat",
                "example_id": str(i),
                "context": "",
                "prompt": "Capital?",
                "answer": "Paris",
            }
            | {"completion": answer, "finish_reason": "stop", "grade": 0.0, "extracted": "", "reason": ""}
            for i, answer in enumerate(of_place)
        ]
        for name, columns in (("generations", examples.READ), ("grades", examples.GRADED)):
            parquet.write(tmp_path / place / f"{name}.parquet", columns, rows, {})
    texts = answer_tables(config, View("m", (0, 1), ("sft",)), tmp_path)
    lines = table_of(texts["forms_chat"], tmp_path)
    assert lines[2] in [f"| Base | 2 | 0 | 0 | 0 | 1 | {name} |" for name in ("Paris", "Rome")]
    assert lines[3] == "| SFT | 4 | 0 | 1 | 1 | 2 | I am an assistant. |"
