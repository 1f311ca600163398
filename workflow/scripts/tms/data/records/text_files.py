"""Rows of a text file, with their lines: JSONL, JSON and CSV, each line or field of bounded length."""

import csv
import json
from collections.abc import Callable, Iterator

from tms.data.records.values import DECODER, LONGEST, shown
from tms.io.errors import first_line

MOST_COLUMNS = 1000
REMEDY = "save it as UTF-8"

Lines = Iterator[tuple[int, str | None]]
Add = Callable[[int, str], None]  # takes a line's number and what is wrong with it


def lines_of(stream, add: Add) -> Lines:
    """Lines of a UTF-8 file with their numbers; None for one that cannot be read, which is a fault."""
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST)
            add(number, f"longer than {LONGEST >> 20} MiB; shorten it")
            yield number, None
            continue
        yield number, _decoded(line, number, add)


def _decoded(line: bytes, number: int, add: Add) -> str | None:
    """The text of a line of UTF-8; None where it is none, or holds NUL bytes."""
    if b"\0" in line:
        add(number, f"NUL bytes (UTF-16, or no text at all?); {REMEDY}")
        return None
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        add(
            number,
            f"no UTF-8 (byte 0x{line[error.start]:02x} at place {error.start + 1}; Latin-1 or Windows-1252?)"
            f"; {REMEDY}",
        )
        return None


def jsonl_items(lines: Lines, add: Add) -> Iterator[tuple[int, dict]]:
    first = True
    for number, line in lines:
        if line is None or not line.strip():
            continue
        if first and line.lstrip().startswith("["):
            add(number, "begins with [: one JSON list, not an object a line; name the file .json")
            return
        first = False
        try:
            item = DECODER.decode(line.rstrip())
        except (ValueError, RecursionError) as error:
            add(number, f"broken JSON ({_json_error(error)}); correct the line")
            continue
        if isinstance(item, dict):
            yield number, item
        else:
            add(number, f"{shown(item)} is no object; write {{...}} with the columns' names")


def _json_error(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at place {error.colno}"
    return first_line(error)


def json_items(content: bytes, add: Add, one_line: bool = False) -> Iterator[tuple[int, dict]]:
    """Objects of a JSON list, each with the line on which it begins; a broken one ends the file.

    A list that is all on `one_line` has the rows' numbers instead.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # the lines are told one by one
        for number, line in enumerate(content.split(b"\n"), start=1):
            _decoded(line, 0 if one_line else number, add)
        return
    place = _next(text, 0)
    if text[place : place + 1] != "[":
        if text[place : place + 1] == "{":
            add(
                1,
                "an object, no list of rows; write [{...}, {...}] (a file of an object a line is a .jsonl)",
            )
        else:
            add(1, "no JSON list of rows; write [{...}, {...}]")
        return
    number, counted = 0 if one_line else 1, 0
    place = _next(text, place + 1)
    while text[place : place + 1] != "]":
        number, counted = number + (1 if one_line else text.count("\n", counted, place)), place
        try:
            item, end = DECODER.raw_decode(text, place)
        except json.JSONDecodeError as error:
            line = number if one_line else error.lineno
            add(line, f"broken JSON ({_json_error(error)}); correct it (rows after it are not read)")
            return
        except (ValueError, RecursionError) as error:
            add(number, f"broken JSON ({_json_error(error)}); correct it (rows after it are not read)")
            return
        if isinstance(item, dict):
            yield number, item
        else:
            add(number, f"{shown(item)} is no object; write {{...}} with the columns' names")
        place = _next(text, end)
        if text[place : place + 1] == ",":
            place = _next(text, place + 1)
        elif text[place : place + 1] != "]":
            number += text.count("\n", counted, place)
            add(number, "broken JSON (no comma or ] after a row); correct it (rows after it are not read)")
            return
    if rest := text[_next(text, place + 1) :]:
        number += text.count("\n", counted, len(text) - len(rest))
        add(number, f"{shown(rest[:80])} after the list's end; remove it")


def _next(text: str, place: int) -> int:
    """The place of the next character that is no space."""
    return json.decoder.WHITESPACE.match(text, place).end()


def csv_items(lines: Lines, add: Add, columns: dict[str, None]) -> Iterator[tuple[int, dict]]:
    last = size = 0  # number of the last line that the reader has taken, bytes of the row's lines

    def texts() -> Iterator[str]:
        nonlocal last, size
        for number, line in lines:
            last = number
            if line is None:  # the fault is noted; what its row would be is not known
                raise _Unreadable
            size += len(line)
            if size > LONGEST:
                raise csv.Error(f"a row of more than {LONGEST >> 20} MiB")
            yield line

    csv.field_size_limit(LONGEST)
    reader = csv.reader(texts(), strict=True)
    names: list[str] = []
    while True:
        number, size = last + 1, 0
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _Unreadable:
            reader = csv.reader(texts(), strict=True)
            continue
        except csv.Error as error:
            add(number, f"broken CSV ({error}); is a quotation mark not closed? (rows after it are not read)")
            return
        if not fields:
            continue
        if not names:
            names = fields
            if fault := _header_fault(names):
                add(number, fault)
                return
            columns.update(dict.fromkeys(names))
        elif len(fields) != len(names):
            add(
                number,
                f"{len(fields)} fields, but the header names {len(names)}; put a text that holds commas into "
                f"quotation marks",
            )
        else:
            yield number, dict(zip(names, fields, strict=True))


class _Unreadable(Exception):
    """A line that cannot be read."""


def _header_fault(names: list[str]) -> str | None:
    """Faults of the names of a CSV file's columns."""
    if len(names) == 1:
        for sign, word in ((";", "';'"), ("\t", "tabs"), ("|", "'|'")):
            if sign in names[0]:
                return f"the columns are separated by {word}; write the file with commas"
    if len(names) > MOST_COLUMNS:
        return f"{len(names)} columns; keep those that are used"
    if twice := [name for name in names if names.count(name) > 1]:
        return f"two columns are called {shown(twice[0])}; rename one"
    return None
