"""The mixture of a student's run: each visit joined with its target."""

WORK = "join the planned visits with their targets, 100 tokens each"
PEER = ""
PACKAGES = ["pyarrow"]
FIRST = "with the plan 17 s, 1,051 MB at 10^5"
REACH = {"megabytes": 1500}
SIZES = [10_000, 100_000, 1_000_000]


def product(inputs):
    """The program on a made-up harvest."""
    import build_mixture
    from rows import _mixture_files, _prepared

    folder = _prepared.folder_of(_mixture_files.write_harvested, inputs.size)
    words = ["--plan", folder / "plan.parquet", "--harvest", folder / "harvest.parquet"]
    words += ["--output", folder / "mixture.parquet", "--heldout-output", folder / "own.parquet"]
    args = build_mixture.parser().parse_args([*_mixture_files.references(folder), *map(str, words)])
    return lambda: build_mixture.main(args)
