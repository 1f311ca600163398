"""States of a run: whole or not there, damaged ones left aside, and the same bits whatever became of them."""

import hashlib
import json
import os
import pickle
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch
from helpers.small_disk import fill, forbid, small_disk
from safetensors.torch import save_file
from torch.distributed import checkpoint
from torch.distributed.checkpoint import CheckpointException
from torch.distributed.checkpoint.metadata import MetadataIndex

from tms.io import made_by
from tms.io.errors import InputError
from tms.model_folder.digest import weights_digest
from tms.training import states
from tms.training.examples import IGNORED, TrainingExample
from tms.training.pickled import fault_of_pickle
from tms.training.settings import Settings
from tms.training.sft_trainer import train
from tms.training.states import RECORD, States
from tms.training.trainer_run import fault_of_saved

SETTINGS = {"learning_rate": 1e-2, "effective_batch": 4, "device_batch": 2, "seed": 0, "threads": 1}
SETTINGS |= {"save_every_steps": 1, "report_to": "none"}
TARGETS = [
    TrainingExample(ids := [5 + (7 * i + j * j) % 60 for j in range(5 + i % 4)], [IGNORED] * 2 + ids[2:])
    for i in range(20)
]
STEPS = 5
POINTS = {1: "1of5", STEPS: "1of1"}
LAST = 4  # step of the last state; the one before it is of step 3


class Killed(BaseException):
    """A process that ends at once."""


def run(base, work, **changed):
    """Train in a work folder, from the last state in it."""
    settings = Settings(**(SETTINGS | {"log_dir": work / "log"} | changed))
    work.mkdir(exist_ok=True)
    return train(base, TARGETS, POINTS, settings, work)


def digests(work):
    return [weights_digest(work / f"checkpoint-{point}") for point in POINTS.values()]


@pytest.fixture(scope="module")
def whole(tiny_model, tmp_path_factory):
    """Digests of a run that nothing disturbed."""
    work = tmp_path_factory.mktemp("whole") / "run-0"
    run(tiny_model, work)
    return digests(work)


@pytest.fixture(scope="module")
def killed(tiny_model, tmp_path_factory):
    """Work folders of a run, and of another one, that were killed when they had saved their last state."""

    def kill(work, **changed):
        complete = States.complete

        def complete_and_die(self, step, seconds):
            complete(self, step, seconds)
            if step == LAST:
                raise Killed

        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            patch.setattr(States, "complete", complete_and_die)
            run(tiny_model, work, **changed)
        return work

    folder = tmp_path_factory.mktemp("killed")
    return kill(folder / "run-0"), kill(folder / "run-1", learning_rate=2e-2)


@pytest.fixture
def work(killed, tmp_path):
    """A copy of the killed run's folder."""
    return shutil.copytree(killed[0], tmp_path / killed[0].name)


def state_of(work, step=LAST):
    return work / "states" / f"checkpoint-{step}"


def steps(work):
    return sorted(path.name for path in (work / "states").iterdir())


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 16
    file.write_bytes(content)


def sealed(state, **changed):
    """Write a state's record anew, with a seal that fits."""
    record = json.loads((state / RECORD).read_text()) | changed
    del record["sha256"]
    (state / RECORD).write_text(json.dumps(record | {"sha256": states._seal(record)}))


def in_its_place(file):
    file.unlink()
    file.mkdir()


