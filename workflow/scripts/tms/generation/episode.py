"""An answer of several turns while it is made: the model's, and what tools answer in between."""

from collections.abc import Callable, Iterable, Mapping

from tms.generation.tool_chat import ToolChat
from tms.io.conversation import Context, read_context
from tms.io.errors import InputError
from tms.io.token_ids import model_ids
from tms.tool_use.calls import Call, calls_tools, parse
from tms.tool_use.environment import observe, shortened
from tms.tool_use.environments.simulated import Question
from tms.tool_use.episode_length import longest_row
from tms.tool_use.turns import turns_text


class Episode:
    """The episode of a row: it is begun, and takes the model's turns, which tools answer, until it ends.

    Where a model answers instead of a tool, `question` waits for its `answer` before the next turn.

    Args:
        chat: of the model.
        prompt_ids: token ids of the row's prompt.
        context: of the row, with tools.
        room: most tokens of a turn of the model.
        prompt: text of the row's prompt, for a model that plays the user.

    Attributes:
        limit: most tokens of prompt and episode (`row_limit`).
        ids: of all turns so far, as `tms.io.token_ids` has them.
        turns: so far, as `tms.tool_use.turns` has them.
        finish_reason: stop, or length (a turn was cut, or calls with another end than the template's; there
            are more calls than the row allows, or there is no room for another turn, or not even for what the
            tools answered, which is then left out); "" while it goes on.
        question: to the model that answers the next call; None: there is none.
    """

    def __init__(self, chat: ToolChat, prompt_ids: list[int], context: str, room: int, prompt: str = ""):
        self.chat, self.prompt_ids, self.room, self.prompt = chat, prompt_ids, room, prompt
        self.context = read_context(context)
        self.tools = chat.plain(self.context.tools)
        self.calls = self.context.environment["calls"]  # that are left
        self.limit = row_limit(len(prompt_ids), self.context, room, chat.chat.context_length)
        self.ids: list[int] = []
        self.turns: list[dict] = []
        self.finish_reason = ""
        self.question: Question | None = None
        self._asked: list[tuple[Question, str]] = []  # questions before, with their answers
        self._waiting: list[Call] = []  # calls of the last turn
        self._answers: list[dict] = []  # the tools' turns of as many of them

    @property
    def simulated(self) -> bool:
        """Whether a model may be asked for what tools answer."""
        return self.context.environment["kind"] == "simulated"

    @property
    def next_prompt(self) -> list[int]:
        """Token ids that the model continues."""
        return [*self.prompt_ids, *model_ids(self.ids)]

    def take(self, completion_ids: list[int], finish_reason: str) -> None:
        """Take the model's next turn, its end token included where it ended, and let tools answer its calls.

        Raises:
            InputError: as `environment.observe`.
        """
        self.ids += completion_ids
        text = self.chat.chat.text(completion_ids)
        self.turns.append({"role": "assistant", "content": text})
        if finish_reason != "stop" or not calls_tools(text):
            self.finish_reason = finish_reason
            return
        if completion_ids[-1] != self.chat.chat.end:  # the template ends such a turn otherwise
            self.finish_reason = "length"
            return
        try:
            content, calls = parse(text)
            self.turns[-1] |= {"content": content, "tool_calls": [call.message() for call in calls]}
        except ValueError as error:
            calls, fault = [Call("", {})], f"Error: {error}"
        else:
            fault = ""
        self.calls -= len(calls)
        if self.calls < 0:
            self.finish_reason = "length"
            return
        self._waiting, self._answers = calls, []
        if fault:
            self._tell(fault)
        self._answer_calls()

    def answer(self, text: str) -> None:
        """Take the model's answer to the question, and let tools answer the calls after it.

        Raises:
            InputError: as `environment.observe`.
        """
        asked, self.question = self.question, None
        self._asked.append((asked, text))
        self._tell(shortened(asked.observation(text)))
        self._answer_calls()

    def _tell(self, content: str) -> None:
        """Answer the first of the calls that wait."""
        call = self._waiting[len(self._answers)]
        self._answers.append({"role": "tool", "name": call.name, "content": content})

    def _answer_calls(self) -> None:
        """Answer the calls that wait, in order, up to one of which a model is asked."""
        while len(self._answers) < len(self._waiting):
            call = self._waiting[len(self._answers)]
            told = observe(call, self.context, self.prompt, self._asked)
            if isinstance(told, Question):
                self.question = told
                return
            self._tell(told)
        told = self.chat.observation_ids(self.tools, self._answers)
        left = self.limit - len(self.prompt_ids) - len(self.ids) - len(told)
        if left >= 0:
            self.turns += self._answers
            self.ids += told
        if left < self.room:
            self.finish_reason = "length"

    def columns(self) -> dict:
        """The columns of a completion, as a row of the episode has them."""
        return {
            "completion": turns_text(self.turns),
            "completion_ids": self.ids,
            "finish_reason": self.finish_reason,
        }


def row_limit(prompt: int, context: Context, room: int, context_length: int) -> int:
    """Most tokens of a row of a prompt with so many: those of `longest_row`, within the model's context.

    Args:
        prompt: tokens.
        context: of the row, with or without tools.
        room: most tokens of a turn of the model.
        context_length: of the model, in tokens.
    """
    limits = {name: context.environment[name] for name in ("calls", "tokens") if name in context.environment}
    return min(longest_row(prompt, room, **limits), context_length)


Turn = tuple[list[int], str]  # token ids and finish reason


def play(
    episodes: Mapping[int, Episode],
    first: Mapping[int, Turn],
    continued: Callable[[list[int]], Iterable[Turn]],
    another: Callable[[bool], bool] = bool,
    answers: Callable[[list[int]], Iterable[str]] | None = None,
) -> None:
    """Play episodes to their end, all second turns together, then all third ones, and so on.

    Args:
        episodes: by any number each.
        first: the first turn of each.
        continued: the next turns of the episodes of these numbers, of their `next_prompt`.
        another: whether there is another round of turns, from whether an episode here goes on.
        answers: a model's answers to the `question` of the episodes of these numbers; None: no model answers.

    Raises:
        InputError: as `environment.observe`, or there is a question, and no model that answers.
    """
    turns = dict(first)
    while True:
        for place, turn in turns.items():
            episodes[place].take(*turn)
        while asking := [place for place in turns if episodes[place].question]:
            if answers is None:
                raise InputError("rows with simulated tools need a model that answers (--simulator)")
            for place, text in zip(asking, answers(asking), strict=True):
                episodes[place].answer(text)
        going = [place for place in turns if not episodes[place].finish_reason]
        if not another(bool(going)):
            return
        turns = dict(zip(going, continued(going), strict=True))
