"""Tokens of a task's prompts and completions: of the prepared files where they are there, else assumed."""

import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pyarrow.compute as pc
from tokenizers import Tokenizer

from tms.answers.grade import NONE
from tms.config import study
from tms.config.paths import GENERAL
from tms.config.stages import teacher as teachers
from tms.config.stages.drift import answered
from tms.config.stages.general import answers_file as general_answers
from tms.config.suite import tasks_of
from tms.config.tasks import limit, longest_row
from tms.cost_estimate import prepared_means
from tms.cost_estimate.throughput import Throughput
from tms.data import general
from tms.data.splits import SPLITS
from tms.io import parquet
from tms.io.conversation import read_context

PROMPT = ("context", "prompt")
COMPLETION = ("completion",)
SAMPLE = 500  # rows that are tokenised for a mean


@dataclass(frozen=True)
class Texts:
    """A number of rows, and the mean of each of their parts.

    Attributes:
        count: rows.
        prompt, completion: tokens; those of the prompt's images too, and of what tools wrote.
        images: tokens of the prompt's images.
        turns: of a completion; each is sampled after all before it was read.
        task: of the rows; "" where it is of no matter, and of joined ones.
        joined: those of the tasks of a joint target, of which these are all.
    """

    count: float
    prompt: float
    completion: float
    images: float = 0.0
    turns: float = 1.0
    task: str = field(default="", compare=False)
    joined: tuple["Texts", ...] = field(default=(), compare=False)

    @property
    def read(self) -> float:
        """Tokens that are read where a row is sampled: the prompt once a turn, with the turns before.

        A cache of prefixes saves all but the first; turns count as equally long.
        """
        return self.turns * self.prompt + (self.turns - 1) / 2 * self.completion

    @property
    def of_tasks(self) -> list["Texts"]:
        """The rows of each task, in the shares in which they were joined."""
        joined = sum(text.count for text in self.joined)
        if not joined:
            return [self]
        return [replace(text, count=self.count * text.count / joined) for text in self.joined]

    def seen(self, work: float) -> "Texts":
        """The rows with prompts longer by the tokens that take as long as the vision tower does.

        Args:
            work: of the tower for a token of an image, in passes of the decoder over a token.
        """
        return replace(self, prompt=self.prompt + work * self.images)


def together(texts: list[Texts]) -> Texts:
    """All rows of several texts, with their means."""
    if len(texts) == 1:
        return texts[0]
    count = sum(text.count for text in texts)
    means = (
        sum(text.count * getattr(text, name) for text in texts) / count if count else getattr(texts[0], name)
        for name in ("prompt", "completion", "images", "turns")
    )
    return Texts(count, *means, joined=tuple(texts))


def total(texts: list[Texts], *parts: str) -> float:
    """Tokens of these parts of all rows of several texts."""
    return sum(text.count * sum(getattr(text, part) for part in parts) for text in texts)