DAMAGES = {
    "an empty record": (lambda s, o: (s / RECORD).write_text(""), "complete.json is no record of a state"),
    "null": (lambda s, o: (s / RECORD).write_text("null"), "complete.json is no record of a state"),
    "a list": (lambda s, o: (s / RECORD).write_text("[]"), "complete.json is no record of a state"),
    "nesting": (lambda s, o: (s / RECORD).write_text("[" * 10**5), "complete.json is no record of a state"),
    "bytes": (lambda s, o: (s / RECORD).write_bytes(b"\xff\xfe"), "complete.json is no record of a state"),
    "keys": (lambda s, o: sealed(s, files=None), "complete.json is no record of a state"),
    "no record": (lambda s, o: (s / RECORD).unlink(), "complete.json is missing"),
    "a folder": (lambda s, o: in_its_place(s / RECORD), "complete.json is missing"),
    "another step": (lambda s, o: sealed(s, step=2), "its complete.json is another state's"),
    "a changed record": (lambda s, o: flip(s / RECORD), "complete.json is no"),
    "a record of before": (
        lambda s, o: shutil.copy(state_of(s.parents[1], LAST - 1) / RECORD, s),
        "its complete.json is another state's",
    ),
    "another run's": (
        lambda s, o: (shutil.rmtree(s), shutil.copytree(o, s)),
        "its complete.json is another state's",
    ),
    "another run's record": (lambda s, o: shutil.copy(o / RECORD, s), "its complete.json is another state's"),
    "a cut optimizer": (lambda s, o: cut(s / "optimizer.pt"), "optimizer.pt has "),
    "no optimizer": (lambda s, o: (s / "optimizer.pt").unlink(), "optimizer.pt is missing"),
    "no scheduler": (lambda s, o: (s / "scheduler.pt").unlink(), "scheduler.pt is missing"),
    "no random numbers": (lambda s, o: (s / "rng_state.pth").unlink(), "rng_state.pth is missing"),
    "no weights": (lambda s, o: (s / "model.safetensors").unlink(), "model.safetensors is missing"),
    "a bit of weights": (lambda s, o: flip(s / "model.safetensors"), "model.safetensors is not as it was"),
    "a bit of moments": (lambda s, o: flip(s / "optimizer.pt"), "optimizer.pt is not as it was written"),
    "a cut trainer_state": (lambda s, o: cut(s / "trainer_state.json"), "trainer_state.json has "),
    "no arguments": (lambda s, o: (s / "training_args.bin").unlink(), "training_args.bin is missing"),
    "one more folder": (lambda s, o: (s / "optimizer_0").mkdir(), "optimizer_0 is no part of it"),
    "one more file": (lambda s, o: (s / "optimizer.bin").touch(), "optimizer.bin is no part of it"),
    "a file's place": (lambda s, o: in_its_place(s / "optimizer.pt"), "optimizer.pt is no file"),
    "a file": (lambda s, o: (shutil.rmtree(s), s.write_text("")), "complete.json is missing"),
    "an empty folder": (lambda s, o: (shutil.rmtree(s), s.mkdir()), "complete.json is missing"),
    "no checkpoint": (
        lambda s, o: shutil.rmtree(s.parents[1] / "checkpoint-1of5"),
        "a checkpoint before it is missing or damaged (",
    ),
    "a bit of a checkpoint": (
        lambda s, o: flip(s.parents[1] / "checkpoint-1of5" / "model.safetensors"),
        "a checkpoint before it is missing or damaged (",
    ),
}


def fault_of_checkpoints(work):
    """What a run asks of a state's step."""
    return partial(fault_of_saved, POINTS, work)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_state_is_named_and_left_aside(work, killed, capsys, name):
    damage, told = DAMAGES[name]
    damage(state_of(work), state_of(killed[1]))
    found = States(work / "states").latest(fault_of_checkpoints(work))
    of_both = "checkpoint" in name
    assert found is None if of_both else found[0] == state_of(work, LAST - 1)
    lines = capsys.readouterr().err.splitlines()
    for line, step in zip(lines, (LAST, LAST - 1)[: 1 + of_both], strict=True):
        assert line.startswith(f"warning: {state_of(work, step)}: not used to go on from: {told}")
        assert f"put aside as damaged-checkpoint-{step}, until the run ends" in line
        assert (work / "states" / f"damaged-checkpoint-{step}").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["no optimizer", "a bit of moments", "another run's", "a bit of a checkpoint"]
)
def test_a_run_goes_on_from_an_older_state_to_the_same_bits(tiny_model, work, killed, whole, capsys, name):
    DAMAGES[name][0](state_of(work), state_of(killed[1]))
    assert run(tiny_model, work) > 0
    assert ("from step" in capsys.readouterr().err) == ("checkpoint" not in name)
    assert digests(work) == whole


@pytest.mark.slow
def test_a_run_whose_states_are_all_damaged_starts_anew(tiny_model, work, whole, capsys):
    flip(state_of(work) / "optimizer.pt")
    cut(state_of(work, LAST - 1) / "model.safetensors")
    run(tiny_model, work)
    told = capsys.readouterr().err
    assert told.count("put aside as") == 2 and "from step" not in told
    assert digests(work) == whole
    assert {"damaged-checkpoint-3", "damaged-checkpoint-4"} < set(steps(work))


def test_what_is_no_state_is_left_alone(work, capsys):
    for name in ("notes", "checkpoint-", "checkpoint-x", "checkpoint--4"):
        (work / "states" / name).mkdir()
    (work / "states" / "notes.txt").touch()
    lying = States(work / "states")
    assert lying.latest(fault_of_checkpoints(work))[0] == state_of(work)
    lying.make_room()
    assert capsys.readouterr().err == ""
    assert {"notes", "notes.txt", "checkpoint-x", "checkpoint-4"} < set(steps(work))
    assert "checkpoint-3" not in steps(work)


