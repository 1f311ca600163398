"""Make a folder that looks like a data set's repository on the hub: data files, and configs in README.md."""

import json
from pathlib import Path

import yaml


def hub_folder(folder: Path, *configs: tuple[str, str, str, str]) -> Path:
    """Write a data set of (config, split, file name, content) into a folder."""
    declared: dict[str, list] = {}
    for config, split, name, content in configs:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
        declared.setdefault(config, []).append({"split": split, "path": name})
    front = {"configs": [{"config_name": name, "data_files": files} for name, files in declared.items()]}
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n")
    return folder


def jsonl(rows: list[dict]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)
