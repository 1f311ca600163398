"""Compare models that were pretrained anew with the shipped ones, or replace those."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.miniature import record
from tms.model_folder.digest import compute_digest


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--anew", type=Path, required=True, help="folder with models and their record")
    flags.add_argument("--shipped", type=Path, required=True, help="the same, as the repository has it")
    flags.add_argument(
        "--replace", action="store_true", help="put the new models in the place of the shipped"
    )
    return flags


def distance(anew: Path, shipped: Path) -> str:
    """The distance of two models: nothing, or the share of tensors and the root mean square of differences.

    Args:
        anew, shipped: model folders.
    """
    if compute_digest(anew) == compute_digest(shipped):
        return "equal, bit for bit"
    import torch
    from safetensors.torch import load_file

    new, old = (load_file(folder / "model.safetensors") for folder in (anew, shipped))
    if {name: value.shape for name, value in new.items()} != {
        name: value.shape for name, value in old.items()
    }:
        return "another architecture"
    differing = sum(not torch.equal(new[name], old[name]) for name in old)
    size = torch.cat([value.double().ravel() for value in old.values()])
    apart = torch.cat([new[name].double().ravel() for name in old]) - size
    return (
        f"{differing} of {len(old)} tensors differ; root mean square of the differences "
        f"{apart.square().mean().sqrt():.2g}, of the shipped weights {size.square().mean().sqrt():.2g}"
    )


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    made = record.read(args.anew)
    changed = record.changed(args.shipped, {name: made[name] for name in ("settings", "corpus", "code")})
    print(f"settings, corpus and code: {'other ' + ', '.join(changed) if changed else 'equal'}")
    for name in made["weights"]:
        print(f"{name}: {distance(args.anew / name, args.shipped / name)}")
    if args.replace:
        folders = {name: args.shipped / name for name in made["weights"]}
        record.copy(args.anew, folders, args.shipped / record.NAME)
        print(f"{args.shipped}: replaced; measure again what docs/ says of them")


if __name__ == "__main__":
    cli.run(main, parser())
