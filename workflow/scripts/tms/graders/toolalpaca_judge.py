"""Grader that takes ToolAlpaca's judge's word on the process and on the final response.

    Process Correctness: Yes
    Final Response Correctness: Uncertain

As its authors count (`evaluation.py`): the score is the share of episodes of which both are Yes; Uncertain is
no Yes. Both are reported alone, too.
"""

import re

from tms.answers.grade import Grade

METRIC = "process_and_response"
LONGEST = 20_000  # characters of a judgement that are looked at, counted from its end
LINE = re.compile(
    r"^[ \t*_#-]*(process|final response) correctness[ \t*_]*:[ \t*_\[]*(yes|no|uncertain)\b",
    flags=re.IGNORECASE | re.MULTILINE,
)


def grade(judgement: str, answer: str) -> Grade:
    """Score 1 where both are Yes; a judgement that lacks one of them is no score, and counted.

    Args:
        judgement: the judge's output; a thought before `</think>` is left out, and so is what stands before
            the last heading "Results", where there is one. Of several such lines the last ones count.
        answer: the golden calls, which the judge has seen.
    """
    text = judgement[-LONGEST:].rpartition("</think>")[2]
    said = {name.lower(): word.capitalize() for name, word in LINE.findall(text.rpartition("## Results")[2])}
    if len(said) < 2:
        return Grade(None, judgement.strip()[-60:], failure="no judgement")
    process, response = said["process"], said["final response"]
    also = {"process": [float(process == "Yes")], "response": [float(response == "Yes")]}
    return Grade(float(process == response == "Yes"), f"process {process}, response {response}", also)
