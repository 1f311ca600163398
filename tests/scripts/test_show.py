"""Tables and answers as they are printed."""

import json

from helpers.report_inputs import ANSWER


def test_columns_are_aligned(program, tmp_path):
    (tmp_path / "table.csv").write_text("row,chain,xfer\nbase,0.3000,\nfinal_sft,0.9000,-0.1000\n")
    done = program("show", "table.csv")
    assert done.stdout == (
        "table.csv\nrow         chain     xfer\nbase       0.3000\nfinal_sft  0.9000  -0.1000\n\n"
    )


def test_a_missing_table_is_named(program):
    done = program("show", "gone.csv")
    assert (done.returncode, done.stderr) == (
        2,
        "error: gone.csv: no such file; run the stage that makes it\n",
    )


def test_choices_are_their_sentences(program, tmp_path):
    chosen = {"choices": [{"sentence": "At most 1 point: SFT."}], "notes": ["One seed."]}
    (tmp_path / "choose.json").write_text(json.dumps(chosen))
    assert program("show", "choose.json").stdout == "choose.json\nAt most 1 point: SFT.\n\nOne seed.\n\n"
    (tmp_path / "choose.json").write_text(json.dumps({"choices": [], "notes": ["Nothing is chosen."]}))
    assert "Nothing is chosen." in program("show", "choose.json").stdout


def test_an_answer_is_its_rows_and_its_sentence(program, tmp_path):
    (tmp_path / "answer.json").write_text(json.dumps(ANSWER))
    lines = program("show", "answer.json").stdout.splitlines()
    assert lines[1].split() == ["Target", "score", "Kept", "skills", "Forgetting", "Cost"]
    assert [line.split()[0] for line in lines[2:5]] == ["Base", "SFT", "TMS"]
    assert lines[4].split("  ")[-1] == "about 2.4×" and ANSWER["sentence"] in lines
    assert max(map(len, lines[:6])) <= 120
    (tmp_path / "answer.json").write_text("{}")
    done = program("show", "answer.json")
    assert done.returncode == 2 and done.stderr.startswith("error: answer.json: not a")


def test_a_note_is_said_once_below_the_table(tmp_path, program):
    (tmp_path / "table.csv").write_text(
        "row,faq_loss,note\nbase,2.0,\nsft,1.0,not known\ntms,1.5,not known\n"
    )
    done = program("show", "table.csv")
    assert (
        done.stdout
        == "table.csv\nrow   faq_loss\nbase       2.0\nsft        1.0\ntms        1.5\n\nnote: not known\n"
    )
