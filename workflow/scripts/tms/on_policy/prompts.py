"""The visits of an on-policy run: SFT's prompts in SFT's order."""

from tms.mixture import schedule
from tms.on_policy.rollout import Visit
from tms.training.encoder import Encoder


def prompt_visits(
    references: list[dict], encoder: Encoder, total: int, more: int, seed: int
) -> tuple[list[Visit], int]:
    """The visits of a run, and the tokens that SFT has in its loss for the first `total` of them.

    Args:
        references: columns `example_id`, `prompt`, `completion`, `answer`.
        encoder: the base's.
        total: visits of SFT.
        more: visits of this run; those behind SFT's last one fill the last step (SFT's last batch is
            smaller), or the budget of tokens.
        seed: of their order.
    """
    by_id = {row["example_id"]: _visit(row, encoder) for row in references}
    ordered = [by_id[name] for _, _, name in schedule.visits(list(by_id), max(more, total), seed)]
    return ordered[:more], sum(len(visit.expert_ids) for visit in ordered[:total])


def _visit(row: dict, encoder: Encoder) -> Visit:
    text = row["completion"]
    encoded = encoder.chat.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ends = [end for _, end in encoded["offset_mapping"]]
    return Visit(
        prompt_ids=encoder.prompt(row["prompt"]),
        answer=row["answer"],
        expert=text,
        expert_ids=[*encoded["input_ids"], encoder.end],
        expert_ends=[*ends, len(text)],
    )
