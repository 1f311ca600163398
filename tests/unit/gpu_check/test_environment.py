"""The machine before torch: a driver that names cards, memory, disk, token, write access."""

import pytest

from tms.gpu_check import environment
from tms.gpu_check.rows import FAIL, PASS

CARD = "NVIDIA H100 80GB HBM3, 81559, {used}, 580.65.06"


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Call `driver(*lines, cards=N)`: the row where nvidia-smi prints these lines; none: it is not there."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def driver(*lines, cards=2):
        program = tmp_path / "nvidia-smi"
        if lines:
            program.write_text("#!/bin/sh\necho $* > words\ncat <<E\n" + "\n".join(lines) + "\nE\n")
            program.chmod(0o755)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin" if lines else str(tmp_path))
        return environment.driver_row({"cards": cards})

    return driver


@pytest.mark.parametrize(
    ("lines", "status", "said"),
    [
        ([CARD.format(used=4)] * 2, PASS, "2 x NVIDIA H100 80GB HBM3, 86 GB each, driver 580.65.06"),
        ([CARD.format(used=4), CARD.format(used=30000)], FAIL, "in use by another process: 1"),
        ([CARD.format(used=4)], FAIL, "asks for 2 cards"),
        ([], FAIL, "nvidia-smi does not answer"),
    ],
)
def test_driver(driver, lines, status, said):
    cards, row = driver(*lines)
    assert (row.status, len(cards)) == (status, len(lines))
    assert said in row.found and bool(row.remedy) == (status == FAIL)


def test_only_visible_cards_are_asked_for(driver, monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    driver(*[CARD.format(used=4)] * 2)
    assert (tmp_path / "words").read_text().endswith("--id 3,5\n")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    cards, row = driver(*[CARD.format(used=4)] * 2)
    assert cards == [] and row.status == FAIL


def test_memory_and_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "WRITTEN", 1)
    monkeypatch.setattr(environment, "BLOCK", 1 << 10)
    for row_of in (lambda needed: environment.memory_row(needed, 1), environment.disk_row):
        enough, little = row_of(1), row_of(10**18)
        assert (enough.status, little.status) == (PASS, FAIL)
        assert "1000000000 GB" in little.found and little.remedy
    assert not list((tmp_path / "results").iterdir())


def test_write_access(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert environment.write_row().status == PASS
    (tmp_path / "data").write_text("a file in a folder's place")
    row = environment.write_row()
    assert row.status == FAIL and str(tmp_path / "data") in row.found


def test_token(tmp_path, monkeypatch):
    for name in ("HF_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert environment.token_row([]).status == PASS
    assert environment.token_row(["models/hub/a"]).status == FAIL
    (tmp_path / "token").write_text("x")
    assert environment.token_row(["models/hub/a"]).status == PASS
