"""The prompts of an on-policy run: SFT's, in SFT's order."""

import re
from dataclasses import replace

from tms.io.conversation import read_context
from tms.io.token_ids import own_tokens
from tms.mixture import schedule
from tms.on_policy.rollout import Prompt
from tms.training.encoder import Encoder


def prompts_in_order(
    references: list[dict], encoder: Encoder, total: int, more: int, seed: int, template: str = ""
) -> tuple[list[Prompt], int]:
    """The prompt of each visit of a run, and the tokens that SFT has in its loss for the first `total`.

    Args:
        references: columns `example_id`, `context`, `prompt`, `completion`, `answer`, `grader`.
        encoder: the base's.
        total: visits of SFT.
        more: visits of this run; those behind SFT's last one fill the last step (SFT's last batch is
            smaller), or the budget of tokens.
        seed: of their order.
        template: what a teacher reads instead of a prompt, with `{prompt}` and `{reference}` in it; "": the
            prompt itself.
    """
    plain = [row for row in references if template and not read_context(row.get("context", "")).tools]
    taught = {row["example_id"]: _taught(row, encoder, template) for row in plain}
    encoder.read([*references, *taught.values()])
    by_id = {row["example_id"]: _prompt(row, encoder, taught.get(row["example_id"])) for row in references}
    # Rollouts are of token ids: prompts that read the same have one environment, that of the first row.
    contexts: dict[tuple[int, ...], str] = {}
    for name, prompt in by_id.items():
        if prompt.context:
            by_id[name] = replace(prompt, context=contexts.setdefault(tuple(prompt.ids), prompt.context))
    ordered = [by_id[name] for _, _, name in schedule.visits(list(by_id), max(more, total), seed)]
    return ordered[:more], sum(own_tokens(prompt.expert_ids) for prompt in ordered[:total])


def _prompt(row: dict, encoder: Encoder, taught: dict | None) -> Prompt:
    context = row.get("context", "")
    if read_context(context).tools:
        expert_ids = encoder.completion(row | {"source": "teacher"})
        return Prompt(encoder.prompt(row), row["answer"], "", expert_ids, [], row["grader"], context=context)
    expert = encoder.chat.plain(row["completion"], context)
    ids, ends = encoder.chat.answer_ids(expert)
    taught_ids = encoder.prompt(taught) if taught else []
    return Prompt(encoder.prompt(row), row["answer"], expert, ids, ends, row["grader"], tuple(taught_ids))


def _taught(row: dict, encoder: Encoder, template: str) -> dict:
    """A row whose prompt is what a teacher reads."""
    expert = encoder.chat.plain(row["completion"], row.get("context", ""))
    return row | {"prompt": filled(template, row["prompt"], expert)}


def filled(template: str, prompt: str, reference: str) -> str:
    """A template with a prompt and its reference; what these hold is never read as a template."""
    parts = {"{prompt}": prompt, "{reference}": reference}
    return re.sub(r"\{prompt\}|\{reference\}", lambda found: parts[found[0]], template)
