"""Images, and data sets with images in the layout in which `datasets` stores them on the hub."""

import io
from pathlib import Path

import yaml
from PIL import Image


def picture(colour: str = "white", size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    """The file of a picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def image_set(folder: Path, config: str, splits: dict[str, list[dict]]) -> Path:
    """Write a data set's repository: a Parquet file a split, its column `image` a struct of bytes and path.

    The schema's metadata say that it is an image, as in files that `datasets` has written.
    """
    from datasets import Dataset, Features, List, Value
    from datasets import Image as ImageFeature

    def feature(name: str, value: object):
        if name == "image":
            return ImageFeature()
        if isinstance(value, list):
            return List(Value("string"))
        return Value("int32" if isinstance(value, int) else "string")

    files = []
    for split, rows in splits.items():
        features = Features({name: feature(name, value) for name, value in rows[0].items()})
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        Dataset.from_list(rows, features=features).to_parquet(path)
        files.append({"split": split, "path": f"data/{path.name}"})
    front = {"configs": [{"config_name": config, "data_files": files}]}
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n")
    return folder
