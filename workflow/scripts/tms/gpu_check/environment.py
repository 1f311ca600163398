"""Part: the machine before torch is imported: driver, memory, disk, write access, the hub's token."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tms.gpu_check.rows import FAIL, PASS, SKIPPED, Row

QUERY = ["name", "memory.total", "memory.used", "driver_version"]
FOLDERS = ["results", "models", "data", "rows", "logs"]
WRITTEN, BLOCK = 1 << 28, 1 << 23  # bytes that are written at most, and at once
WRITE_SECONDS = 5  # after so many no more is written
SHARED_MEMORY = 1 << 28  # bytes; processes on several cards talk through it
IN_USE = 0.05  # share of a card's memory: more belongs to another process


def measure(settings: dict) -> dict:
    """Look at the machine.

    Args:
        settings: `on_gpu`; `cards` that a job takes at most; `mem_bytes` of main memory of the largest job;
            `disk_bytes` of its state and checkpoint; `missing`, models that are to be downloaded.

    Returns:
        `rows` of the table, and `cards`, as the driver names them, each with `bytes`.
    """
    cards, driver = driver_row(settings) if settings["on_gpu"] else ([], small_row("driver"))
    rows = [driver, memory_row(settings["mem_bytes"], settings["cards"]), disk_row(settings["disk_bytes"])]
    rows += [write_row(), token_row(settings["missing"])]
    return {"rows": [vars(row) for row in rows], "cards": cards}


def small_row(check: str) -> Row:
    """Row of what a CPU does not have."""
    return Row(check, SKIPPED, "SMALL: on a CPU")


def driver_row(settings: dict) -> tuple[list[dict], Row]:
    """The cards that the driver names, and their row."""
    remedy = "run on a node with GPUs (make gpu-check PROFILE=slurm), or install NVIDIA's driver"
    try:
        cards = visible_cards()
    except (OSError, subprocess.SubprocessError) as error:
        return [], Row("driver", FAIL, f"nvidia-smi does not answer ({error})", remedy)
    if not cards:
        return [], Row("driver", FAIL, "no card is visible", remedy)
    names = " + ".join(
        sorted({f"{sum(c['name'] == card['name'] for c in cards)} x {card['name']}" for card in cards})
    )
    found = f"{names}, {cards[0]['bytes'] / 1e9:.0f} GB each, driver {cards[0]['driver']}"
    if used := [str(place) for place, card in enumerate(cards) if card["used"] > IN_USE * card["bytes"]]:
        what = f"{found}; in use by another process: {', '.join(used)}"
        return cards, Row(
            "driver", FAIL, what, "end what nvidia-smi lists there, or set CUDA_VISIBLE_DEVICES"
        )
    if len(cards) < settings["cards"]:
        what = f"{found}; the configuration asks for {settings['cards']} cards a job"
        remedy = "lower `gpus` of models, teachers and judges in the config, or take a larger node"
        return cards, Row("driver", FAIL, what, remedy)
    return cards, Row("driver", PASS, found)


def visible_cards() -> list[dict]:
    """The cards that a job would see, as `read_cards` gives them, without torch.

    Raises:
        OSError, subprocess.SubprocessError: nvidia-smi is not there, or does not answer.
    """
    words = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):  # of a job, or of the user's choice
        words += ["--id", visible]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=50)
    return read_cards(done.stdout) if visible != "" else []


def read_cards(text: str) -> list[dict]:
    """The lines of nvidia-smi: name, memory and what is used of it in bytes, driver."""
    cards = []
    for line in text.splitlines():
        name, total, used, driver = (word.strip() for word in line.split(","))
        sizes = {"bytes": int(float(total) * 2**20), "used": int(float(used) * 2**20)}
        cards.append({"name": name, "driver": driver, **sizes})
    return cards


def memory_row(needed: int, cards: int) -> Row:
    """Main memory, and the part of it that processes share."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (words := limit.read_text().strip()).isdigit():  # of a container or a cluster's job
        total = min(total, int(words))
    shared = shutil.disk_usage("/dev/shm").total if Path("/dev/shm").exists() else None
    found = f"{total / 1e9:.0f} GB, the largest job takes {needed / 1e9:.0f} GB"
    if total < needed:
        return Row("memory", FAIL, found, "take a node with more memory, or leave the largest model out")
    if cards > 1 and shared is not None and shared < SHARED_MEMORY:
        return Row("memory", FAIL, f"{found}; /dev/shm has {shared / 1e6:.0f} MB", "docker run --shm-size=8g")
    return Row("memory", PASS, found)


def disk_row(needed: int) -> Row:
    """Free space under results, and the speed of writing there."""
    folder = Path("results")
    folder.mkdir(exist_ok=True)
    free = shutil.disk_usage(folder).free
    block, written = os.urandom(BLOCK), 0
    started = time.perf_counter()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".gpu-check-") as file:
        while written < WRITTEN and time.perf_counter() < started + WRITE_SECONDS:
            written += file.write(block)
            file.flush()
            os.fsync(file.fileno())
        rate = written / (time.perf_counter() - started)
    found = f"{free / 1e9:.0f} GB free under results, written at {rate / 1e6:.0f} MB/s"
    if free < needed:
        what = f"{found}; one run of the largest model takes {needed / 1e9:.0f} GB"
        return Row("disk", FAIL, what, "free some, or make results a link to a larger disk (docs/cost.md)")
    return Row("disk", PASS, found)


def write_row() -> Row:
    """Whether the folders of the workflow, and the temporary one, can be written to."""
    refused = []
    for name in [*FOLDERS, tempfile.gettempdir()]:
        folder = Path(name)
        folder = folder if folder.exists() else Path()
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".gpu-check-"):
                pass
        except OSError as error:
            refused.append(f"{folder.absolute()} ({error.strerror})")
    if refused:
        return Row("write access", FAIL, ", ".join(refused), "make them writable, or set TMPDIR")
    return Row("write access", PASS, "results, models, data, rows, logs and the temporary folder")


def token_row(missing: list[str]) -> Row:
    """The hub's token, where models are still to be downloaded."""
    if not missing:
        return Row("hub token", PASS, "not needed: every model is here")
    home = Path(
        os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")
    )
    file = Path(os.environ.get("HF_TOKEN_PATH") or home / "token").expanduser()
    models = ", ".join(missing)
    if os.environ.get("HF_TOKEN") or file.exists():
        return Row("hub token", PASS, f"there; still to be downloaded: {models}")
    what = f"none, and still to be downloaded: {models}"
    return Row(
        "hub token", FAIL, what, "accept the terms of gated models on the hub, then .venv/bin/hf auth login"
    )
