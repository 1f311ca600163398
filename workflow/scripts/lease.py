"""Run a command on GPUs of this node that no other command has: `lease.py --gpus 2 -- command ...`.

Snakemake counts the resource `gpu` but assigns no cards. This program takes a lease (`flock`) on each card,
sets CUDA_VISIBLE_DEVICES and becomes the command. So the command gets every signal itself, and its leases end
with it, however it ends. Several workflows of one user on a node share the leases.

Waiting commands stand in a queue: the first one collects cards as they become free, so a command that needs
the whole node is not passed by small ones for ever, and no two wait for each other.
"""

import argparse
import fcntl
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tms.io import cli
from tms.io.errors import InputError

POLL_SECONDS = 0.2
PATIENCE = 120  # seconds for nvidia-smi, which starts the driver first where no program uses a card
BOOT = Path("/proc/sys/kernel/random/boot_id")


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add("--gpus", type=int, required=True, help="cards that the command gets; 0 hides every card from it")
    add("--count", type=int, help="cards of this node (default: what nvidia-smi lists)")
    add("--folder", type=Path, help="folder of the leases (default: under the temporary folder)")
    add("command", nargs="+", help="the command, after --")
    return flags


def main(args: argparse.Namespace) -> None:
    """Wait for the cards, then become the command."""
    cards = take(args.gpus, visible_cards(args.count), args.folder or lease_folder()) if args.gpus else []
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(cards)
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # as nvidia-smi counts
    if not args.gpus and Path("/dev/nvidia0").exists():
        print("lease: gpus is 0 in the config, so this runs on the CPU of a node with GPUs", file=sys.stderr)
    try:
        os.execvp(args.command[0], args.command)
    except OSError as error:
        raise InputError(f"{args.command[0]}: {error.strerror}") from error


def visible_cards(count: int | None) -> list[str]:
    """Names of the cards that may be leased: those of CUDA_VISIBLE_DEVICES where it is set, else the node's.

    Raises:
        InputError: nvidia-smi cannot be run, or CUDA_VISIBLE_DEVICES names something else.
    """
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        cards = [card.strip() for card in chosen.split(",") if card.strip()]
        if odd := [card for card in cards if not re.fullmatch(r"[0-9]+|(GPU|MIG)-[0-9A-Za-z/-]+", card)]:
            raise InputError(f"CUDA_VISIBLE_DEVICES names {odd[0]!r}, which is no card; unset or correct it")
        return list(dict.fromkeys(cards))
    if count is not None:
        return [str(index) for index in range(count)]
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        asked = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        listed = asked.communicate(timeout=PATIENCE)[0]
        if asked.returncode:
            raise subprocess.CalledProcessError(asked.returncode, command)
        return listed.split()
    except subprocess.TimeoutExpired as error:
        asked.kill()  # and not waited for: of a driver that hangs, the process never ends
        raise InputError(
            f"nvidia-smi does not answer within {PATIENCE} seconds; look after the GPUs' driver on this "
            f"node, or run on another one"
        ) from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            "GPUs are asked for, but nvidia-smi lists none on this machine; set `gpus` of the model, teacher "
            "or judge to 0 for the CPU, or run on a GPU node"
        ) from error


def lease_folder() -> Path:
    """This user's folder of leases on this node (nodes may share a temporary folder). In a SLURM job it is
    the job's own: its cards may be counted from 0 again."""
    job = os.environ.get("SLURM_JOB_ID")
    name = f"tms-gpu-leases-{os.getuid()}-{node()}" + (f"-slurm{job}" if job else "")
    return Path(tempfile.gettempdir(), name)


def node() -> str:
    """A name of the running kernel, which containers on it share and no other node has."""
    try:
        return BOOT.read_text().strip()
    except OSError:  # no Linux
        return platform.node()


def take(wanted: int, cards: list[str], folder: Path) -> list[str]:
    """Lease cards, waiting while too few are free; they stay leased until what this process becomes ends.

    Args:
        wanted: number of cards.
        cards: names of the cards that may be taken.
        folder: where the lock files lie.

    Returns:
        Names of the leased cards, in the order of `cards`.

    Raises:
        InputError: there are fewer cards than wanted, or the folder is somebody else's.
    """
    if wanted > len(cards):
        where = "CUDA_VISIBLE_DEVICES names" if "CUDA_VISIBLE_DEVICES" in os.environ else "this node has"
        raise InputError(f"{wanted} GPUs are asked for, {where} {len(cards)}; lower `gpus` in the config")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise InputError(f"{folder}: belongs to another user; set TMPDIR to a folder of your own")
    queue, held, told = None, {}, False
    while len(held) < wanted:
        if queue is None:
            queue = lock(folder / "queue")
        if queue is not None:
            for card in cards:
                if card not in held and len(held) < wanted:
                    lease = lock(folder / f"gpu-{card.replace('/', '_')}")
                    held |= {} if lease is None else {card: lease}
        if len(held) < wanted:
            if not told:
                print(f"lease: waiting for {wanted} of {len(cards)} GPUs", file=sys.stderr, flush=True)
                told = True
            time.sleep(POLL_SECONDS)
    os.close(queue)
    for lease in held.values():
        os.set_inheritable(lease, True)
    return [card for card in cards if card in held]


def lock(path: Path) -> int | None:
    """Lock a file; None where another process has it. The descriptor is the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        raise InputError(
            f"{path}: cannot be locked ({error.strerror}); set TMPDIR to a folder on a disk of this node"
        ) from error
    os.utime(descriptor)  # what clears old temporary files leaves it alone
    return descriptor


if __name__ == "__main__":
    cli.run(main, parser())
