"""The line for a program that got no further memory."""

REMEDY = "end other programs, or give the job more memory or smaller batches, and run again"
# Libraries in other languages raise errors of their own, with the system's words.
WORDS = (
    "cannot allocate memory",
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "can't start new thread",
)


def ran_out(error: BaseException) -> str | None:
    """The line for an error that means no further memory, itself or what caused it; None for any other."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        first = (str(error).splitlines() or [""])[0]
        if isinstance(error, MemoryError) or any(words in str(error).lower() for words in WORDS):
            return f"out of memory ({first[:200] or type(error).__name__}); {REMEDY}"
        error = error.__cause__ or error.__context__
    return None