def test_names_of_states_put_aside_do_not_collide(work, capsys):
    lying = States(work / "states")
    for number in ("", ".1", ".2"):
        state_of(work).mkdir(exist_ok=True)
        flip_or_nothing = state_of(work) / "optimizer.pt"
        flip_or_nothing.write_text("x")
        lying.latest(lambda step: None)
        assert f"damaged-checkpoint-{LAST}{number}" in steps(work)
    capsys.readouterr()


def test_two_states_are_kept_and_no_third_lies_beside_the_one_that_is_written(
    tiny_model, tmp_path, monkeypatch
):
    seen = []
    complete = States.complete

    def looked_at(self, step, seconds):
        seen.append([int(path.name.partition("-")[2]) for path in self.all()])
        complete(self, step, seconds)
        assert [int(path.name.partition("-")[2]) for path in self.all()] == [step, step - 1][:step]

    monkeypatch.setattr(States, "complete", looked_at)
    run(tiny_model, tmp_path / "run-0")
    assert seen == [[], [1], [2], [3]]


@pytest.mark.slow
def test_a_kill_at_any_moment_of_writing_leaves_whole_states_alone(
    tiny_model, whole, tmp_path, monkeypatch, capsys
):
    """At each call that writes, names or removes something, from the second state on."""
    calls = {"left": -1}
    names = [(Path, "rename"), (Path, "write_text"), (Path, "unlink"), (Path, "mkdir")]
    names += [(os, "fsync"), (shutil, "rmtree"), (torch, "save")]

    def deadly(owner, name):
        real = getattr(owner, name)

        def call(*given, **more):
            if calls["left"] == 0:
                raise Killed
            calls["left"] -= 1
            return real(*given, **more)

        monkeypatch.setattr(owner, name, call)

    for owner, name in names:
        deadly(owner, name)
    for moment in (11, 29, 47, 65):
        work = tmp_path / f"{moment}" / "run-0"
        work.parent.mkdir()
        calls["left"] = moment
        with pytest.raises(Killed):
            run(tiny_model, work)
        calls["left"] = -1
        for state in States(work / "states").all():
            States(work / "states")._read(state)
        run(tiny_model, work)
        assert digests(work) == whole
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")]
)
def test_a_state_that_cannot_be_read_now_is_kept(work, monkeypatch, error):
    monkeypatch.setattr(states, "file_digest", lambda path: (_ for _ in ()).throw(error))
    with pytest.raises(InputError, match=f"cannot be read .{error.strerror}.; mend that, or delete") as told:
        States(work / "states").latest(fault_of_checkpoints(work))
    assert "\n" not in str(told.value)
    assert state_of(work).exists()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("unable to open file <x> in read-only mode: Too many open files (24)"),
        RuntimeError("unable to mmap 9 bytes from file <x>: Cannot allocate memory (12)"),
        MemoryError(),
    ],
)
def test_a_state_for_which_the_machine_has_no_room_is_kept(work, monkeypatch, error):
    def refuse(*given, **more):
        raise error

    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(
        InputError, match=r"\.pth?: .*(Too many open files|out of memory).*or delete the state"
    ):
        States(work / "states").latest(fault_of_checkpoints(work))
    assert state_of(work).exists()


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return Path.touch, (self.place,)


