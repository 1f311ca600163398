"""Images of prepared rows: checked when they are prepared, found by digest afterwards.

A prepared row has its images' files as bytes in column `images`. Rows of every later stage name them in their
`context`, by digest, and whoever needs the pixels asks an `Images` of the prepared files.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from tms.io import parquet, parquet_file
from tms.io.conversation import read_context
from tms.io.errors import InputError, first_line

if TYPE_CHECKING:
    from PIL import Image

# Pillow is imported where a file is opened: programs that take images start without it.
FORMATS = ("PNG", "JPEG", "WEBP")
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK")  # those with 8 bits a channel or fewer
LEAST_SIDE = 4  # pixels
MOST_PIXELS = 89_478_485  # Pillow warns of a larger one as of a decompression bomb
LYING = range(5, 9)  # EXIF's orientations that stand after a quarter turn
MOST_RATIO = 200  # of the longer side to the shorter one; Qwen's image processors refuse more


def image_digest(data: bytes) -> str:
    """Digest of an image: SHA-256 of its file's bytes, as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def open_image(data: bytes) -> Image.Image:
    """Open a checked image as its viewer shows it, in RGB.

    The turn or mirroring that its EXIF data ask for is applied, and what is transparent stands on white. Of a
    JPEG file with further pictures (MPO, as telephones write it) it is the first one.

    Args:
        data: the image file, which has passed `check_image`.
    """
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        image = ImageOps.exif_transpose(file)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height of a checked image as `open_image` gives it, in pixels; nothing is decoded.

    Args:
        data: the image file, which has passed `check_image`.
    """
    from PIL import ExifTags, Image

    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        width, height = file.size
        lies = file.getexif().get(ExifTags.Base.Orientation) in LYING
    return (height, width) if lies else (width, height)


def check_image(data: bytes) -> None:
    """Check that an image file, which may be hostile, is one whole picture of a size that a model can take.

    Args:
        data: the file.

    Raises:
        InputError: it is no PNG, JPEG or WebP file, is damaged, has more than one frame, more than 8 bits a
            channel, or a size that is refused; names neither file nor example.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as file:
                problem = _problem(file)
                if not problem:
                    file.verify()  # checksums; after it a file cannot be decoded, so it is opened again
        if not problem:
            open_image(data)
    except MemoryError:
        raise
    except Image.UnidentifiedImageError as error:
        raise InputError("is no PNG, JPEG or WebP file; convert it to one") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(f"has more than {MOST_PIXELS} pixels; make it smaller") from error
    # Pillow's readers raise what they come upon: OSError, SyntaxError, ValueError, struct.error, zlib.error.
    except Exception as error:
        raise InputError(
            f"is damaged ({first_line(error)}); save it anew or leave its example out"
        ) from error
    if problem:
        raise InputError(problem)


def _problem(file: Image.Image) -> str:
    """Fault of an image that its header tells; "" where it has none."""
    width, height = file.size
    if width * height > MOST_PIXELS:
        return f"has {width} x {height} pixels; make it smaller than {MOST_PIXELS} in all"
    if min(width, height) < LEAST_SIDE:
        return f"has {width} x {height} pixels; at least {LEAST_SIDE} a side are needed"
    if max(width, height) > MOST_RATIO * min(width, height):
        return f"has {width} x {height} pixels; one side may be {MOST_RATIO} times the other one, not more"
    if file.mode not in MODES:
        return f"has pixels of Pillow's mode {file.mode}; convert it to 8 bits a channel"
    if file.format != "MPO" and getattr(file, "n_frames", 1) != 1:
        return f"has {file.n_frames} frames; give one"
    return ""


def check_images(rows: Sequence[dict], where: str) -> None:
    """Check the images of rows that are prepared, each once, and that their contexts name them.

    Args:
        rows: with `example_id`, perhaps `images`, and a `context` that can be read.
        where: setting that a fault's line names.

    Raises:
        InputError: naming the first row with a fault.
    """
    good: set[str] = set()
    for row in rows:
        named, images = read_context(row.get("context", "")).images, row.get("images") or []
        if not named and not images:
            continue
        example = f"{where}: example {row['example_id']}"
        if not isinstance(images, list) or not all(_is_stored(image) for image in images):
            raise InputError(f'{example}: images is no list of {{"bytes": ..., "path": None}}; correct build')
        if (digests := [image_digest(image["bytes"]) for image in images]) != named:
            raise InputError(
                f"{example}: its context does not name its images' digests in their order; correct build: "
                f"context_text(messages, images=[image_digest(data), ...])"
            )
        for number, (digest, image) in enumerate(zip(digests, images, strict=True), start=1):
            if digest not in good:
                try:
                    check_image(image["bytes"])
                except InputError as error:
                    raise InputError(f"{example}: image {number} {error}") from error
                good.add(digest)


def _is_stored(image: object) -> bool:
    there = isinstance(image, dict) and set(image) <= {"bytes", "path"}
    return there and isinstance(image.get("bytes"), bytes)


class Images:
    """The images of prepared files, by digest; each is read when it is asked for.

    Args:
        files: prepared Parquet files. Those of a text task, which have no images, may be among them.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.files = list(files)
        self._metadata: list[pq.FileMetaData] = []

    def data(self, digest: str) -> bytes:
        """The file of an image.

        Args:
            digest: of `image_digest`, as a row's context names it.

        Raises:
            InputError: no prepared file has it, a file is missing or damaged, or holds other bytes there.
        """
        if digest not in self._places:
            named = ", ".join(map(str, self.files)) or "none was given"
            raise InputError(
                f"no image {digest} in the prepared files ({named}); give its task's as --images"
            )
        number, group, row, place = self._places[digest]
        path = self.files[number]
        try:
            with parquet_file.opened(path, self._metadata[number]) as file:
                column = file.read_row_group(group, columns=["images"])["images"]
                data = column[row].as_py()[place]["bytes"]
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such file; prepare its task again") from error
        except (parquet_file.Damaged, LookupError) as error:
            raise InputError(f"{path}: changed or damaged ({error}); prepare its task again") from error
        if image_digest(data or b"") != digest:
            raise InputError(f"{path}: holds other bytes for image {digest}; prepare its task again")
        return data

    @property
    def most(self) -> int:
        """Images of the row that has most.

        Raises:
            InputError: a file is missing or damaged.
        """
        return self._found[1]

    @property
    def _places(self) -> dict[str, tuple[int, int, int, int]]:
        """The first place of each image: file, row group, row there, number in the row."""
        return self._found[0]

    @cached_property
    def _found(self) -> tuple[dict[str, tuple[int, int, int, int]], int]:
        places: dict[str, tuple[int, int, int, int]] = {}
        most = 0
        for number, path in enumerate(self.files):
            contexts = iter(parquet.read_table(path, ["context"])["context"].to_pylist())
            metadata = pq.read_metadata(path)
            self._metadata.append(metadata)
            schema = metadata.schema.to_arrow_schema()
            if "images" not in schema.names:
                continue
            parquet.check_types(path, schema, ["images"])
            for group in range(metadata.num_row_groups):
                rows = range(metadata.row_group(group).num_rows)
                for row, context in zip(rows, contexts, strict=False):
                    digests = read_context(context).images
                    most = max(most, len(digests))
                    for place, digest in enumerate(digests):
                        places.setdefault(digest, (number, group, row, place))
        return places, most
