"""The tokenizer of an exported folder: whoever opens it with AutoTokenizer gets the run's token ids."""

import json
from pathlib import Path

from tms.generation.chat import ChatFormat
from tms.generation.template import ANSWER, DATE, PROBES
from tms.io import json_file
from tms.io.bounded import bounded
from tms.io.conversation import read_context
from tms.io.errors import InputError, first_line

CONFIG, TEMPLATE = "tokenizer_config.json", "chat_template.jinja"
# The class that reads tokenizer.json as it is: AutoTokenizer may otherwise rebuild it by the model's type.
AS_IT_IS = "PreTrainedTokenizerFast"
# Templates that print the date (Llama 3) ask for one of these; a run's prompts have a fixed one.
DATED = f"{{%- set date_string = '{DATE}' %}}{{%- macro strftime_now(format) %}}{DATE}{{%- endmacro %}}"
# What tokenizers split in different ways: digits, marks, spaces, line ends, accents, other scripts.
TEXTS = (
    *PROBES,
    ANSWER,
    "It's 12345.67 \u20ac on 2024-01-31,\tor\n\n  don't   pay!?\r\n",
    "na\u00efve e\u0301t\u00e9 \u4f60\u597d \u041f\u0440\u0438\u0432\u0435\u0442 \U0001f600",
    "def f(x):\n    return x**2  # HTTPServer_v2",
)


def settle(folder: Path, run: ChatFormat, rows: list[dict]) -> None:
    """Write the chat template of a folder, and mend its tokenizer's settings where AutoTokenizer would give
    other ids than the run had.

    Args:
        folder: a copy of the run's folder.
        run: the run's own chat format.
        rows: completions of the run: their prompts and texts are compared, beside `TEXTS`.

    Raises:
        InputError: no setting gives equal ids.
    """
    settings = _settings(folder)
    template = run.tokenizer.chat_template
    (folder / "chat_template.json").unlink(missing_ok=True)
    for changed in ({}, {"tokenizer_class": AS_IT_IS}):
        for text in (template, DATED + template):
            (folder / TEMPLATE).write_text(text)
            (folder / CONFIG).write_text(json.dumps(settings | changed, indent=2, ensure_ascii=False) + "\n")
            if (different := difference(folder, run, rows)) is None:
                return
    raise InputError(
        f"{run.folder}: AutoTokenizer, with which Transformers and vLLM open an exported folder, gives other "
        f"token ids than a run has, e.g. of {different!r}: transformers rebuilds the tokenizer of this "
        f"model_type; give the base a tokenizer of its kind, and train it anew"
    )


def difference(folder: Path, run: ChatFormat, rows: list[dict]) -> str | None:
    """A text of which AutoTokenizer gives other ids for a folder than the run had; None: equal everywhere."""
    from transformers import AutoTokenizer

    try:
        opened = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever the class that it chooses raises
        return f"nothing can be read ({first_line(error)})"
    for text in TEXTS:
        ids = run.tokenizer(text, add_special_tokens=False)["input_ids"]
        if ids != opened(text, add_special_tokens=False)["input_ids"]:
            return text
        if run.tokenizer.decode(ids, skip_special_tokens=True) != opened.decode(
            ids, skip_special_tokens=True
        ):
            return text
    for prompt, context in [
        *((text, "") for text in TEXTS),
        *((row["prompt"], row["context"]) for row in rows),
    ]:
        before = read_context(context)
        if before.images:
            continue  # its ids hold what the image processor gives, which these files do not change
        turns = [*before.messages, {"role": "user", "content": prompt}]
        turns = [turn | {"content": run.plain(turn["content"], context)} for turn in turns]
        tools = run.tools.plain(before.tools) if before.tools else None
        try:
            with bounded():
                found = opened.apply_chat_template(
                    turns, tools=tools, add_generation_prompt=True, return_dict=False
                )
        except Exception:  # a template's own, and what takes too much
            return prompt
        if found != run.prompt_ids(prompt, context):
            return prompt
    for row in rows:
        ids = [token for token in row["completion_ids"] if token not in run.end_token_ids]
        if read_context(row["context"]).tools:
            continue  # its text is the turns, as `prompt_ids` reads them
        if opened.decode(ids, skip_special_tokens=True) != row["completion"]:
            return row["completion"]
    return None


def _settings(folder: Path) -> dict:
    """A folder's tokenizer settings without its template, which has a file of its own."""
    file = folder / CONFIG
    settings = json_file.read(file, "config of a tokenizer") if file.exists() else {}
    return {name: value for name, value in settings.items() if name != "chat_template"}
