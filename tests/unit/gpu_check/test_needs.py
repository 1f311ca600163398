"""Needs of the shipped configuration: cards, memory, disk."""

from helpers.shipped_config import SHIPPED

from tms.gpu_check import needs, shapes


def test_of_the_paper():
    models = SHIPPED["table"]["models"]
    found = needs.of(SHIPPED, models, shapes.configured(SHIPPED, models)[0])
    assert found["cards"] == 8
    # Eight processes with libraries, and llama8b's float32 weights twice: read, and gathered to be saved.
    assert found["mem_bytes"] == 1e6 * (8 * 4000 + 2 * 4 * 8030)
    assert found["disk_bytes"] == 14 * 8030261248
    pilots = ["qwen7b_tools", "qwen_omni3b"]
    downloads = {f"models/hub/{name}" for name in SHIPPED["downloads"]}
    assert set(needs.folders(SHIPPED, [*models, *pilots])) == downloads


def test_teachers_and_judges_count():
    config = SHIPPED | {
        "models": {"qwen3b": SHIPPED["models"]["qwen3b"] | {"gpus": {"train": 2, "generate": 1}}}
    }
    assert needs.cards(config, ["qwen3b"]) == 4  # the teacher's
