"""Needs of the shipped configuration: cards, memory, disk."""

from helpers.shipped_config import SHIPPED

from tms.gpu_check import needs, shapes


def test_of_the_paper():
    models = SHIPPED["table"]["models"]
    found = needs.of(SHIPPED, models, shapes.configured(SHIPPED, models)[0])
    assert found["cards"] == 8
    # Eight processes with libraries, and llama8b's float32 weights twice: read, and gathered to be saved.
    rows = 8 * 4000 + 2 * 4 * 8030
    # On-policy methods sample and score beside it: in each process the weights in bfloat16, twice.
    assert found["mem_bytes"] == 1e6 * (rows + 2 * 8 * (4000 + 2 * 8030))
    # Two states in float32 and a checkpoint in bfloat16.
    assert found["disk_bytes"] == (2 * 12 + 2) * 8030261248
    pilots = ["qwen7b_tools", "qwen_omni3b"]
    downloads = {f"models/hub/{name}" for name in SHIPPED["downloads"]}
    assert set(needs.folders(SHIPPED, [*models, *pilots])) == downloads


def test_adapters_need_less():
    models = ["llama8b"]
    entry = SHIPPED["models"]["llama8b"] | {"experiments": ["averages"]}
    whole = SHIPPED | {"models": {"llama8b": entry}}
    lora = entry | {"training": entry.get("training", {}) | {"lora": {"rank": 16, "alpha": 32}}}
    adapted = SHIPPED | {"models": {"llama8b": lora}}
    found = [needs.of(config, models, shapes.configured(config, models)[0]) for config in (whole, adapted)]
    assert found[1]["disk_bytes"] == 0 < found[0]["disk_bytes"]
    assert found[1]["mem_bytes"] != found[0]["mem_bytes"]


def test_teachers_and_judges_count():
    config = SHIPPED | {
        "models": {"qwen3b": SHIPPED["models"]["qwen3b"] | {"gpus": {"train": 2, "generate": 1}}}
    }
    assert needs.cards(config, ["qwen3b"]) == 4  # the teacher's
