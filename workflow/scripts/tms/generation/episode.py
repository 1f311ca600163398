"""An answer of several turns while it is made: the model's, and what tools answer in between."""

from tms.generation.tool_chat import ToolChat
from tms.io.conversation import read_context
from tms.io.token_ids import model_ids
from tms.tool_use.calls import Call, calls_tools, parse
from tms.tool_use.environment import LONGEST, observe
from tms.tool_use.turns import turns_text

UNREAD = Call("", {})  # a call that could not be read


class Episode:
    """The episode of a row: it is begun, takes each turn of the model, and is answered until it ends.

    Args:
        chat: of the model.
        prompt_ids: token ids of the row's prompt.
        context: of the row, with tools.
        room: most tokens of the model's next turn.

    Attributes:
        ids: of all turns so far, as `tms.io.token_ids` has them.
        turns: so far, as `tms.tool_use.turns` has them.
        finish_reason: stop, or length (a turn was cut, there are more calls than the row allows, or there is
            no room for another turn); "" while it goes on.
    """

    def __init__(self, chat: ToolChat, prompt_ids: list[int], context: str, room: int):
        self.chat, self.prompt_ids, self.room = chat, prompt_ids, room
        self.text, self.context = context, read_context(context)
        self.ids: list[int] = []
        self.turns: list[dict] = []
        self._pending: list[Call] = []
        self.finish_reason = ""
        self.calls = 0
        self._fault = ""

    @property
    def next_prompt(self) -> list[int]:
        """Token ids that the model continues."""
        return [*self.prompt_ids, *model_ids(self.ids)]

    @property
    def most_tokens(self) -> int:
        """Tokens that prompt and episode take at most, where a character of a tool's answer is a token."""
        turns = self.context.environment["calls"] + 1
        return len(self.prompt_ids) + turns * (self.room + LONGEST)

    def take(self, completion_ids: list[int], finish_reason: str) -> None:
        """Take the model's next turn, its end token included where it ended."""
        self.ids += completion_ids
        text = self.chat.chat.text(completion_ids)
        turn = {"role": "assistant", "content": text}
        self._pending, self._fault = [], ""
        if finish_reason == "stop" and calls_tools(text):
            try:
                content, self._pending = parse(text)
                turn = {**turn, "content": content, "tool_calls": [call.message() for call in self._pending]}
            except ValueError as error:
                self._pending, self._fault = [UNREAD], str(error)
        self.turns.append(turn)
        self.calls += len(self._pending)
        if not self._pending:
            self.finish_reason = finish_reason
        elif self.calls > self.context.environment["calls"]:
            self.finish_reason = "length"

    def answer(self) -> None:
        """Let the tools answer the calls of the last turn.

        Raises:
            InputError: as `environment.observe`.
        """
        answers = [
            {
                "role": "tool",
                "name": call.name,
                "content": f"Error: {self._fault}" if self._fault else observe(call, self.context),
            }
            for call in self._pending
        ]
        self.turns += answers
        self.ids += self.chat.observation_ids(self.text, answers)
        if len(self.prompt_ids) + len(self.ids) + self.room > self.chat.chat.context_length:
            self.finish_reason = "length"

    def columns(self) -> dict:
        """What a row of the episode has in the columns of a completion."""
        return {
            "completion": turns_text(self.turns),
            "completion_ids": self.ids,
            "finish_reason": self.finish_reason,
        }
