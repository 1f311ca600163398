"""Rollouts of several turns: the policy calls tools, they answer, and it goes on."""

from accelerate.utils import gather_object

from tms.generation.chat import ChatFormat
from tms.generation.episode import Episode, Turn, play
from tms.io.token_ids import last_turn
from tms.on_policy.rollout import Prompt
from tms.tool_use.calls import calls_tools


class EpisodeRollouts:
    """Rollouts whose prompts have tools, over a sampler of single turns (`tms.on_policy.rollouts`).

    Args:
        sampler: of the policy's turns.
        chat: of the base.
        prompts: of the run; those without tools are sampled once.
        room: tokens of a turn.
    """

    def __init__(self, sampler, chat: ChatFormat, prompts: list[Prompt], room: int):
        self.sampler, self.chat, self.room = sampler, chat, room
        self.contexts = {tuple(prompt.ids): prompt.context for prompt in prompts if prompt.context}

    def __call__(self, prompts: list[list[int]], trainer) -> tuple[list[list[int]], None]:
        """Sample a completion for each prompt; see `EngineRollouts`.

        Returns:
            Completion ids as `tms.io.token_ids` has them; log-probabilities are not kept.
        """
        completions, _ = self.sampler(prompts, trainer)
        episodes = {
            place: Episode(self.chat.tools, prompt, self.contexts[tuple(prompt)], self.room)
            for place, prompt in enumerate(prompts)
            if tuple(prompt) in self.contexts
        }

        def next_turns(places: list[int]) -> list[Turn]:
            asked = [episodes[place].next_prompt for place in places]
            found, _ = self.sampler(asked or prompts[:1], trainer)
            return [_turn(self.chat, ids) for ids in found[: len(asked)]]

        first = {place: _turn(self.chat, completions[place]) for place in episodes}
        play(episodes, first, next_turns, _anywhere)
        for place, episode in episodes.items():
            completions[place] = episode.ids
        return completions, None


def _anywhere(here: bool) -> bool:
    """Whether it is so in any process. All sample as often, since they gather the policy's shards for it:
    vLLM forgets the weights after each call."""
    return any(gather_object([here]))


def replayed(chat: ChatFormat, prompt: Prompt, ids: list[int], room: int) -> str:
    """The turns of a rollout, as the column `completion` has them, from its token ids.

    Args:
        chat: of the base.
        prompt: with tools.
        ids: of the rollout, as `tms.io.token_ids` has them.
        room: tokens of a turn, as when it was sampled.
    """
    episode = Episode(chat.tools, prompt.ids, prompt.context, room)
    while not episode.finish_reason:
        rest = ids[len(episode.ids) :]
        own = next((place for place, token in enumerate(rest) if token < 0), len(rest))
        episode.take(*_turn(chat, rest[:own]))
    return episode.columns()["completion"]


def ended(chat: ChatFormat, ids: list[int], tools: bool) -> bool:
    """Whether a rollout came to its end: its last turn has an end token, and with tools it calls none.

    A last turn that calls is one whose calls were not answered: they were too many, or there was no room.

    Args:
        chat: of the base.
        ids: of the rollout, as `tms.io.token_ids` has them.
        tools: whether its prompt has some.
    """
    own = last_turn(ids)
    if not own or own[-1] not in chat.end_token_ids:
        return False
    return not (tools and calls_tools(chat.text(own)))


def _turn(chat: ChatFormat, ids: list[int]) -> Turn:
    """A turn of the policy; one that no end token ends was cut."""
    return ids, "stop" if ids and ids[-1] in chat.end_token_ids else "length"
