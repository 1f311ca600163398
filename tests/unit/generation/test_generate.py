"""Orders are filled from the store first; any split of the work over jobs gives the same rows."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest
from helpers import tiny_models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tms.generation.engines.interface import Finished
from tms.generation.generate import ModelFolder, Request, generate_missing, open_model
from tms.generation.sampling import Sampling
from tms.io.errors import InputError
from tms.model_folder import digest
from tms.model_folder.digest import compute_digest


class FakeEngine:
    """Completions that depend on the noise key alone, finished in an order of its own; counts its work."""

    name, version = "fake", "1"

    def __init__(self, fail_after: int | None = None):
        self.loaded: list[Path] = []
        self.generated: list[int] = []
        self.fail_after = fail_after

    def load(self, folder, room, images=None):
        self.loaded.append(folder)
        self.room = room

    def generate(self, requests, sampling, end_token_ids, on_rows):
        order = list(range(len(requests)))
        random.Random(len(requests)).shuffle(order)
        for index in order:
            if len(self.generated) == self.fail_after:
                raise KeyboardInterrupt
            chooser = random.Random(requests[index].noise_key)
            ids = [chooser.randrange(5, 15) for _ in range(sampling.max_new_tokens - 1)]
            self.generated.append(requests[index].noise_key)
            on_rows([Finished(index, [*ids, end_token_ids[0]], "stop", 0.25)])


@pytest.fixture(scope="module")
def model(tiny_model) -> ModelFolder:
    return open_model(tiny_model)


def rows_of(numbers) -> list[dict]:
    return [{"example_id": f"e{number}", "prompt": str(number), "sample": number % 3} for number in numbers]


def request(model, numbers, seed=0, limit=6) -> Request:
    return Request(model, Sampling(max_new_tokens=limit), seed, rows_of(numbers), "test")


def test_rows_in_order_with_their_columns(model, tmp_path):
    done = generate_missing([request(model, [3, 1, 2])], FakeEngine(), tmp_path)
    assert [row["example_id"] for row in done] == ["e3", "e1", "e2"]
    for row in done:
        assert row["completion_ids"][-1] == 2 and row["finish_reason"] == "stop"
        assert row["completion"] == model.chat.text(row["completion_ids"])
        assert row["seconds"] == 0.25 and row["seed"] == 0
    assert len({tuple(row["completion_ids"]) for row in done}) == 3


def test_stored_rows_start_no_engine(model, tmp_path):
    first = generate_missing([request(model, range(5))], FakeEngine(), tmp_path)
    engine = FakeEngine()
    assert generate_missing([request(model, range(5))], engine, tmp_path) == first
    assert engine.loaded == engine.generated == []


def test_one_start_for_all_requests_of_a_model(model, tmp_path):
    engine = FakeEngine()
    generate_missing([request(model, range(3), limit=6), request(model, range(3), limit=9)], engine, tmp_path)
    assert engine.loaded == [model.folder]
    longest = len(model.chat.prompt_ids("0")) + 9
    assert engine.room == longest
    assert len(engine.generated) == 6


def test_same_row_wanted_twice_is_generated_once(model, tmp_path):
    engine = FakeEngine()
    done = generate_missing([request(model, [1, 1, 2])], engine, tmp_path)
    assert len(engine.generated) == 2
    assert done[0] == done[1] != done[2]


def test_seed_and_sample_give_other_rows(model, tmp_path):
    engine = FakeEngine()
    generate_missing([request(model, [1], seed=0), request(model, [1], seed=1)], engine, tmp_path)
    wanted = [{"example_id": "e", "prompt": "1", "sample": sample} for sample in range(4)]
    generate_missing([Request(model, Sampling(max_new_tokens=6), 0, wanted, "test")], engine, tmp_path)
    assert len(set(engine.generated)) == 5  # sample 1 of seed 0 was there


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=5), stops=st.lists(st.integers(0, 8))
)
def test_any_split_order_and_interruption(model, tmp_path_factory, parts, stops):
    """Jobs over any subsets, each stopped anywhere, generate each row once and never another text."""
    store = tmp_path_factory.mktemp("rows")
    expected = generate_missing([request(model, range(31))], FakeEngine(), tmp_path_factory.mktemp("other"))
    generated = []
    for place, part in enumerate(parts):
        engine = FakeEngine(fail_after=stops[place] if place < len(stops) else None)
        try:
            done = generate_missing([request(model, part)], engine, store)
            assert done == [expected[number] for number in part]
        except KeyboardInterrupt:
            pass
        generated += engine.generated
    engine = FakeEngine()
    assert generate_missing([request(model, range(31))], engine, store) == expected
    generated += engine.generated
    assert len(generated) == len(set(generated)) == 31


def test_too_long_for_the_context_stops_before_the_engine(model, tmp_path):
    engine = FakeEngine()
    requests = [request(model, [1]), request(model, [2], limit=250)]
    with pytest.raises(InputError, match=r"e2 has 2\d prompt tokens.*context of 256.*max_new_tokens"):
        generate_missing(requests, engine, tmp_path)
    assert engine.loaded == []


def flip_a_bit(folder):
    """Change the last weight in place; the file keeps its size and its time."""
    weights = folder / "model.safetensors"
    before = weights.stat()
    with weights.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        last = stream.read(1)[0]
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last ^ 1]))
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("recorded", [True, False])
def test_rows_of_other_weights_are_not_served(tiny_model, tmp_path, recorded):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    if not recorded:
        (folder / "weights.json").unlink()
    first = generate_missing([request(open_model(folder), range(5))], FakeEngine(), tmp_path / "rows")
    flip_a_bit(folder)
    if recorded:
        model, engine = open_model(folder), FakeEngine()
        for number in (5, 6):  # all rows stored, and one missing
            with pytest.raises(InputError, match=r"model\.safetensors: not the weights that weights\.json"):
                generate_missing([request(model, range(number))], engine, tmp_path / "rows")
        assert engine.loaded == engine.generated == []
        return
    engine = FakeEngine()
    other = generate_missing([request(open_model(folder), range(5))], engine, tmp_path / "rows")
    assert len(engine.generated) == 5
    assert [row["completion_ids"] for row in other] != [row["completion_ids"] for row in first]


@pytest.fixture
def later(monkeypatch):
    """Let an hour pass since the last change of any file: the clock is what can be set."""
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 3600 * 10**9)


def moved(folder, other):
    other.replace(folder / "model.safetensors")


def moved_and_all_modes_set(folder, other):
    moved(folder, other)
    for file in folder.iterdir():  # chmod -R, which touches the record too
        file.chmod(0o640)


def linked(folder, other):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(other)


@pytest.mark.parametrize("swap", [moved, moved_and_all_modes_set, linked])
@pytest.mark.parametrize("adapters", [False, True])
def test_swapped_weights_are_noticed_though_all_rows_are_stored(tiny_model, tmp_path, later, swap, adapters):
    """Another checkpoint's file, of the same size and as old, in the place of a model's or its base's."""
    base = shutil.copytree(tiny_model, tmp_path / "model")
    shutil.copytree(base, tmp_path / "other")
    flip_a_bit(tmp_path / "other")
    model = tiny_models.with_adapters(base, tmp_path / "adapters", 1) if adapters else base
    for _ in range(2):
        generate_missing([request(open_model(model), range(5))], FakeEngine(), tmp_path / "rows")
    swap(base, tmp_path / "other" / "model.safetensors")
    engine = FakeEngine()
    with pytest.raises(InputError, match=r"model\.safetensors: not the weights that weights\.json"):
        generate_missing([request(open_model(model), range(5))], engine, tmp_path / "rows")
    assert engine.loaded == engine.generated == []