class Reaching:
    """Asks for what leads to all modules."""

    def __reduce__(self):
        return getattr, (MetadataIndex, "__init__")


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth"])
@pytest.mark.parametrize("write", [torch.save, lambda value, file: file.write_bytes(pickle.dumps(value))])
def test_a_state_made_to_harm_runs_nothing(work, tmp_path, capsys, name, write):
    """Its digests agree: whoever can write there can write them too."""
    state = state_of(work)
    write({"state": Hostile(tmp_path / "ran")}, state / name)
    content = (state / name).read_bytes()
    described = json.loads((state / RECORD).read_text())["files"]
    sealed(state, files=described | {name: [len(content), hashlib.sha256(content).hexdigest()]})
    assert States(work / "states").latest(fault_of_checkpoints(work))[0] == state_of(work, LAST - 1)
    assert f"not used to go on from: {name} holds what a state does not" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_metadata_of_a_sharded_state(tmp_path):
    checkpoint.save({"w": torch.ones(3), "step": 4}, checkpoint_id=tmp_path / "optimizer_0")
    file = tmp_path / "optimizer_0" / ".metadata"
    assert fault_of_pickle(file) is None
    for hostile in (Hostile(tmp_path / "ran"), Reaching()):
        file.write_bytes(pickle.dumps(hostile))
        assert "holds what a state does not (it " in fault_of_pickle(file)
    checkpoint.save({"w": torch.ones(3), "step": Hostile(tmp_path / "ran")}, checkpoint_id=file.parent)
    assert "holds what a state does not (Weights only load failed" in fault_of_pickle(file)
    assert not (tmp_path / "ran").exists()
    checkpoint.load({"w": torch.ones(3), "step": 4}, checkpoint_id=file.parent)
    assert (tmp_path / "ran").exists()  # PyTorch itself runs it
    (file.parent / "__0_0.distcp").unlink()
    assert fault_of_pickle(file) == f"names {file.parent / '__0_0.distcp'}, which is not there"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"),
            "its disk is full",
        ),
        (OSError(28, "No space left on device"), "its disk is full"),
        (OSError(30, "Read-only file system"), "Read-only file system"),
    ],
)
@pytest.mark.parametrize("moment", ["state", "checkpoint"])
@pytest.mark.slow
def test_a_disk_that_cannot_be_written_is_named_and_the_run_goes_on_later(
    tiny_model, tmp_path, whole, monkeypatch, error, told, moment
):
    work = tmp_path / "run-0"
    calls = []

    def fail(*given, **more):
        calls.append(1)
        if len(calls) > 1:
            raise error
        return real(*given, **more)

    owner, name = (torch, "save") if moment == "state" else (states.shutil, "copyfile")
    real = getattr(owner, name)
    with monkeypatch.context() as patch, pytest.raises(InputError) as failed:
        patch.setattr(owner, name, fail)
        run(tiny_model, work)
    line = str(failed.value)
    assert "\n" not in line and told in line and str(work) in line and "run the same command again" in line
    assert not list(work.rglob(".unfinished/*")) and not list(work.glob(".*.unfinished"))
    run(tiny_model, work)
    assert digests(work) == whole


LARGE = {"w": torch.ones(10**5)}  # larger than the small disk
WRITERS = {
    "torch": lambda folder: torch.save(LARGE, folder / "optimizer.pt"),
    "torch, in parts": lambda folder: checkpoint.save(LARGE, checkpoint_id=folder / "parts", no_dist=True),
    "safetensors": lambda folder: save_file(LARGE, folder / "model.safetensors"),
    "Python": lambda folder: (folder / "trainer_state.json").write_bytes(bytes(10**6)),
}


@pytest.mark.parametrize("refuse", [fill, forbid])
@pytest.mark.parametrize("writer", WRITERS)
def test_what_the_system_refuses_a_writer_is_one_line(tmp_path, writer, refuse):
    with small_disk(tmp_path / "disk") as disk:
        unfinished = disk / ".unfinished"
        unfinished.mkdir()
        refuse(disk)
        with pytest.raises(InputError) as failed, states.writing(disk, unfinished):
            WRITERS[writer](unfinished)
        line = str(failed.value)
        assert line.startswith(f"{disk}: a checkpoint or a state cannot be written there")
        assert "\n" not in line and "ranks" not in line
        assert ("its disk is full" in line) == (refuse is fill)
        assert unfinished.exists() == (refuse is forbid)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        RuntimeError("Some tensors share memory, this will lead to duplicate memory on disk"),
        torch.OutOfMemoryError("CUDA out of memory"),
        CheckpointException("save", {1: (RuntimeError("NCCL error: unhandled system error"), None)}),
        ValueError("x"),
        KeyboardInterrupt(),
    ],
    ids=repr,
)
def test_an_error_of_another_kind_is_not_told_as_one_of_the_disk(tmp_path, error):
    with pytest.raises(type(error)) as raised, states.writing(tmp_path, tmp_path / ".unfinished"):
        raise error
    assert raised.value is error


def test_a_second_training_in_a_work_folder_is_told_who_trains_there(tiny_model, work, whole, monkeypatch):
    monkeypatch.setattr(made_by, "PATIENCE", 0)
    before = {path: path.stat().st_mtime_ns for path in (work / "states").rglob("*")}
    again = work.parent / "another_way_there"
    again.symlink_to(work.parent)
    with (
        made_by.holding(work / "lock.json", work, 0),
        pytest.raises(InputError, match=f"process {os.getpid()} on .* still makes it .*`kill {os.getpid()}`"),
    ):
        run(tiny_model, again / work.name)
    assert before == {path: path.stat().st_mtime_ns for path in (work / "states").rglob("*")}
    (work / "lock.json").write_text("left by a process that is gone")
    run(tiny_model, work)
    assert digests(work) == whole
