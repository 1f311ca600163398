"""The demo's models are copied; those that `make pretrain` asks for, or other settings, are pretrained."""

import subprocess

from helpers.paths import ROOT


def test_models_are_copied_or_pretrained_as_the_configuration_asks(new_project):
    project = new_project("pretrain")
    done = project.snakemake("models/tiny/teacher", smoke=False)
    assert done.returncode == 0, done.stderr[-3000:]
    made, shipped = project.folder / "models/tiny", ROOT / "workflow/resources/miniature"
    for file in ("base/model.safetensors", "teacher/model.safetensors", "pretrain.json"):
        assert (made / file).read_bytes() == (shipped / file).read_bytes()
    assert project.plan("models/tiny/base", smoke=False)[0] == {}
    jobs, printed = project.plan("models/tiny/base", "-p")
    assert jobs == {"pretrain": 1} and "--steps 100 " in printed
    jobs, printed = project.plan("models/tiny/anew/base", "-p", smoke=False)
    assert jobs == {"pretrain_anew": 1} and "--shipped" not in printed


def test_make_pretrain_compares_and_replaces_only_when_asked():
    for words, name, ends in (
        ((), "tiny", "resources/miniature"),
        (("REPLACE=1",), "tiny", "resources/miniature --replace"),
        (("PRETRAINED=tiny_tools",), "tiny_tools", "resources/miniature_tools"),
        (("PRETRAINED=tiny_images",), "tiny_images", "resources/miniature_images"),
    ):
        command = ["make", "--no-print-directory", "--dry-run", "pretrain", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        *_, first, second = (line.strip() for line in done.stdout.splitlines())
        assert first.endswith(f"models/{name}/anew/base")
        assert f"compare_models.py --anew models/{name}/anew " in second and second.endswith(ends)
