"""Prepared rows of what a file or hub split holds."""

import difflib
import json
from collections import Counter
from dataclasses import dataclass, field

from tms.data.choice_prompt import choice_row
from tms.data.records import choices, conversations, values
from tms.data.records.conversations import Turn
from tms.data.records.files import Table
from tms.data.records.findings import Findings
from tms.data.records.options import COLUMNS, RecordOptions
from tms.data.records.split import example_id
from tms.data.records.values import Unusable

# Our word -> names that files give such a column, the likelier first: for a guess, and for a remedy.
NAMES = {
    "messages": ("messages", "conversations", "conversation", "chat", "turns", "dialogue"),
    "prompt": ("prompt", "question", "instruction", "input", "query", "user", "request", "problem", "text"),
    "answer": (
        *("answer", "response", "output", "completion", "reply", "assistant", "solution", "target"),
        "answers",
    ),
    "choices": ("choices", "options"),
}


@dataclass
class Rows:
    """Rows of one file or hub split.

    Attributes:
        rows: prepared rows, each with `key`, the text that chooses its split.
        used: our word -> the column that is read for it.
        roles: role -> number of messages.
        duplicates: rows left out, since an equal prompt stands before (`duplicates: first`).
    """

    rows: list[dict] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    roles: Counter = field(default_factory=Counter)
    duplicates: int = 0


def wanted_columns(options: RecordOptions) -> set[str]:
    """Columns of a file that may be read."""
    return {options.columns.get(word, word) for word in COLUMNS}


def rows_of(table: Table, options: RecordOptions, found: Findings) -> Rows:
    """Make rows of a table; what is wrong goes into `found`."""
    made = Rows()
    if not table.columns:
        if not found.count:
            found.add(0, "no rows; write some into it")
        return made
    made.used = _columns(list(table.columns), options, found)
    if not made.used:
        return made
    if not table.rows and not found.count:
        found.add(0, "no rows; write some below the columns' names")
    seen: dict[str, tuple[int, int]] = {}  # example id -> its first item, and where that stands
    for count, (place, item) in enumerate(table.rows):
        faults: list[str] = []
        for row in _rows(item, made, options, faults):
            first, where = seen.setdefault(row["example_id"], (count, place))
            if first == count:  # no two turns of a conversation have the same messages before them
                made.rows.append(row)
                continue
            made.duplicates += 1
            if options.duplicates == "refuse":
                faults.append(
                    f"the same prompt as {found.unit} {where}; remove one, or set options.duplicates: first"
                )
        for fault in faults:
            found.add(place, fault)
    return made


def _columns(names: list[str], options: RecordOptions, found: Findings) -> dict[str, str]:
    """Our word -> the column that is read for it; empty where one is missing."""
    given = options.columns
    has = {word: given.get(word, word) for word in COLUMNS if given.get(word, word) in names}
    missing = [word for word in given if word not in has]
    for word in missing:
        found.add(0, f"no column {given[word]!r} ({_listed(names)}){_meant(word, given[word], names)}")
    if missing:
        return {}
    if options.answers == "none":
        if "prompt" not in has:
            found.add(0, f"no column 'prompt' ({_listed(names)}){_meant('prompt', 'prompt', names)}")
        return {word: name for word, name in has.items() if word == "prompt"}
    talks = "messages" in given or ("messages" in has and not {"prompt", "answer"} <= set(has))
    extra = {word: has[word] for word in ("gold", "choices") if word in has and options.train_on == "last"}
    if talks and not {"prompt", "answer"} & set(given):
        return {"messages": has["messages"]} | extra
    lacking = [word for word in ("prompt", "answer") if word not in has]
    for word in lacking:
        also = " and no column 'messages'" if word == "prompt" and "messages" not in has else ""
        found.add(0, f"no column {word!r}{also} ({_listed(names)}){_meant(word, word, names)}")
    return {} if lacking else {word: has[word] for word in ("prompt", "answer")} | extra


def _name(name: str) -> str:
    """A column's name in a message: it is the file's text."""
    return name if name.isprintable() and len(name) <= values.SHOWN else values.shown(name)[1:-1]


def _listed(names: list[str]) -> str:
    return f"it has {', '.join(map(_name, names[:12]))}{' ...' if len(names) > 12 else ''}"


def _meant(word: str, name: str, names: list[str]) -> str:
    """The remedy for a missing column: one that may be meant."""
    lower = {other.lower(): other for other in reversed(names)}
    usual = [lower[other] for other in NAMES.get(word, ()) if other in lower]
    near = [lower[other] for other in difflib.get_close_matches(name.lower(), list(lower), n=1)]
    if not near + usual:
        return f"; name it, options.columns: {{{word}: NAME}}"
    meant = _name((near + usual)[0])
    return f"; did you mean {meant}? options.columns: {{{word}: {meant}}}"


def _rows(item: dict, made: Rows, options: RecordOptions, faults: list[str]) -> list[dict]:
    """Rows of one line; none, and faults, where something is wrong with it."""
    used = made.used
    absent = [word for word in used if used[word] not in item and not (word == "gold" and "answer" in used)]
    faults += [f"no {used[word]!r}; add it, or remove the row" for word in absent]
    if absent:
        return []
    if "messages" in used:
        turns = conversations.turns(item[used["messages"]], options.train_on == "all", faults.append)
        made.roles += conversations.roles(item[used["messages"]]) if turns else Counter()
    else:
        turns = _turn(item, used, faults)
    if faults:
        return []
    try:
        return [_row(turn, item, used) for turn in turns]
    except Unusable as error:
        faults.append(str(error))
    except RecursionError:
        faults.append("the gold is nested too deep; write it flat")
    return []


def _turn(item: dict, used: dict[str, str], faults: list[str]) -> list[Turn]:
    """The prompt and answer of a row without a conversation."""
    texts = {"answer": ""}
    for word in [word for word in ("prompt", "answer") if word in used]:
        try:
            shown = word if used[word] == word else f"{word} (column {_name(used[word])})"
            texts[word] = values.text(item[used[word]], shown)
        except Unusable as error:
            faults.append(str(error))
    if faults:
        return []
    return [Turn("", texts["prompt"], texts["answer"], texts["prompt"], texts["prompt"])]


def _row(turn: Turn, item: dict, used: dict[str, str]) -> dict:
    """A prepared row. With `choices` it is that of every multiple-choice task: the prompt lists the options.

    Raises:
        Unusable: gold or choices cannot be read.
    """
    gold = item.get(used.get("gold", ""))
    row = {
        "prompt": turn.prompt,
        "answer": turn.answer if gold is None else values.gold(gold),
        "problem": turn.problem,
        "solution": turn.answer,
    }
    if "choices" in used:
        raw = item[used["choices"]]
        texts = choices.options(raw)
        answer = item[used["answer"]] if "answer" in used else turn.answer
        index = choices.gold_index(answer if gold is None else gold, raw, texts)
        made = choice_row("", turn.prompt, texts, index)
        row |= {name: made[name] for name in ("prompt", "answer")}
        row["problem"] = "\n".join([turn.problem, *texts])
        if gold is None:  # the answer names an option: it is stated in the form that the prompt asks for
            row["solution"] = f"answer: {json.loads(made['answer'])['label']}"
    return row | {
        "example_id": example_id(row["prompt"], turn.context),
        "context": turn.context,
        "key": turn.key,
    }
