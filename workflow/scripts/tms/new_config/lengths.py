"""Lengths of a user's rows in tokens of a model."""

from dataclasses import dataclass
from statistics import median

from tms.generation.chat import ChatFormat

SAMPLE = 4000  # rows that are tokenised, spread evenly; and the longest
LONGEST = 50  # rows of the most characters, of prompts and of answers


@dataclass(frozen=True)
class Lengths:
    """Tokens of prompts, chat template included, and of answers, end included.

    Attributes:
        prompts, answers: of rows that are spread evenly.
        longest_prompt, longest_answer: of all.
    """

    prompts: list[int]
    answers: list[int]
    longest_prompt: int
    longest_answer: int

    @property
    def middle(self) -> tuple[int, int]:
        """Medians of prompts and answers."""
        return int(median(self.prompts)), int(median(self.answers))

    def cut(self, max_new_tokens: int) -> float:
        """Share of the answers that are longer."""
        return sum(length > max_new_tokens for length in self.answers) / len(self.answers)


def measure(rows: list[dict], chat: ChatFormat) -> Lengths:
    """Measure prepared rows (`prompt`, `context`, `solution`).

    Raises:
        InputError: the chat template refuses a row.
    """
    step = -(-len(rows) // SAMPLE)
    even = rows[::step]
    prompts = [_prompt(chat, row) for row in even]
    answers = [_answer(chat, row) for row in even]
    by_prompt = sorted(rows, key=lambda row: len(row["prompt"]) + len(row.get("context", "")))
    by_answer = sorted(rows, key=lambda row: len(row["solution"]))
    return Lengths(
        prompts,
        answers,
        max([*prompts, *(_prompt(chat, row) for row in by_prompt[-LONGEST:])]),
        max([*answers, *(_answer(chat, row) for row in by_answer[-LONGEST:])]),
    )


def _prompt(chat: ChatFormat, row: dict) -> int:
    return len(chat.prompt_ids(row["prompt"], row.get("context", "")))


def _answer(chat: ChatFormat, row: dict) -> int:
    return len(chat.answer_ids(chat.plain(row["solution"]))[0])
