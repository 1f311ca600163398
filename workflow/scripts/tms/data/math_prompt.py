"""The prompt of mathematical problems, and answers in LaTeX boxes."""

PROMPT = "{problem}\n\nPlease reason step by step, and put your final answer within \\boxed{{}}."


def math_row(example_id: str, problem: str, answer: str, solution: str) -> dict:
    """The row of one problem."""
    return {
        "example_id": example_id,
        "prompt": PROMPT.format(problem=problem.strip()),
        "answer": answer,
        "problem": problem,
        "solution": solution,
    }


def last_box(text: str) -> str | None:
    r"""Content of the last `\boxed{...}` or `\boxed 3`, None where there is none or it does not close."""
    _, box, rest = text.rpartition("\\boxed")
    if not box:
        return None
    rest = rest.lstrip()
    if not rest.startswith("{"):
        return rest.split("$")[0].split()[0] if rest.split("$")[0].split() else None
    depth = 0
    for index, character in enumerate(rest):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return rest[1:index].strip()
    return None
