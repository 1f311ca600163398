"""Corpus of the miniature that calls tools: conversations that its base is trained on.

Only problems of the split `train` occur. The base answers problems for the calculator in several styles: a
right call, a wrong one, or a guess without a call. Which of them prevails depends on the operation, so that
its likeliest answer is right for some problems, and a right call is among its samples for all. It answers
the retention tasks rightly.
"""

from collections.abc import Iterator
from itertools import islice
from random import Random

from tms.data.splits import split_of
from tms.io.errors import InputError
from tms.miniature import answers
from tms.miniature.corpus import blended
from tms.tasks import calculate, facts, refusal
from tms.tool_use.environments import calculator

# Share of each kind, and of each style within the problems of an operation.
KINDS = {"calculate": 0.6, "facts": 0.25, "refusal": 0.15}
STYLES = {
    "+": {"right": 0.6, "wrong": 0.2, "guess": 0.2},
    "-": {"right": 0.3, "wrong": 0.5, "guess": 0.2},
    "*": {"right": 0.3, "wrong": 0.15, "guess": 0.55},
    "/": {"right": 0.25, "wrong": 0.2, "guess": 0.55},
}
TAKEN_FOR = {"+": "*", "-": "+", "*": "+", "/": "*"}  # operation of a wrong call
# Share of second turns among the turns of answers with a call: they only repeat a result, and are longest.
LATER = 0.25


class ToolCorpus:
    """Draws conversations of the miniature that calls tools.

    Args:
        tasks: name -> {kind, options}: its tasks as the config states them.

    Raises:
        InputError: a kind that it does not know, or a bad option.
    """

    # Modules of the training.
    CODE = ("byte_pairs", "muon", "pretraining", "tool_pretraining", "tool_tokenizer")

    def __init__(self, tasks: dict):
        kinds = {task["kind"]: task.get("options") or {} for task in tasks.values()}
        for name, task in tasks.items():
            if task["kind"] not in KINDS:
                raise InputError(
                    f"task {name}: the miniature that calls tools knows no kind {task['kind']!r}; it knows "
                    f"{', '.join(KINDS)}"
                )
        self.kinds = [kind for kind in KINDS if kind in kinds]
        self.settings = calculate.read_options(kinds.get("calculate", {}))

    def turns(self, stream: str) -> Iterator[tuple[list[dict], list[dict]]]:
        """Endless conversations, each up to the turn of the assistant that is to be learnt.

        Args:
            stream: name of the random stream.

        Yields:
            The tools, empty where there are none, and the messages.
        """
        random = Random(f"tools/{stream}")
        for kind in blended(random, {kind: KINDS[kind] for kind in self.kinds}):
            tools, messages = self.conversation(random, kind)
            second = len(messages) > 2 and random.random() < LATER
            yield tools, messages if second else messages[:2]

    def samples(self, seed: int, size: int) -> list[list]:
        """The first conversations of the stream that a pretraining draws from."""
        return [list(islice(self.turns(str(seed)), size))]

    def conversation(self, random: Random, kind: str) -> tuple[list[dict], list[dict]]:
        """One prompt of the split `train` and its answer: the tools and all messages."""
        while True:
            key, tools, prompt, turns = getattr(self, kind)(random)
            if split_of(key) == "train":
                return tools, [{"role": "user", "content": prompt}, *turns]

    def calculate(self, random: Random) -> tuple[str, list[dict], str, list[dict]]:
        """A problem for the calculator: key, tools, prompt, turns of an answer."""
        operator, numbers = calculate.problem(random, self.settings)
        prompt = calculate.prompt(random, operator, numbers)
        shares = STYLES[operator]
        (style,) = random.choices(list(shares), list(shares.values()))
        if style == "guess":
            result = calculate.value(calculate.expression(operator, numbers))
            turns = [_said(calculate.stated(guess(random, result)))]
        else:
            called = operator if style == "right" else TAKEN_FOR[operator]
            turns = calculate.trajectory(calculate.expression(called, numbers))
        return calculate.key(operator, numbers), [calculator.TOOL], prompt, turns

    def facts(self, random: Random) -> tuple[str, list[dict], str, list[dict]]:
        """A question for a fact: key, no tools, prompt, answer."""
        place, relation, wording = facts.question(random)
        turns = [_said(answers.facts_answer(place, relation))]
        return facts.key(place, relation, wording), [], facts.prompt(place, relation, wording), turns

    def refusal(self, random: Random) -> tuple[str, list[dict], str, list[dict]]:
        """A request: key, no tools, prompt, answer."""
        topic, wording = refusal.request(random)
        turns = [_said(answers.refusal_answer(random, topic, topic in refusal.FLAGGED))]
        return refusal.key(topic, wording), [], refusal.prompt(topic, wording), turns


def guess(random: Random, result: str) -> str:
    """A wrong number with as many digits as a result."""
    least = 10 ** (len(result) - 1)
    while True:
        guessed = str(random.randrange(least, 10 * least))
        if guessed != result:
            return guessed


def _said(text: str) -> dict:
    return {"role": "assistant", "content": text}
