"""A program of two processes that roll out episodes: prints how often each of them has sampled.

Their sampler waits for the other one, as one does that gathers the shards of a policy for vLLM.
"""

import json
import sys
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import gather_object

from tms.generation.chat import ChatFormat
from tms.on_policy.episodes import EpisodeRollouts
from tms.on_policy.rollout import Prompt

CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "6*7"}}\n</tool_call>'


def main(folder: Path, context: str) -> None:
    """Process 0 asks for two answers, one of which calls twice; process 1 for one without a call."""
    rank, chat = PartialState(cpu=True).process_index, ChatFormat(folder)
    prompts = [chat.prompt_ids(prompt, context) for prompt in (["6*7", "2+2"], ["1+1"])[rank]]
    sampled = []

    def sampler(asked, trainer):
        gather_object([len(asked)])
        sampled.append(len(asked))
        texts = [CALL if rank == 0 and ids[: len(prompts[0])] == prompts[0] else "4" for ids in asked]
        if len(sampled) == 3:
            texts = ["42"] * len(asked)
        return [chat.answer_ids(text)[0] for text in texts], None

    rows = [Prompt(ids, "", "", [], [], "number", context=context) for ids in prompts]
    completions, _ = EpisodeRollouts(sampler, chat, rows, 64)(prompts, None)
    told = [sum(token < 0 for token in ids) > 0 for ids in completions]
    found = gather_object([{"sampled": sampled, "told": told}])
    if rank == 0:
        print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
