"""The longest row with tools: what sampling, training and the memory plan keep to."""

OBSERVATION = 2000  # characters of what a tool answers; the rest is cut off


def longest_row(prompt: int, turn: float, calls: int = 0, tokens: int | None = None) -> float:
    """Most tokens of a row, its prompt among them.

    With tools it has a turn more than it may call, each with what a tool answers, of which a character counts
    as a token; the last turn's share is for what the chat template writes around the answers.

    Args:
        prompt: its tokens.
        turn: most tokens that the model writes at once.
        calls: most of an answer; 0: the row has no tools.
        tokens: most of a row with tools, where its environment says so.
    """
    if not calls:
        return prompt + turn
    longest = prompt + (calls + 1) * (turn + OBSERVATION)
    return longest if tokens is None else min(longest, tokens)
