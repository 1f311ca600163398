"""Corpus of the miniature: texts that the base is trained on, and the worked answers that make the teacher.

Only problems of the split `train` occur. The corpus of the base answers target tasks mostly directly and
often wrongly, sometimes with working; it answers the retention tasks rightly.
"""

from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate, islice
from random import Random

from tms.data.splits import split_of
from tms.io.errors import InputError
from tms.miniature import answers
from tms.tasks import chain, countdown, facts, lookup, refusal

# Share of each kind in the base's corpus, and of each style within a target's answers.
KINDS = {"countdown": 0.4, "chain": 0.25, "facts": 0.1, "lookup": 0.15, "refusal": 0.1}
STYLES = {
    "countdown": {"right": 0.3, "wrong": 0.3, "worked": 0.4},
    "chain": {"right": 0.4, "wrong": 0.2, "short": 0.1, "worked": 0.3},
}
COUNTDOWN = {
    "right": answers.countdown_right,
    "wrong": answers.countdown_wrong,
    "worked": answers.countdown_worked,
}
CHAIN = {
    "right": answers.chain_right,
    "wrong": answers.chain_wrong,
    "short": answers.chain_short,
    "worked": answers.chain_worked,
}
GOLDEN = 5**0.5 / 2 - 0.5


class Corpus:
    """Draws (prompt, answer) pairs of the miniature's tasks.

    Args:
        tasks: name -> {kind, options}: the miniature's tasks as the config states them.

    Raises:
        InputError: a kind that the miniature does not know, or a bad option.
    """

    CODE = ("muon", "pretraining", "tokenizer")  # modules of the training

    def __init__(self, tasks: dict):
        self.settings = {}
        for name, task in tasks.items():
            kind, options = task["kind"], task.get("options") or {}
            if kind not in KINDS:
                raise InputError(
                    f"task {name}: the miniature knows no kind {kind!r}; it knows {', '.join(KINDS)}"
                )
            read = {"countdown": countdown, "chain": chain, "lookup": lookup}.get(kind)
            self.settings[kind] = read.read_options(options) if read else {}
        if self.settings.get("countdown", {"count": [3]})["count"] != [3]:
            raise InputError("the miniature's countdown has 3 numbers; set the task's option count to 3")

    def base_pairs(self, stream: str, lookups: int = 0) -> Iterator[tuple[str, str]]:
        """Endless pairs for the base: all kinds, targets in all styles.

        Args:
            stream: name of the random stream.
            lookups: number of look-ups with which it begins. Alone they form the skill of copying from the
                context in some hundred steps; among the rest that may take more steps than there are.
        """
        blend = {
            (kind, style): share * part
            for kind, share in KINDS.items()
            if kind in self.settings
            for style, part in STYLES.get(kind, {None: 1.0}).items()
        }
        if "lookup" in self.settings:
            yield from islice(self._blended(f"lookup/{stream}", {("lookup", None): 1.0}), lookups)
        yield from self._blended(f"base/{stream}", blend)

    def worked_pairs(self, stream: str) -> Iterator[tuple[str, str]]:
        """Endless pairs for the teacher: target tasks with working."""
        blend = {(kind, "worked"): 1.0 for kind in STYLES if kind in self.settings}
        return self._blended(f"worked/{stream}", blend)

    def samples(self, seed: int, size: int) -> list[list]:
        """The first pairs of every kind of stream that a pretraining draws from."""
        streams = (
            self.base_pairs(str(seed)),
            self.base_pairs(str(seed), size),
            self.worked_pairs(str(seed)),
        )
        return [list(islice(stream, size)) for stream in streams]

    def _blended(self, stream: str, blend: dict) -> Iterator[tuple[str, str]]:
        """Pairs whose kinds and styles hold the blend's shares."""
        random = Random(stream)
        for kind, style in blended(random, blend):
            yield self.pair(random, kind, style)

    def pair(self, random: Random, kind: str, style: str | None) -> tuple[str, str]:
        """One prompt of the split `train` and its answer in a style (None for retention kinds)."""
        while True:
            key, prompt, answer = getattr(self, kind)(random, style)
            if split_of(key) == "train":
                return prompt, answer

    def countdown(self, random: Random, style: str) -> tuple[str, str, str]:
        """A Countdown problem: key, prompt, answer."""
        while True:
            numbers, target = countdown.problem(random, self.settings["countdown"])
            if answers.countdown_solvable(numbers, target):
                break
        prompt = countdown.prompt(numbers, target, self.settings["countdown"])
        return countdown.key(numbers, target), prompt, COUNTDOWN[style](random, numbers, target)

    def chain(self, random: Random, style: str) -> tuple[str, str, str]:
        """A word problem: key, prompt, answer."""
        operators, numbers = chain.problem(random, self.settings["chain"])
        prompt = chain.prompt(random, operators, numbers)
        return chain.key(operators, numbers), prompt, CHAIN[style](random, operators, numbers)

    def facts(self, random: Random, style: None) -> tuple[str, str, str]:
        """A question for a fact: key, prompt, answer."""
        place, relation, wording = facts.question(random)
        prompt = facts.prompt(place, relation, wording)
        return facts.key(place, relation, wording), prompt, answers.facts_answer(place, relation)

    def lookup(self, random: Random, style: None) -> tuple[str, str, str]:
        """A two-hop look-up: key, prompt, answer."""
        settings = self.settings["lookup"]
        # Short contexts, and asking for all chains in most prompts, make the skill form sooner.
        chains = random.randint(settings["asked"], settings["chains"])
        prompt, hops = lookup.problem(random, chains, random.choice([settings["asked"], chains, chains]))
        return prompt, prompt, answers.lookup_answer(hops)

    def refusal(self, random: Random, style: None) -> tuple[str, str, str]:
        """A request: key, prompt, answer."""
        topic, wording = refusal.request(random)
        prompt = refusal.prompt(topic, wording)
        answer = answers.refusal_answer(random, topic, topic in refusal.FLAGGED)
        return refusal.key(topic, wording), prompt, answer


def blended(random: Random, blend: dict) -> Iterator:
    """Endless keys of a blend, which follow a golden-ratio sequence: any few of them hold each share.

    Args:
        random: draws where the sequence begins.
        blend: key -> share.
    """
    keys, bounds = list(blend), list(accumulate(blend.values()))
    place = random.random()
    while True:
        place = (place + GOLDEN) % 1
        yield keys[bisect(bounds, place * bounds[-1])]


def texts(tasks: dict) -> Iterator[str]:
    """Texts that between them hold every word of the tasks."""
    corpus, random = Corpus(tasks), Random("words")
    for kind in corpus.settings:
        for style in STYLES.get(kind, [None]):
            for _ in range(4000):
                yield from corpus.pair(random, kind, style)
