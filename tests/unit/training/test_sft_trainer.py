"""The trainer against a loop written out by hand; batches, checkpoints and their files."""

import json
import math
import os
import shutil
import stat
from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoModelForCausalLM

from tms.io import work_time
from tms.io.errors import InputError
from tms.model_folder.digest import weights_digest, write_digest
from tms.training import sft_trainer
from tms.training.callback import CheckpointCallback, cast
from tms.training.examples import IGNORED, TrainingExample, masked_target
from tms.training.losses import kl
from tms.training.losses.trsft import summed as summed_trsft
from tms.training.settings import Settings
from tms.training.sft_trainer import arrange, collate, train
from tms.training.trainer_run import TrainerRun

SETTINGS = {
    "learning_rate": 1e-2,
    "effective_batch": 4,
    "device_batch": 4,
    "warmup": 0.4,
    "adam_beta1": 0.9,
    "adam_beta2": 0.95,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "seed": 0,
    "threads": 1,
    "gradient_checkpointing": "off",
    "fsdp": "auto",
    "attention": "sdpa",
    "save_every_seconds": 1e9,
    "save_every_steps": 0,
    "report_to": "none",
}


def target(prompt_length, completion_length, seed):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 70, (prompt_length + completion_length,), generator=generator).tolist()
    return TrainingExample(ids, [IGNORED] * prompt_length + ids[prompt_length:])


# 18 rows: four batches of four and one of two. Lengths differ, and some rows have no loss.
TARGETS = [target(2 + i % 3, 1 + 5 * (i % 4), i) if i % 7 != 3 else masked_target(9) for i in range(18)]
STEPS = 5
ROUNDING = 1e-6  # of weights that were computed in float64, their loss in float32


@pytest.fixture
def trained(tiny_model, tmp_path):
    """Call `trained(targets, save_steps, **settings)`: trains the tiny model and returns its work folder."""

    def run(targets=TARGETS, save_steps=None, base=tiny_model, loss=(), **changed):
        settings = Settings(**(SETTINGS | {"log_dir": tmp_path / "log"} | changed))
        work = tmp_path / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        assert train(base, targets, save_steps or {STEPS: "1of1"}, settings, work, *loss) > 0
        return work

    return run


@pytest.fixture
def in_float64(monkeypatch):
    """Runs compute in float64, as `by_hand` does.

    In float32 no tolerance tells a wrong loss from rounding: the gradient of a key's bias all but cancels in
    the softmax (6e-7 here, of which 4e-10 is rounding), and AdamW divides each gradient by its own size.
    """
    load, load_base = TrainerRun.load_model, sft_trainer.load_model
    monkeypatch.setattr(TrainerRun, "load_model", lambda run: load(run).double())
    monkeypatch.setattr(sft_trainer, "load_model", lambda *given: load_base(*given).double())


def weights(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()


def nll(logits, labels):
    return cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")


def trsft(logits, labels, floor):
    """-p / max(stopgrad(p), a), one token after the other."""
    learned = [i for i, label in enumerate(labels) if label != IGNORED]
    probabilities = [logits[i].softmax(-1)[labels[i]] for i in learned]
    return sum(-p / max(p.item(), floor) for p in probabilities)


def by_hand(base, targets, loss_of=nll, betas=(0.9, 0.95), weight_decay=0.0, max_grad_norm=1.0, kl_beta=0.0):
    """AdamW in float64, cosine after a linear warm-up, mean over the batch's tokens: weights and losses."""
    model, start = (AutoModelForCausalLM.from_pretrained(base, dtype=torch.float64) for _ in range(2))
    # No decay on biases and norms.
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=betas)
    rising = math.ceil(0.4 * STEPS)
    losses = []
    for step in range(STEPS):
        share = step / rising if step < rising else (step - rising) / (STEPS - rising)
        rate = share if step < rising else 0.5 * (1 + math.cos(math.pi * share))
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * rate
        batch = targets[4 * step : 4 * step + 4]
        if not any(row.trained_tokens for row in batch):
            losses.append(0.0)
            continue
        total, tokens = 0.0, 0
        for row in batch:  # one row at a time: no padding
            logits = model(input_ids=torch.tensor([row.input_ids])).logits[0, :-1]
            labels = torch.tensor(row.labels[1:])
            if (labels != IGNORED).any():
                total = total + loss_of(logits, labels)
                if kl_beta:
                    with torch.no_grad():
                        p_0 = start(input_ids=torch.tensor([row.input_ids])).logits[0, :-1].softmax(-1)
                    nats = (p_0 * (p_0.log() - logits.log_softmax(-1))).sum(-1)
                    total = total + kl_beta * nats[labels != IGNORED].sum()
            tokens += row.trained_tokens
        loss = total / tokens
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
        optimizer.step()
    return model.float().state_dict(), losses


