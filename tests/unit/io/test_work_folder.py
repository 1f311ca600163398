"""Work folders: named by what they depend on, resumed from whole states, published whole."""

from pathlib import Path

import pytest

from tms.io.work_folder import file_digest, open_work_folder, publish


def test_any_other_fact_is_another_folder(tmp_path):
    facts = {"flags": {"seed": 0}, "code": ["a:1"], "rows": "x"}
    first = open_work_folder(tmp_path, "train_sft", facts)
    assert first.name.startswith("train_sft-")
    assert open_work_folder(tmp_path, "train_sft", dict(reversed(facts.items()))) == first
    others = [facts | {"flags": {"seed": 1}}, facts | {"code": ["a:2"]}, facts | {"rows": "y"}]
    assert len({open_work_folder(tmp_path, "train_sft", other) for other in others} | {first}) == 4


def test_file_digest_follows_contents(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")
    (tmp_path / "c").write_bytes(b"2")
    assert file_digest(tmp_path / "a") == file_digest(tmp_path / "b") != file_digest(tmp_path / "c")


def test_publishing_replaces_and_keeps_the_source(tmp_path):
    source, target = tmp_path / "work", tmp_path / "place" / "checkpoint-1of1"
    source.mkdir()
    (source / "model").write_text("new")
    target.mkdir(parents=True)
    (target / "stale").touch()
    publish(source, target)
    assert [file.name for file in target.iterdir()] == ["model"]
    assert (source / "model").read_text() == (target / "model").read_text() == "new"
    assert [folder.name for folder in target.parent.iterdir()] == ["checkpoint-1of1"]


def test_publishing_works_across_file_systems(tmp_path, monkeypatch):
    def refuse(*names):
        raise OSError("cross-device link")

    monkeypatch.setattr("os.link", refuse)
    source = tmp_path / "work"
    source.mkdir()
    (source / "model").write_text("new")
    publish(source, tmp_path / "place")
    assert (tmp_path / "place" / "model").read_text() == "new"


def test_publishing_fails_whole(tmp_path):
    with pytest.raises(FileNotFoundError):
        publish(tmp_path / "missing", tmp_path / "place")
    assert not (tmp_path / "place").exists()


def test_a_file_whose_digest_cannot_be_read_is_named():
    with pytest.raises(OSError) as error:
        file_digest(Path("/proc/self/mem"))
    assert error.value.filename == "/proc/self/mem"
