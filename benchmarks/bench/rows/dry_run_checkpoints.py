"""Growth with SFT's checkpoints, T: a dry run of a model's table."""

WORK = "dry run of qwen3b's table, a seed: SFT's checkpoints"
PEER = ""
PACKAGES = ["snakemake"]
FIRST = "not measured"
REACH = {"growth": 1}
SIZES = [2, 10, 50]


def product(inputs):
    from rows import _dry_run

    return _dry_run.plan(_dry_run.of_model(seeds=[0], tms={"num_checkpoints": inputs.size}))
