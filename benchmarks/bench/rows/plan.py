"""The plan of a student's run: the source of each visit's target."""

WORK = "plan a student's visits"
PEER = ""
PACKAGES = ["pyarrow"]
FIRST = "with the mixture 17 s, 1,051 MB at 10^5"
REACH = {"megabytes": 1500}
SIZES = [10_000, 100_000, 1_000_000]


def product(inputs):
    """The program on references of made-up text."""
    from rows import _mixture_files, _prepared

    folder = _prepared.folder_of(_mixture_files.write_references, inputs.size)
    return lambda: _mixture_files.write_plan(folder)
