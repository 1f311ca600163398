"""The answer as text: for a terminal, for a document, and as the summary for a pull request or a chat."""

from collections.abc import Mapping, Sequence

from tms.experiments import labels
from tms.io.text_table import aligned
from tms.report import markdown_table


def lines(answer: Mapping) -> list[list[str]]:
    """The table: a head, then a row an entry; each number with its interval behind it."""
    head = ["", *(number["title"] for number in answer["rows"][0]["numbers"])]
    return [head, *([row["label"], *map(with_interval, row["numbers"])] for row in answer["rows"])]


def with_interval(number: Mapping) -> str:
    """A number's text, with its interval in brackets where it has one."""
    return number["text"] + (f" ({number['interval']})" if number["interval"] else "")


def table(answer: Mapping) -> str:
    """The table in Markdown."""
    head, *rows = lines(answer)
    return markdown_table.table(head, rows, len(head) - 1)


def how_sure(answer: Mapping) -> str:
    """The meaning of the intervals."""
    number = len(answer["seeds"])
    over = "test examples alone" if number == 1 else f"test examples and {number} seeds"
    return f"In brackets: 95 % intervals, over {over}."


def terminal(answer: Mapping) -> str:
    """The table and the sentence for a terminal."""
    table = aligned(lines(answer))
    return "\n".join([table, "", answer["sentence"], "", how_sure(answer), *answer["notes"]])


def document_block(answer: Mapping) -> str:
    """The table, the sentence and the notes for a document in Markdown."""
    said = " ".join([how_sure(answer), *map(markdown_table.escaped, answer["notes"])])
    return f"{table(answer)}\n\n{_bold(answer['sentence'])}\n\n{said}"


def _bold(text: str) -> str:
    return f"**{markdown_table.escaped(text)}**"


def summary(
    answer: Mapping, made: Mapping[str, str], links: Mapping[str, str], choices: Sequence[str] = ()
) -> str:
    """The summary in Markdown, about 20 lines.

    Args:
        answer: as answer.json has it.
        made: what identifies the results, e.g. `Command` and `Commit`; empty ones are left out.
        links: title -> address, from the summary's folder.
        choices: sentences on what to use.
    """
    names = {number["name"]: number["title"] for number in answer["rows"][0]["numbers"]}
    about = [f"{names[name]}: {text}." for name, text in answer["about"].items()]
    facts = [f"{name}: `{value}`" for name, value in made.items() if value]
    facts += [f"[{name}]({address})" for name, address in links.items()]
    parts = [f"# {answer['model']}: {labels.seeds(len(answer['seeds']))}", _bold(answer["sentence"])]
    parts += [table(answer), how_sure(answer)]
    parts += ["\n".join(f"- {markdown_table.escaped(line)}" for line in choices)] if choices else []
    plain = [markdown_table.escaped(line) for line in [*answer["notes"], *about]]
    parts.append("\n".join(f"- {line}" for line in [*plain, *facts]))
    return "\n\n".join(parts) + "\n"