def assert_same(found, expected):
    """Equal weights up to rounding: a step of the optimiser is 1e-2."""
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=ROUNDING, rtol=0)


def distance(found, expected):
    return max((found[name] - value).abs().max().item() for name, value in expected.items())


@pytest.mark.parametrize("device_batch", [4, 2, 1])
def test_trainer_equals_the_loop_by_hand_for_any_device_batch(trained, in_float64, tiny_model, device_batch):
    expected, _ = by_hand(tiny_model, TARGETS)
    assert_same(weights(trained(device_batch=device_batch) / "checkpoint-1of1"), expected)


def test_trsft_equals_the_loop_by_hand(trained, in_float64, tiny_model):
    expected, _ = by_hand(tiny_model, TARGETS, partial(trsft, floor=0.1))
    plain, _ = by_hand(tiny_model, TARGETS)
    loss = partial(summed_trsft, trsft_floor=0.1)
    found = weights(trained(device_batch=2, loss=[loss]) / "checkpoint-1of1")
    assert_same(found, expected)
    # Nearly all tokens are below the floor at first, so that this is not the NLL's run in disguise.
    assert distance(plain, expected) > 1e-3


@pytest.mark.parametrize("device_batch", [4, 1])
def test_a_kl_to_the_base_equals_the_loop_by_hand(trained, in_float64, tiny_model, device_batch):
    expected, _ = by_hand(tiny_model, TARGETS, kl_beta=2.0)
    plain, _ = by_hand(tiny_model, TARGETS)
    loss = partial(kl.summed, kl_beta=2.0)
    assert_same(weights(trained(device_batch=device_batch, loss=[loss, True]) / "checkpoint-1of1"), expected)
    assert distance(plain, expected) > 1e-3


