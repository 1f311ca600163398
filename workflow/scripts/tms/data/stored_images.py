"""Rows of a data set with images, each read when it is asked for: those of a split would fill the memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tms.io.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class StoredImage:
    """An image of a row.

    Attributes:
        rows: the split, as `datasets` has it.
        index: of the row.
        column: of the image.
    """

    rows: "Dataset"
    index: int
    column: str

    def data(self) -> bytes:
        """The image's file.

        Raises:
            InputError: the row has none, or a path in place of bytes.
        """
        stored = self.rows[self.index][self.column] or {}
        if not stored.get("bytes"):
            raise InputError(
                f"row {self.index + 1}: the column {self.column} has no bytes of an image; store it as "
                f"`datasets` does"
            )
        return stored["bytes"]


def items(rows: "Dataset", columns: Sequence[str], images: Sequence[str]) -> list[dict]:
    """The rows as dictionaries.

    Args:
        rows: as `datasets` has them.
        columns: that are read where some are images; else all are.
        images: names of columns that hold images; in each stands a `StoredImage`.
    """
    if not images:
        return rows.to_list()
    from datasets import Image

    for name in images:
        rows = rows.cast_column(name, Image(decode=False))
    others = rows.select_columns([name for name in columns if name not in images])
    return [
        item | {name: StoredImage(rows, index, name) for name in images}
        for index, item in enumerate(others.to_list())
    ]
