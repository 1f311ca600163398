"""Score of a benchmark from its graded rows, with its interval and with counts of what went wrong."""

import math
import statistics
from collections import Counter

from tms.answers.grade import LIMIT, LOST
from tms.io.errors import InputError
from tms.io.token_ids import own_tokens
from tms.metrics.per_example import by_example, interval

COUNTED = ("", LIMIT, *LOST)  # reasons that are counted elsewhere or are none


def score(benchmark: str, metric: str | None, rows: list[dict]) -> dict:
    """Score of one benchmark, and of its other metrics, from its graded rows.

    A benchmark without a metric (grader `none`) has no score: `metric`, `score`, `ci_low` and `ci_high` are
    null and `n` is 0; the grades of its rows are null. What its completions are is counted: `rows`,
    `truncated` by the length limit, and their mean `length` in tokens.

    Raises:
        InputError: no row counts for the score.
    """
    scores = {
        name: {
            "score": items.score,
            "n": items.n,
            **dict(zip(("ci_low", "ci_high"), interval([items]), strict=True)),
        }
        for name, items in by_example(rows).items()
    }
    if metric is None:
        scores[benchmark] = dict.fromkeys(["score", "n", "ci_low", "ci_high"]) | {"n": 0} | lengths(rows)
    if benchmark not in scores:
        failures = Counter(row["reason"] for row in rows if row["reason"])
        told = ", ".join(f"{count} {reason}" for reason, count in failures.most_common())
        raise InputError(
            f"benchmark {benchmark}: none of its {len(rows)} rows counts for {metric}"
            + (f": {told} (the first says {rows[0]['extracted']!r})" if told else "; raise its limit")
        )
    return {
        "metric": metric,
        **scores.pop(benchmark),
        "truncated": sum(row["finish_reason"] == "length" for row in rows),
        "lost": sum(row["reason"] in LOST for row in rows),
        "limit": sum(row["reason"] == LIMIT for row in rows),
        "failures": sum(row["reason"] not in COUNTED for row in rows),
        "also": {name.removeprefix(f"{benchmark}."): entry for name, entry in scores.items()},
    }


def lengths(rows: list[dict]) -> dict[str, float]:
    """Number of completions, and their mean length in the model's own tokens (end tokens included) with its
    error."""
    tokens = [own_tokens(row["completion_ids"]) for row in rows]
    error = statistics.stdev(tokens) / math.sqrt(len(tokens)) if len(tokens) > 1 else 0.0
    return {"rows": len(rows), "length": statistics.fmean(tokens), "length_stderr": error}