@pytest.mark.parametrize("empty", [{0}, {2}, {1, 2, 4}])
def test_a_step_without_a_token_changes_nothing(trained, in_float64, tiny_model, empty):
    """Neither AdamW's momentum nor its decay moves a weight there; the schedule goes on."""
    targets = [masked_target(9) if i // 4 in empty else row for i, row in enumerate(TARGETS)]
    expected, _ = by_hand(tiny_model, targets, weight_decay=0.1)
    for device_batch in (4, 2):
        work = trained(targets=targets, device_batch=device_batch, weight_decay=0.1, save_every_steps=1)
        assert_same(weights(work / "checkpoint-1of1"), expected)


def test_rows_without_a_token_count_for_nothing(trained, in_float64):
    """A batch of rows with loss, and the same with masked ones beside them on device batches of their own."""
    alone = [row for row in TARGETS if row.trained_tokens][:4]
    beside = [*alone, *[masked_target(9)] * 4]
    steps = {1: "1of1"}
    expected = weights(trained(alone, steps, warmup=0.0) / "checkpoint-1of1")
    found = trained(beside, steps, warmup=0.0, effective_batch=8, device_batch=2)
    assert_same(weights(found / "checkpoint-1of1"), expected)


def test_trsft_with_a_tiny_floor_is_plain_sft(trained, in_float64):
    plain = weights(trained() / "checkpoint-1of1")
    assert_same(weights(trained(loss=[partial(summed_trsft, trsft_floor=1e-30)]) / "checkpoint-1of1"), plain)


@pytest.mark.parametrize(
    ("changed", "optimiser"),
    [
        ({"adam_beta1": 0.5}, {"betas": (0.5, 0.95)}),
        ({"adam_beta2": 0.999}, {"betas": (0.9, 0.999)}),
        ({"weight_decay": 0.1}, {"weight_decay": 0.1}),
        ({"max_grad_norm": 0.1}, {"max_grad_norm": 0.1}),
        ({"max_grad_norm": 0.0}, {"max_grad_norm": math.inf}),  # no clipping
    ],
)
def test_settings_of_the_optimiser(trained, in_float64, tiny_model, changed, optimiser):
    expected, _ = by_hand(tiny_model, TARGETS, **optimiser)
    assert_same(weights(trained(**changed) / "checkpoint-1of1"), expected)
    assert distance(by_hand(tiny_model, TARGETS)[0], expected) > 10 * ROUNDING


def test_runs_compute_in_float32(trained, monkeypatch, tiny_model, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(tiny_model, half)
    AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.bfloat16).save_pretrained(half)
    write_digest(half)
    load, models = TrainerRun.load_model, []
    monkeypatch.setattr(TrainerRun, "load_model", lambda run: models.append(load(run)) or models[-1])
    trained(base=half)
    assert {value.dtype for model in models for value in model.parameters()} == {torch.float32}


def test_event_files_hold_the_loss_of_each_step(trained, tiny_model, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained(report_to="tensorboard", learning_rate=1e-3)  # an earlier run, whose curve is replaced
    trained(report_to="tensorboard", device_batch=1)
    events = EventAccumulator(str(tmp_path / "log")).Reload()
    _, expected = by_hand(tiny_model, TARGETS)
    assert [event.value for event in events.Scalars("train/loss")] == pytest.approx(expected, rel=1e-3)


def test_end_token_is_learned_though_it_equals_the_padding():
    padding = 0
    batch = collate(
        [TrainingExample([5, 6, padding], [IGNORED, 6, padding]), TrainingExample([5], [IGNORED])]
    )
    assert batch["input_ids"].tolist() == [[5, 6, 0], [5, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 0], [IGNORED] * 3]


def test_rows_stay_in_their_batch():
    arranged = arrange(TARGETS, effective_batch=4)
    assert len(arranged) == 20
    for first in range(0, 16, 4):
        batch, original = arranged[first : first + 4], TARGETS[first : first + 4]
        assert sorted(map(repr, batch)) == sorted(map(repr, original))
        lengths = [len(row.input_ids) for row in batch]
        assert lengths == sorted(lengths, reverse=True)
    assert sum(row.trained_tokens for row in arranged) == sum(row.trained_tokens for row in TARGETS)


def test_a_checkpoint_is_the_base_with_other_weights(trained, tiny_model):
    work = trained(save_steps={2: "2of5", STEPS: "1of1"})
    names = {file.name for file in tiny_model.iterdir()}
    for point in ("2of5", "1of1"):
        folder = work / f"checkpoint-{point}"
        assert {file.name for file in folder.iterdir()} == names | {"update.json"}
        for name in names - {"model.safetensors", "weights.json"}:
            assert (folder / name).read_bytes() == (tiny_model / name).read_bytes()
    digests = {weights_digest(folder) for folder in (tiny_model, *work.glob("checkpoint-*"))}
    assert len(digests) == 3


def test_checkpoints_have_the_bases_precision(trained, tiny_model, tmp_path):
    from safetensors.torch import load_file

    half = tmp_path / "half"
    shutil.copytree(tiny_model, half)
    AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.bfloat16).save_pretrained(half)
    write_digest(half)
    first = load_file(half / "model.safetensors")
    kept = {}
    for dtype, expected in (("base", torch.bfloat16), ("float32", torch.float32)):
        folder = trained(base=half, checkpoint_dtype=dtype, learning_rate=3e-5) / "checkpoint-1of1"
        stored = load_file(folder / "model.safetensors")
        assert {tensor.dtype for tensor in stored.values()} == {expected}
        assert AutoConfig.from_pretrained(folder).dtype == expected
        assert stored.keys() == first.keys()  # no untied copy of the head
        kept[dtype] = json.loads((folder / "update.json").read_text())
        changed = sum((stored[name].float() != first[name].float()).sum().item() for name in first)
        assert kept[dtype]["weights"] == sum(tensor.numel() for tensor in first.values())
        assert kept[dtype]["changed"] == changed / kept[dtype]["weights"]
    assert kept["base"]["changed"] < 0.5 < kept["float32"]["changed"]
    assert kept["base"]["surviving"] < 0.9
    assert kept["float32"]["surviving"] == 1
    assert kept["float32"]["update_rms"] == kept["base"]["update_rms"] > 0


def test_checkpoints_and_states_have_the_modes_that_the_umask_gives(trained, tiny_model, tmp_path):
    base = tmp_path / "read_only"
    shutil.copytree(tiny_model, base)
    for file in base.iterdir():
        file.chmod(0o400)
    before = os.umask(0o027)
    try:
        work = trained(base=base, save_every_steps=2)
    finally:
        os.umask(before)
    files = [file for file in work.rglob("*") if file.is_file()]
    assert {file.name for file in files} >= {"optimizer.pt", "complete.json", "update.json"}
    assert [file for file in files if stat.S_IMODE(file.stat().st_mode) != 0o640] == []


def test_a_base_whose_weights_changed_in_place_is_not_trained(trained, tiny_model, tmp_path):
    base = shutil.copytree(tiny_model, tmp_path / "base")
    weights = base / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=r"not the weights that weights\.json beside it"):
        trained(base=base)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, None),
        ({"do_sample": True, "temperature": 0.6, "top_p": 0.9, "top_k": 20}, None),  # Qwen2.5's
        ({"temperature": 0.9, "top_p": 0.6}, "`temperature`.*`top_p`"),  # Llama-2-chat's
        ({"do_sample": False, "top_k": 20}, "`top_k`"),
        ({"early_stopping": True}, "`early_stopping`"),
        ({"num_return_sequences": 3}, "`num_return_sequences`"),
        ({"max_new_tokens": -1}, "`max_new_tokens`"),
        ({"pad_token_id": -5}, "`pad_token_id`"),
    ],
)
def test_a_base_that_could_not_be_saved_is_named_before_it_is_trained(tiny_model, tmp_path, config, named):
    base = shutil.copytree(tiny_model, tmp_path / "base")
    (base / "generation_config.json").write_text(json.dumps({"eos_token_id": 2} | config))
    settings = Settings(**SETTINGS, log_dir=tmp_path / "log")
    if named is None:
        TrainerRun(base, {1: "1of1"}, settings, tmp_path)
        return
    with pytest.raises(InputError, match=rf"generation_config\.json: .*{named}.*correct them") as error:
        TrainerRun(base, {1: "1of1"}, settings, tmp_path)
    assert "\n" not in str(error.value)


