"""IFEval's grader: the official checks, strict and loose, of a prompt and of each of its instructions."""

import json

from tms.answers.grade import LIMIT, Grade
from tms.answers.ifeval_checker import LONGEST_RESPONSE, follows, loose_variants

METRIC = "prompt_strict"
PROBES = [  # (completion, answer): what brings the official checks, langdetect and NLTK's model in
    ("This is a sentence.", json.dumps({"instruction_id_list": [name], "kwargs": [arguments]}))
    for name, arguments in [
        ("language:response_language", {"language": "en"}),
        ("length_constraints:number_sentences", {"num_sentences": 1, "relation": "at least"}),
        ("change_case:capital_word_frequency", {"capital_frequency": 1, "capital_relation": "at least"}),
    ]
]


def grade(completion: str, answer: str) -> Grade:
    """Score 1 where the response follows all of its prompt's instructions (strict).

    `instruction_strict` and `instruction_loose` hold one item an instruction, `prompt_loose` one. See
    https://github.com/google-research/google-research/tree/master/instruction_following_eval. A prompt
    without an instruction does not count.

    Args:
        completion: the model's text.
        answer: `{"key": ..., "prompt": ..., "instruction_id_list": [...], "kwargs": [{...}, ...]}`.

    Raises:
        InputError: an instruction needs NLTK's punkt model and it is missing.
    """
    row = json.loads(answer)
    instructions = list(zip(row["instruction_id_list"], row["kwargs"], strict=True))
    if not instructions:
        return Grade(None, "")
    strict = [float(follows(completion, name, kwargs)) for name, kwargs in instructions]
    loose = [
        followed or float(any(follows(text, name, kwargs) for text in loose_variants(completion)))
        for followed, (name, kwargs) in zip(strict, instructions, strict=True)
    ]
    also = {
        "instruction_strict": strict,
        "prompt_loose": [float(all(loose))],
        "instruction_loose": loose,
    }
    too_long = LIMIT if len(completion) > LONGEST_RESPONSE else ""
    return Grade(float(all(strict)), f"{sum(strict):.0f} of {len(strict)}", also, too_long)
