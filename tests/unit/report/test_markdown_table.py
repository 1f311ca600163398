"""Tables in Markdown: no text leaves its entry, and what was written can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tms.report.markdown_table import escaped, page, table, unescaped

TEXT = "a|b\n<script>*x* _y_ `z` [a](b) $x$ ~~n~~ __init__ \\\\| &lt; <br>"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("a|b\n<script>*x*_`", "a\\|b<br>&lt;script>\\*x\\*\\_\\`"),
        ("\\| [a](b) $x$ ~~", "\\\\\\| [a]\\(b) &#36;x&#36; \\~\\~"),
        ("train_sft, theta_0, _x_", "train_sft, theta_0, \\_x\\_"),
        ("62.4 [61.1, 63.5]", "62.4 [61.1, 63.5]"),
        ("one\r\n two\t three\u2028four", "one<br>two three<br>four"),
    ],
)
def test_nothing_in_a_text_is_read_as_markdown(text, entry):
    assert escaped(text) == entry


def test_a_reader_of_markdown_sees_the_text():
    lines = table(["What", TEXT], [["x", TEXT]], numbers=0)
    page_ = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(lines)
    assert page_.count("<td>") == page_.count("<th>") == 2
    assert not any(tag in page_ for tag in ("<script", "<em>", "<a ", "<code>", "<s>", "<strong>"))


@given(st.text(alphabet="ab_*[]()|\\\\&<>;#36$~`lt brn/ \n", max_size=12))
def test_what_was_written_is_read(text):
    plain = " ".join(part for line in text.splitlines() for part in [" ".join(line.split())])
    assert unescaped(escaped(text)) == plain


def test_a_page_has_a_title_a_table_and_notes():
    text = page("T", ["A", "B"], [["x_y", "**1** [0, 2]"]], ["One\n\n| note"], numbers=1)
    assert text == "**T**\n\n| A | B |\n| --- | --: |\n| x_y | **1** [0, 2] |\n\n- One | note\n"
    assert page("T", ["A"], [["x"]]).endswith("| x |\n")