def test_a_disk_without_room_for_the_checkpoints_is_named_before(tiny_model, tmp_path, monkeypatch):
    parameters = sum(value.numel() for value in weights(tiny_model).values())
    parameters -= 80 * 32  # the tied head
    points = {1: "1of3", 2: "2of3", 3: "1of1"}
    settings = Settings(**SETTINGS, log_dir=tmp_path / "log")

    def free(number):
        usage = shutil.disk_usage(tmp_path)._replace(free=number)
        monkeypatch.setattr("tms.io.disk.shutil.disk_usage", lambda place: usage)

    needed = parameters * (3 * 4 + 2 * 12)
    free(needed)
    TrainerRun(tiny_model, points, settings, tmp_path / "work")
    free(needed - 1)
    with pytest.raises(InputError, match="are free on its disk, and 3 checkpoints and 2 states"):
        TrainerRun(tiny_model, points, settings, tmp_path / "work")
    (tmp_path / "work" / "checkpoint-1of3").mkdir(parents=True)  # of a run that goes on
    TrainerRun(tiny_model, points, settings, tmp_path / "work")


def test_cast_keeps_shared_memory_shared():
    tensor = torch.ones(2)
    half = cast({"embedding": tensor, "head": tensor, "other": torch.ones(2)}, torch.bfloat16)
    assert half["embedding"].data_ptr() == half["head"].data_ptr() != half["other"].data_ptr()


def test_seconds_are_cpu_time_without_saving_checkpoints(tiny_model, tmp_path, monkeypatch):
    """By a clock that a step moves by 1 and a checkpoint by 100."""
    now = {"seconds": 0.0}
    monkeypatch.setattr(work_time.time, "process_time", lambda: now["seconds"])
    begin, write = CheckpointCallback.on_step_begin, CheckpointCallback._write_checkpoint

    def begin_step(callback, *given, **more):
        now["seconds"] += 1
        return begin(callback, *given, **more)

    def write_checkpoint(callback, folder):
        now["seconds"] += 100
        write(callback, folder)

    monkeypatch.setattr(CheckpointCallback, "on_step_begin", begin_step)
    monkeypatch.setattr(CheckpointCallback, "_write_checkpoint", write_checkpoint)
    settings = Settings(**(SETTINGS | {"log_dir": tmp_path / "log", "threads": 2}))
    (tmp_path / "work").mkdir()
    points = {1: "1of3", STEPS: "1of1"}
    assert train(tiny_model, TARGETS, points, settings, tmp_path / "work") == STEPS / 2
    assert now["seconds"] == STEPS + 200


def test_a_loss_that_is_not_finite_stops_the_run(trained):
    with pytest.raises(InputError, match="the loss is nan at step 2; lower the learning rate"):
        trained(learning_rate=1e38, warmup=0.0)
