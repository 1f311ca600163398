"""The summary for a pull request: about 20 lines with the sentence, the table, how sure, and what made it."""

from helpers.report_inputs import ANSWER

from tms.report.answer.summary import document_block, summary, terminal


def test_a_summary_has_all_in_about_twenty_lines():
    made = {"Made by": "snakemake -- x", "Commit": "", "Digest of the settings": "abc"}
    lines = summary(ANSWER, made, {"report": "report.html"}).splitlines()
    assert len(lines) <= 24
    assert lines[:3] == ["# m: 3 seeds", "", f"**{ANSWER['sentence']}**"]
    assert "| TMS | 72 % (69 to 76) | 92 % (90 to 94) | -8 points (-10 to -6) | about 2.4× |" in lines
    text = "\n".join(lines)
    assert "over test examples and 3 seeds" in text and ANSWER["notes"][0] in text
    assert "- Made by: `snakemake -- x`\n- Digest of the settings: `abc`\n" in text and "Commit" not in text
    assert text.endswith("- [report](report.html)")


def test_a_note_is_no_markdown():
    note = "a <b> of *x*,\n# not a [heading](http://x)"
    written = "- a &lt;b> of \\*x\\*,<br># not a [heading]\\(http://x)\n"
    assert written in summary(ANSWER | {"notes": [note]}, {}, {})


def test_terminal_and_document_say_the_same():
    for text in (terminal(ANSWER), document_block(ANSWER)):
        assert ANSWER["sentence"] in text and "about 2.4×" in text
    assert "alone" in terminal(ANSWER | {"seeds": [0]})
