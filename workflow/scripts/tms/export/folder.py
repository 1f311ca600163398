"""A finished run as a clean model folder: weights, config, tokenizer, template, licences."""

import json
import shutil
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from tms.export import tokenizer
from tms.generation.chat import ChatFormat, generation_config
from tms.io import json_file
from tms.io.errors import InputError
from tms.io.file_modes import honour_umask
from tms.mixture.checkpoints import FINAL
from tms.model_folder import files
from tms.model_folder.adapter_config import base_of
from tms.model_folder.whole import check_files, open_weights

WEIGHTS = ("*.safetensors", "model.safetensors.index.json")
SETTINGS = ("config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json")


def check_target(target: Path) -> None:
    """Refuse a place that holds something.

    Raises:
        InputError: a file, or a folder that is not empty.
    """
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise InputError(f"{target}: exists already; choose another TO, or delete it")


def check_finished(run: Path, command: str) -> None:
    """Refuse a run without its last checkpoint or its scores.

    Args:
        run: folder of the run.
        command: what finishes it.

    Raises:
        InputError: one of them is missing.
    """
    wanted = [run / f"checkpoint-{FINAL}", run / "scores.json", run.parents[2] / "base" / "scores.json"]
    if missing := [path for path in wanted if not path.exists()]:
        raise InputError(f"{run}: this run is not finished (no {missing[0]}); run {command}")


def tokenizer_fault(folder: Path, chat: ChatFormat) -> str | None:
    """Why exports of runs on a base would be refused for its tokenizer; None: they would not."""
    with TemporaryDirectory() as place:
        files.copy(folder, Path(place), files.OF_AN_EXPORT)
        try:
            tokenizer.settle(Path(place), chat, [])
        except InputError as error:
            return str(error)
    return None


def export(checkpoint: Path, target: Path, rows: list[dict], card: str) -> None:
    """Write a checkpoint as a folder that Transformers and vLLM open, whole or not at all.

    Args:
        checkpoint: of a finished run.
        target: folder to make; missing or empty.
        rows: completions of the run, whose prompts' token ids the exported tokenizer has to give.
        card: text of its README.md.

    Raises:
        InputError: weights are not whole, or the tokenizer gives other ids to AutoTokenizer.
    """
    check_target(target)
    open_weights(checkpoint)
    chat = ChatFormat(checkpoint)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        base = base_of(checkpoint)
        files.copy(checkpoint, unfinished, (*files.OF_AN_EXPORT, *(() if base else WEIGHTS)))
        if base:
            _write_merged(checkpoint, base, unfinished)
        _write_ends(unfinished, chat)
        tokenizer.settle(unfinished, chat, rows)
        for name in SETTINGS:
            _without_paths(unfinished / name)
        (unfinished / "README.md").write_text(card)
        check_files(unfinished)
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write_merged(checkpoint: Path, base: Path, folder: Path) -> None:
    """Write the weights of adapters added to their base in float32, in the base's own files.

    Their precision is the base's, or another one that the checkpoint's config states
    (`training.checkpoint_dtype`).
    """
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    from tms.model_folder.adapters import Adapters

    adapters = Adapters.read(checkpoint)
    stated, stored = (_dtype(folder / "config.json") for folder in (checkpoint, base))
    other = getattr(torch, stated) if stated and stated != stored else None
    left = set(adapters.factors)
    for file in sorted(base.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            weights = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118 (no mapping)
            metadata = tensors.metadata()
        merged = {
            name: adapters.merged(name, weight).to(other or weight.dtype) for name, weight in weights.items()
        }
        save_file(merged, folder / file.name, metadata=metadata)
        left -= weights.keys()
    adapters.check_found(left)
    if (base / WEIGHTS[1]).exists():
        shutil.copyfile(base / WEIGHTS[1], folder / WEIGHTS[1])
    honour_umask(folder, folder.glob("*.safetensors"))


def _dtype(config: Path) -> str | None:
    """Precision that a model's config states, e.g. `bfloat16`."""
    settings = json_file.read(config, "config of a model")
    return settings.get("dtype") or settings.get("torch_dtype")


def _write_ends(folder: Path, chat: ChatFormat) -> None:
    """State all tokens that ended the run's completions: Transformers and vLLM stop at no other."""
    settings = generation_config(folder) | {"eos_token_id": chat.end_token_ids}
    _write(folder / "generation_config.json", settings)


def _without_paths(file: Path) -> None:
    """Leave out settings that name a place on this machine, e.g. `_name_or_path`."""
    if file.exists():
        settings = json_file.read(file)
        kept = {name: value for name, value in settings.items() if not _is_path(name, value)}
        if kept != settings:
            _write(file, kept)


def _is_path(name: str, value: object) -> bool:
    named = name.lstrip("_") == "name_or_path" or name.endswith("_file")
    return isinstance(value, str) and (named or PurePath(value).is_absolute())


def _write(file: Path, settings: dict) -> None:
    file.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