def test_stored_rows_need_no_weights_until_something_touches_them(tiny_model, tmp_path, later, monkeypatch):
    """A job that finds all rows reads no weights, however large they are."""
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    wanted = [request(open_model(folder), range(5))]
    first = generate_missing(wanted, FakeEngine(), tmp_path / "rows")
    monkeypatch.setattr(digest, "_read", {})  # as in another process
    reads, compute = [], compute_digest
    monkeypatch.setattr(digest, "compute_digest", lambda folder: reads.append(folder) or compute(folder))
    assert generate_missing(wanted, FakeEngine(), tmp_path / "rows") == first and reads == []
    (folder / "model.safetensors").chmod(0o640)
    for _ in range(2):
        assert generate_missing(wanted, FakeEngine(), tmp_path / "rows") == first
    assert reads == [folder]


def test_weights_touched_just_now_are_read_again(tiny_model, tmp_path, monkeypatch):
    """A second change within the same tick of the file system's clock would leave the same times."""
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    wanted = [request(open_model(folder), range(5))]
    changed = (folder / "model.safetensors").stat().st_ctime_ns
    monkeypatch.setattr(time, "time_ns", lambda: changed + 10**9)
    generate_missing(wanted, FakeEngine(), tmp_path / "rows")
    assert not list((tmp_path / "rows").rglob("*.read"))


def test_a_store_that_takes_no_note_costs_time_alone(tiny_model, tmp_path, later, monkeypatch):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    wanted = [request(open_model(folder), range(5))]

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    first = generate_missing(wanted, FakeEngine(), tmp_path / "rows")
    assert generate_missing(wanted, FakeEngine(), tmp_path / "rows") == first


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("when", ["load", "generate"])
def test_weights_that_change_under_a_job_store_no_row(tiny_model, tmp_path, recorded, when, monkeypatch):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    if not recorded:
        (folder / "weights.json").unlink()
    engine = FakeEngine()
    work = getattr(engine, when)
    monkeypatch.setattr(engine, when, lambda *args: (flip_a_bit(folder), work(*args)))
    with pytest.raises(InputError, match="not the weights" if recorded else "changed while this job"):
        generate_missing([request(open_model(folder), range(5))], engine, tmp_path / "rows")
    assert list((tmp_path / "rows").rglob("*.parquet")) == []


def test_a_disk_without_room_is_named_before_the_model_is_loaded(model, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=5 * 6 * 4 - 1)
    monkeypatch.setattr("tms.io.disk.shutil.disk_usage", lambda place: usage)
    engine = FakeEngine()
    with pytest.raises(InputError, match="5 completions may take"):
        generate_missing([request(model, range(5))], engine, tmp_path / "rows")
    assert engine.loaded == []
    generate_missing([request(model, range(4))], engine, tmp_path / "rows")


def test_truncated_model_is_refused(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated"):
        open_model(folder)
    (folder / "weights.json").unlink()  # a downloaded model states no sizes
    with pytest.raises(InputError, match="not a whole safetensors file"):
        open_model(folder)
    weights.unlink()
    with pytest.raises(InputError, match=r"no \*\.safetensors"):
        open_model(folder)
