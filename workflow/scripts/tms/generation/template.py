"""Chat templates: which one a model folder has, and what it writes around a text."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tms.io.bounded import bounded
from tms.io.errors import InputError, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Templates that print today's date (Llama 3) print this one, else a prompt would change overnight.
DATE = "26 Jul 2024"
DAY = datetime.strptime(DATE, "%d %b %Y")

LONGEST = 1 << 20  # characters of a template, and of what it writes beside the messages
MOST_TIMES = 10  # how often it may write each character of the messages, escapes and all

# Two prompts as tasks have them, with what a template could mistake, escape or cut, and an answer.
PROBES = (
    'Which x make x < 3 & y > "4" true?\n\nName {two} of them:\n- $a$\n- \\(b\\), it\'s 50 % of it.',
    "On the Seine lies:\nA. Paris\nB. Rome",
)
LOST = {"system": "the system prompt", "user": "a turn of the user", "assistant": "an earlier answer"}
ANSWER = "Paris does, so the answer is A"


def choose_template(folder: Path, tokenizer: PreTrainedTokenizerFast) -> str:
    """The template of a model folder: the tokenizer's, else that of its processor (chat_template.json).

    Raises:
        InputError: there is none, or several and none of them is the default.
    """
    template = tokenizer.chat_template or _processors_template(folder)
    if isinstance(template, dict) and "default" in template:
        template = template["default"]
    if isinstance(template, dict) and template:
        raise InputError(
            f"{folder}: its chat templates are named {', '.join(template)}, and none is the default; put the "
            f"one to use there as chat_template.jinja"
        )
    if not isinstance(template, str) or not template:
        raise InputError(
            f"{folder}: the tokenizer has no chat template; use an instruction-tuned model, or put a "
            f"chat_template.jinja there"
        )
    if len(template) > LONGEST:
        raise InputError(
            f"{folder}: its chat template has {len(template)} characters, over {LONGEST}; put a "
            f"chat_template.jinja there"
        )
    if _has_powers(template):  # of which a few signs ask for hours in one step that nothing ends
        raise InputError(
            f"{folder}: its chat template computes a power (`**`), which no chat needs; put a "
            f"chat_template.jinja there that does not"
        )
    return template


def _has_powers(template: str) -> bool:
    from jinja2 import Environment, TemplateSyntaxError

    try:
        return any(token[1:] == ("operator", "**") for token in Environment().lex(template))
    except TemplateSyntaxError:  # `render` says where
        return False


def _processors_template(folder: Path) -> str | dict | None:
    file = folder / "chat_template.json"
    if not file.exists():
        return None
    try:
        template = json.loads(file.read_text())["chat_template"]
        if isinstance(template, list):
            return {entry["name"]: entry["template"] for entry in template}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: not a readable chat template ({error!r}); put a chat_template.jinja there"
        ) from error
    return template


def render(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    turns: list[dict],
    tools: list[dict] | None = None,
) -> str:
    """Apply the chat template to a conversation; after a user's or a tool's turn, the model's is begun.

    A template is a program of whoever made the folder: jinja2's sandbox keeps it from files and Python, and
    CPU time, memory and the length of its text are bounded (`tms.io.bounded`), for each conversation anew.

    Args:
        folder: model folder, for the message of an error.
        tokenizer: with its chat template.
        turns: messages with `role` and `content`, which is a text or a list of parts, images and texts.
        tools: functions that the model may call, in OpenAI's form.

    Raises:
        InputError: the template fails.
    """
    try:
        with bounded():
            text = tokenizer.apply_chat_template(
                turns,
                tools=tools or None,
                add_generation_prompt=turns[-1]["role"] in ("user", "tool"),
                tokenize=False,
                date_string=DATE,
                strftime_now=DAY.strftime,
            )
        text.encode()  # a half of a surrogate pair is no text
        given = sum(map(_length, turns)) + len(json.dumps([tools, _calls(turns)]))
        if len(text) > LONGEST + MOST_TIMES * given:
            raise ValueError(f"it writes {len(text)} characters")
        return text
    except Exception as error:  # jinja2's, and whatever the template's expressions raise
        raise InputError(
            f"{folder}: its chat template fails on a prompt ({first_line(error)}); correct it"
        ) from error


def _length(turn: dict) -> int:
    """Characters of a turn, whose content is a text or, with images, a list of parts."""
    content = turn["content"]
    return len(content) if isinstance(content, str) else sum(len(part.get("text", "")) for part in content)


def _calls(turns: list[dict]) -> list:
    return [turn["tool_calls"] for turn in turns if "tool_calls" in turn]


def check_template(folder: Path, tokenizer: PreTrainedTokenizerFast) -> str:
    """Check on two prompts that a template writes each as it is, and the same around both.

    Returns:
        What it writes around a user's text.

    Raises:
        InputError: the template fails, or does not.
    """
    frames = set()
    for probe in PROBES:
        text = render(folder, tokenizer, [{"role": "user", "content": probe}])
        if probe not in text:
            raise InputError(
                f"{folder}: its chat template leaves out the user's prompt, or parts of it; put a "
                f"chat_template.jinja there that prints message['content'] as it is"
            )
        frames.add(text.replace(probe, "\0"))
    if len(frames) > 1:
        raise InputError(
            f"{folder}: its chat template writes other text around one prompt than around another; put a "
            f"chat_template.jinja there that does not"
        )
    return frames.pop()


def check_conversation(folder: Path, tokenizer: PreTrainedTokenizerFast, roles: tuple[str, ...]) -> None:
    """Check on two conversations that a template keeps each message, and writes the same around both.

    A system prompt may stand anywhere (some templates put it into a user's turn); turns keep their order.

    Args:
        folder: model folder, for the message of an error.
        tokenizer: with its chat template.
        roles: of the messages, the user's prompt at the end included.

    Raises:
        InputError: the template refuses such a conversation, or loses a message of it.
    """
    shown = ", ".join(roles if len(roles) <= 5 else [*roles[:3], f"... ({len(roles)} messages)"])
    remedy = (
        f"some rows have messages before their prompt (roles {shown}): put a chat_template.jinja there that "
        f"prints each message's content as it is, or leave what it does not take out of the data"
    )
    frames = set()
    for shift in range(len(PROBES)):
        turns = _probe_turns(roles, shift)
        try:
            text = render(folder, tokenizer, turns)
        except InputError as error:
            raise InputError(f"{str(error).removesuffix('; correct it')}; {remedy}") from error
        if lost := [turn["role"] for turn in turns if turn["content"] not in text]:
            raise InputError(
                f"{folder}: its chat template leaves out {LOST[lost[0]]}, or parts of it; {remedy}"
            )
        places = [text.index(turn["content"]) for turn in turns if turn["role"] != "system"]
        if places != sorted(places):
            raise InputError(f"{folder}: its chat template puts turns into another order; {remedy}")
        frames.add(_without_contents(text, turns))
    if len(frames) > 1:
        raise InputError(
            f"{folder}: its chat template writes other text around one conversation than around another; "
            f"{remedy}"
        )


def conversation_frame(folder: Path, tokenizer: PreTrainedTokenizerFast) -> str:
    """The text that a template writes around messages of every role that it takes."""
    frame = ""
    for roles in (("system", "user"), ("user", "assistant", "user"), ("user", "assistant")):
        turns = _probe_turns(roles, 0)
        try:
            text = render(folder, tokenizer, turns)
        except InputError:
            continue  # the rows that need it are named by `check_conversation`
        frame += _without_contents(text, turns)
    return frame


def _without_contents(text: str, turns: list[dict]) -> str:
    for turn in turns:
        text = text.replace(turn["content"], "\0")
    return text


def _probe_turns(roles: tuple[str, ...], shift: int) -> list[dict]:
    return [
        {"role": role, "content": f"{PROBES[(number + shift) % len(PROBES)]} ({number})"}
        for number, role in enumerate(roles)
    ]


def without_control(control: re.Pattern, text: str) -> str:
    """A text without control tokens; what is left when they are gone may be one again."""
    while (rest := control.sub(" ", text)) != text:
        text = rest
    return text


def written_end(folder: Path, tokenizer: PreTrainedTokenizerFast) -> int | None:
    """The token that a template writes after the model's answer; None where it writes no single token.

    Some write what no generation config or tokenizer names first: Gemma's tokenizer ends a text with <eos>,
    and its template a turn with <end_of_turn>.
    """
    try:
        turns = [{"role": "user", "content": PROBES[1]}, {"role": "assistant", "content": ANSWER}]
        text = render(folder, tokenizer, turns)
    except InputError:
        return None  # a template for a single question
    _, found, rest = text.rpartition(ANSWER)
    if not found or not rest.strip():
        return None
    starts = {
        token.content: token_id
        for token_id, token in tokenizer.added_tokens_decoder.items()
        if token.content and rest.lstrip().startswith(token.content)
    }
    if starts:
        return starts[max(starts, key=len)]
    ids = tokenizer(rest.strip(), add_special_tokens=False)["input_ids"]
    return ids[0] if len(ids) == 1 and ids[0] != tokenizer.unk_token_id else None