class Lengths:
    """Looks up lengths, and keeps a note of every one that had to be assumed.

    Args:
        config: the whole configuration.
        figures: what is assumed where no file tells.
        measured: read files at all.
        stale: files that will be made again: their texts have the right length, their rows may be others.
    """

    def __init__(
        self, config: dict, figures: Throughput, measured: bool = True, stale: frozenset[str] = frozenset()
    ):
        self.config, self.figures, self.measured, self.stale = config, figures, measured, stale
        self.assumed: set[str] = set()  # tasks
        # Files are read once; the folders are relative, so not once for all instances.
        self._mean = cache(self._mean_tokens)
        self._completions = cache(_completion_tokens)
        self._image_tokens, self._turns = cache(prepared_means.image_tokens), cache(prepared_means.turns)
        self._tokenizer = cache(Tokenizer.from_file)

    def examples(self, target: str, split: str, folder: str) -> Texts:
        """Prepared examples of a split; `folder` is that of the model whose tokenizer counts."""
        return together([self._examples(task, split, folder) for task in tasks_of(target)])

    def _examples(self, task: str, split: str, folder: str) -> Texts:
        count = self.config["tasks"][task].get(split, 0)
        # The gate's files, one a suite, are a little shorter than what was prepared.
        gated = sorted(Path("data", task).glob(f"*/{split}.parquet"))
        for path in (*gated[:1], Path("data", task, f"{split}.parquet")):
            if self.measured and path.exists():
                prompt = self._mean(path, PROMPT, folder)
                rows = parquet.count(path) if self.current(path) else count
                return self._texts(rows, prompt, task, folder)
        self.assumed.add(task)
        return self._texts(count, self.figures.assumed(task, "prompt"), task, folder)

    def _texts(self, count: float, prompt: float, task: str, folder: str) -> Texts:
        """Rows with so many tokens of text in their prompts, and what their task adds."""
        files = [Path("data", task, f"{split}.parquet") for split in SPLITS] if self.measured else []
        tokens, turns = self._image_tokens(tuple(files), folder), self._turns(tuple(files))
        images = self.figures.assumed(task, "images") if tokens is None else tokens
        turns = self.figures.assumed(task, "turns") if turns is None else turns
        return Texts(count, prompt + images, self._say(task), images, turns, task)

    def measured_beside(self, task: str, model: str, folder: str) -> tuple[list[Texts], list[Texts]]:
        """Prompts on which a run's KL is measured, and texts whose loss is measured beside the references."""
        suite = study.suite(self.config, model)
        heldout = self.examples(task, "heldout", folder)
        prompted = [heldout, *(self.benchmark(name, model, folder) for name in suite.retention)]
        beside = [self.benchmark(name, model, folder) for name in answered(self.config, model)]
        if suite.general:
            prompts = [row["prompt"] for row in general.read_prompts(Path(GENERAL))]
            prompted.append(Texts(len(prompts), self._by_characters(prompts), heldout.completion))
            passages = general.read_passages(Path(GENERAL))
            beside.append(Texts(len(passages), 0, self._by_characters(passages)))
        return prompted, beside

    def references(self, target: str, suite: str, teacher: str, split: str, folder: str) -> Texts:
        """Verified references of a split (train or heldout)."""
        return together([self._references(task, suite, teacher, split, folder) for task in tasks_of(target)])

    def _references(self, task: str, suite: str, teacher: str, split: str, folder: str) -> Texts:
        name = "references" if split == "train" else f"{split}_references"
        path = Path("data", task, suite, teacher, f"{name}.parquet")
        examples = self.examples(task, split, folder)
        verified = examples.count * self._kept(task, teacher)
        if self.measured and path.exists():
            return replace(
                examples,
                count=parquet.count(path) if self.current(path) else verified,
                prompt=self._mean(path, PROMPT, folder) + examples.images,
                completion=self._mean(path, COMPLETION, folder) + 1,  # the end token
            )
        self.assumed.add(task)
        return replace(examples, count=verified)

    def _kept(self, task: str, teacher: str) -> float:
        """Share of prompts that have a reference: all where answers are the data's own, or not verified."""
        own = not teachers.model(self.config, teacher)
        if own or teachers.filter_grader(self.config, task, teacher) == NONE:
            return 1.0
        return self.figures.plain["verified"]

    def benchmark(self, task: str, model: str, folder: str) -> Texts:
        """Completions of an evaluation: `limit` test examples, as long as the base's own completions."""
        examples = self.examples(task, "test", folder)
        count = min(examples.count, limit(self.config, task))
        path = Path("results", model, "base", "generations.parquet")
        if self.measured and path.exists():
            means = self._completions(path)
            if task in means:
                return replace(examples, count=count, completion=means[task])
        self.assumed.add(task)
        return replace(examples, count=count)

    def general(self, task: str, model: str, folder: str) -> Texts:
        """General prompts with the base's answers, which are as long as those that it gave."""
        examples, path = self.examples(task, "train", folder), Path(general_answers(model, task))
        if self.measured and path.exists() and task in (means := self._completions(path)):
            return replace(examples, completion=means[task])
        self.assumed.add(task)
        return examples

    def visited(self, visits: float, texts: Texts, model: str, replay: dict | None) -> list[Texts]:
        """Texts of so many visits: of a run's references, and a share of general ones where it replays."""
        if not replay:
            return [replace(texts, count=visits)]
        general = self.general(replay["task"], model, self.config["models"][model]["base"])
        of_general = replay["share"] * visits
        return [replace(texts, count=visits - of_general), replace(general, count=of_general)]

    def current(self, path: Path) -> bool:
        """Whether a file's rows are those that later stages will see."""
        return self.measured and path.exists() and str(path) not in self.stale

    def _say(self, task: str) -> float:
        """Tokens that a completion of the task is assumed to have."""
        return min(self.figures.assumed(task, "completion"), longest_row(self.config, task, 0))

    def _mean_tokens(self, path: Path, columns: tuple[str, ...], folder: str) -> float:
        """Mean tokens of columns of text: by the model's tokenizer where it is there, else by characters."""
        rows = parquet.read(path, list(columns))
        if not rows:
            return 0.0
        texts = [_text(row) for row in rows[:: -(-len(rows) // SAMPLE)]]
        tokenizer = Path(folder, "tokenizer.json")
        if tokenizer.exists():
            encoded = self._tokenizer(str(tokenizer)).encode_batch(texts, add_special_tokens=False)
            return sum(len(one.ids) for one in encoded) / len(texts)
        return self._by_characters(texts)

    def _by_characters(self, texts: list[str]) -> float:
        """Mean tokens of texts that no tokenizer has counted."""
        return sum(map(len, texts)) / len(texts) / self.figures.plain["characters_a_token"]


def _text(row: dict) -> str:
    """The texts of a row's columns, of `context` the messages' own and the tools."""
    context = read_context(row.pop("context", ""))
    tools = [json.dumps(tool) for tool in context.tools]
    return "\n".join([*tools, *(message["content"] for message in context.messages), *row.values()])


def _completion_tokens(path: Path) -> dict[str, float]:
    """Mean tokens of the completions of each benchmark."""
    table = parquet.read_table(path, ["benchmark", "completion_ids"])
    counted = table.append_column("tokens", pc.list_value_length(table["completion_ids"]))
    means = counted.group_by("benchmark").aggregate([("tokens", "mean")])
    return dict(zip(means["benchmark"].to_pylist(), means["tokens_mean"].to_pylist(), strict=True))
