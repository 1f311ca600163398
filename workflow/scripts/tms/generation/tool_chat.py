"""A model's chat format where it may call tools: turns to token ids, and what stands between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tms.generation.template import render, without_control
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.io.token_ids import observed
from tms.tool_use.calls import Call, parse

if TYPE_CHECKING:
    from tms.generation.chat import ChatFormat

USER = {"role": "user", "content": "How many are 2 and 3?"}
CALL = Call("add", {"numbers": [2, 3], "unit": "boxes"})
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL.message()]}
TOLD = {"role": "tool", "name": "add", "content": "5 boxes"}


class ToolChat:
    """The turns of a model that may call tools, in the chat format of its folder.

    Args:
        chat: of the folder.

    Attributes:
        control: control tokens of such conversations.

    Raises:
        InputError: the chat template takes no tools, or writes calls in a form that is not read here.
    """

    def __init__(self, chat: ChatFormat):
        self.chat = chat
        self.end_text = chat.tokenizer.decode([chat.end])
        self.control = chat.control_tokens(self._check())

    def prompt_text(self, prompt: str, context: str) -> str:
        """A row's prompt as the template writes it, with its tools and the messages before it.

        Raises:
            InputError: the template refuses them, or loses a message.
        """
        before = read_context(context)
        turns = [*before.messages, {"role": "user", "content": prompt}]
        self.chat.check_roles(tuple(turn["role"] for turn in turns))
        return self._render(self.plain(turns), self.plain(before.tools))

    def episode_ids(self, prompt: str, context: str, turns: list[dict]) -> list[int]:
        """Token ids of an episode that is given as turns: a reference's.

        Args:
            prompt, context: of its row.
            turns: as `tms.tool_use.turns.read_turns` gives them.

        Returns:
            Ids of all turns, those that the model does not write as `tms.io.token_ids` has them.

        Raises:
            InputError: the last turn is a tool's, or the template writes a turn otherwise once others follow.
        """
        if turns[-1]["role"] != "assistant":
            raise InputError("an answer with tools ends with what a tool says, and no turn of the assistant")
        before = read_context(context)
        tools = self.plain(before.tools)
        conversation = self.plain([*before.messages, {"role": "user", "content": prompt}])
        written, ids = self._render(conversation, tools), []
        for place, turn in enumerate(turns):
            conversation.append(self.plain(turn))
            if turn["role"] == "assistant":
                whole = self._cut(self._render(conversation, tools))
                ids += self.chat.answer_ids(self._after(whole, written))[0]
                written = whole + self.end_text
            elif turns[place + 1]["role"] == "assistant":  # several tools may answer the calls of a turn
                text = self._render(conversation, tools)
                ids += observed(self._ids(self._after(text, written)))
                written = text
        return ids

    def observation_ids(self, tools: list[dict], answers: list[dict]) -> list[int]:
        """Token ids between the end of a turn that calls tools and the begin of the model's next one.

        Args:
            tools: of the row, `plain`.
            answers: the tools' turns.
        """
        begun = self._cut(self._render([USER, CALLED], tools)) + self.end_text
        text = self._render([USER, CALLED, *self.plain(answers)], tools)
        return observed(self._ids(self._after(text, begun)))

    def plain(self, value: object) -> object:
        """A value of JSON (turns, tools) without control tokens in its texts."""
        if isinstance(value, str):
            return without_control(self.control, value)
        if isinstance(value, dict):
            return {self.plain(key): self.plain(item) for key, item in value.items()}
        return [self.plain(item) for item in value] if isinstance(value, list) else value

    def _render(self, turns: list[dict], tools: list[dict]) -> str:
        return render(self.chat.folder, self.chat.tokenizer, turns, tools=tools)

    def _ids(self, text: str) -> list[int]:
        return self.chat.tokenizer(text, add_special_tokens=False)["input_ids"]

    def _cut(self, text: str) -> str:
        """A conversation up to the end of the model's last turn, the end token not included."""
        before, found, _ = text.rpartition(self.end_text)
        if not found:
            raise InputError(
                f"{self.chat.folder}: its chat template writes no end of a turn that calls tools"
            )
        return before

    def _after(self, text: str, before: str) -> str:
        if not text.startswith(before):
            raise InputError(
                f"{self.chat.folder}: its chat template writes earlier turns otherwise once others follow, "
                "so rows with tools cannot be used; put a chat_template.jinja there that does not"
            )
        return text[len(before) :]

    def _check(self) -> str:
        """Check on one episode that the template takes tools and their answers, and calls can be read.

        Returns:
            The episode as the template writes it.
        """
        tool = {
            "type": "function",
            "function": {"name": CALL.name, "description": "adds numbers", "parameters": {}},
        }
        turns = [USER, CALLED, TOLD]
        text = self._render(turns, [tool])
        asked = self._render(turns[:1], [tool])
        lost = [part for part in (CALL.name, tool["function"]["description"]) if part not in asked]
        if lost or USER["content"] not in text or TOLD["content"] not in text:
            raise InputError(
                f"{self.chat.folder}: its chat template leaves out tools or what they answer; use a model "
                f"that takes tools, or put a chat_template.jinja there that does"
            )
        called = self._render(turns[:2], [tool])
        own = self._after(self._cut(called), asked)
        try:
            read = parse(self.chat.text(self.chat.answer_ids(own)[0]))[1]
        except ValueError:
            read = []
        if read != [CALL]:
            raise InputError(
                f"{self.chat.folder}: its chat template does not write calls of tools as <tool_call>, JSON "
                f"of name and arguments, and </tool_call>, the one form that is read here"
            )
        return text
