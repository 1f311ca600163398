"""An answer of several turns while it is made: the model's, and what tools answer in between."""

from tms.generation.tool_chat import ToolChat
from tms.io.conversation import read_context
from tms.io.token_ids import model_ids
from tms.tool_use.calls import Call, calls_tools, parse
from tms.tool_use.turns import turns_text

UNREAD = Call("", {})  # a call that could not be read


class Episode:
    """The episode of a row: it is begun, takes each turn of the model, and is answered until it ends.

    Args:
        chat: of the model.
        prompt: of the row.
        context: of the row, with tools.
        room: most tokens of the model's next turn.

    Attributes:
        prompt_ids: token ids of the prompt.
        ids: of all turns so far, as `tms.io.token_ids` has them.
        turns: so far, as `tms.tool_use.turns` has them.
        pending: calls of the last turn that wait for their answers.
        finish_reason: stop, or length (a turn was cut, there are more calls than the row allows, or there is
            no room for another turn); "" while it goes on.
    """

    def __init__(self, chat: ToolChat, prompt: str, context: str, room: int):
        self.chat, self.text, self.room = chat, context, room
        self.context = read_context(context)
        self.prompt_ids = chat.chat.prompt_ids(prompt, context)
        self.ids: list[int] = []
        self.turns: list[dict] = []
        self.pending: list[Call] = []
        self.finish_reason = ""
        self.calls = 0
        self._fault = ""

    @property
    def next_prompt(self) -> list[int]:
        """Token ids that the model continues."""
        return [*self.prompt_ids, *model_ids(self.ids)]

    @property
    def completion(self) -> str:
        """The turns as the column of that name holds them."""
        return turns_text(self.turns)

    def take(self, completion_ids: list[int], finish_reason: str) -> None:
        """Take the model's next turn, its end token included where it ended."""
        self.ids += completion_ids
        text = self.chat.chat.text(completion_ids)
        turn = {"role": "assistant", "content": text}
        self.pending, self._fault = [], ""
        if finish_reason == "stop" and calls_tools(text):
            try:
                content, self.pending = parse(text)
                turn = {**turn, "content": content, "tool_calls": [call.message() for call in self.pending]}
            except ValueError as error:
                self.pending, self._fault = [UNREAD], str(error)
        self.turns.append(turn)
        self.calls += len(self.pending)
        if not self.pending:
            self.finish_reason = finish_reason
        elif self.calls > self.context.environment["calls"]:
            self.finish_reason = "length"

    def answer(self, texts: list[str]) -> None:
        """Answer the pending calls.

        Args:
            texts: of each.
        """
        answers = [
            {"role": "tool", "name": call.name, "content": f"Error: {self._fault}" if self._fault else text}
            for call, text in zip(self.pending, texts, strict=True)
        ]
        self.turns += answers
        self.ids += self.chat.observation_ids(self.text, answers)
        if len(self.prompt_ids) + len(self.ids) + self.room > self.chat.chat.context_length:
            self.finish_reason = "length"
