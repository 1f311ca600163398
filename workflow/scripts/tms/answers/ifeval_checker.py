"""The official IFEval checks, made deterministic.

The code is Google's as lm-eval ships it (https://github.com/EleutherAI/lm-evaluation-harness,
lm_eval/tasks/ifeval; original: https://github.com/google-research/google-research/tree/master/
instruction_following_eval). What is random there is fixed here:

- the language detector is seeded with 0;
- where an instruction's letter is none of a to z (keys 1122, `#`, and 1129, `!`), the official code draws a
  letter and counts that one; here the sign itself is counted, as the prompt says.

One thing is stricter: a response in which no language is found ("3!!") is in none; the official code takes it
for any that is asked for.

Two kinds of instructions need NLTK's model of sentences and words, punkt, a download of its own.
"""

import logging
import os
import re
from functools import cache
from types import ModuleType

from tms.data.ifeval_constraints import NEEDS_PUNKT
from tms.io.errors import InputError

PUNKT = "tokenizers/punkt_tab/english"
LONGEST_RESPONSE = 30_000  # characters; a longer response follows nothing
# The official expression of a bullet begins anew at each empty line; one counts as several do.
EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")


@cache
def official() -> ModuleType:
    """The official registry of checks, imported without its download.

    The module fetches punkt when it is imported on local rank 0, so the import pretends to be rank 1.
    """
    before = os.environ.get("LOCAL_RANK")
    os.environ["LOCAL_RANK"] = "1"
    try:
        from lm_eval.tasks.ifeval import instructions_registry
    finally:
        if before is None:
            del os.environ["LOCAL_RANK"]
        else:
            os.environ["LOCAL_RANK"] = before
    # Where no language is found it would log the whole response.
    logging.getLogger("lm_eval.tasks.ifeval.instructions").setLevel(logging.CRITICAL)
    import langdetect

    langdetect.DetectorFactory.seed = 0
    return instructions_registry


def has_punkt() -> bool:
    """Whether NLTK finds its punkt model, in a folder named by NLTK_DATA or one of its usual places."""
    import nltk

    try:
        nltk.data.find(PUNKT)
    except LookupError:
        return False
    return True


def require_punkt(instruction: str) -> None:
    """Raise InputError where an instruction needs punkt and it is not there."""
    if instruction in NEEDS_PUNKT and not has_punkt():
        raise InputError(
            f"IFEval: {instruction} needs NLTK's punkt model; fetch it with "
            f"`.venv/bin/snakemake --cores 1 -- download_punkt`, name in NLTK_DATA a folder that holds "
            f"{PUNKT}, or leave such prompts out (options: {{sentences: false}} of the task)"
        )


def follows(response: str, instruction: str, kwargs: dict) -> bool:
    """Whether a response follows one instruction; an empty one follows none.

    Args:
        response: the text.
        instruction: id, e.g. `punctuation:no_comma`.
        kwargs: the instruction's arguments, without nulls.

    Raises:
        InputError: an unknown instruction, or punkt is needed and missing.
    """
    if instruction not in official().INSTRUCTION_DICT:
        raise InputError(f"IFEval: no instruction {instruction!r}; run prepare again")
    if not response.strip() or len(response) > LONGEST_RESPONSE:
        return False
    require_punkt(instruction)
    check = official().INSTRUCTION_DICT[instruction](instruction)
    check.build_description(**kwargs)
    if instruction == "detectable_format:number_bullet_lists":
        response = EMPTY_LINES.sub("\n\n", response)
    if instruction == "keywords:letter_frequency":
        check._letter = kwargs["letter"].strip().lower()
    try:
        if instruction == "language:response_language":
            return _language(response) == kwargs["language"]
        return bool(check.check_following(response))
    except RecursionError:  # JSON that is nested too deeply for the parser is none
        return False


def _language(response: str) -> str | None:
    """The language of a response; None where langdetect finds none."""
    import langdetect

    try:
        return langdetect.detect(response)
    except langdetect.LangDetectException:
        return None


def loose_variants(response: str) -> list[str]:
    """The official "loose" readings: without first line, last line, or both; each also without asterisks."""
    lines = response.split("\n")
    variants = [response] + ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    return list(dict.fromkeys([*variants, *(variant.replace("*", "") for variant in variants)]))
