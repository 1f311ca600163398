"""The images of a model's prompts: ids that stand for them, and their pixels when the model reads these."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tms.io.errors import InputError
from tms.io.images import Images, image_size, open_image
from tms.vision.image_ids import image_number, image_run, image_runs
from tms.vision.processor import Grid, ImageProcessor

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

HELD = 256 << 20  # bytes of pixels that are kept for the next pass


class Pixels(NamedTuple):
    """An image as a model reads it: values [patches, values of a patch], and its patches."""

    values: torch.Tensor
    grid: Grid


class PromptImages:
    """Images of prompts, by the numbers that stand for them in token ids (`tms.vision.image_ids`).

    Args:
        folder: of the model that reads them.
        images: their files.
        held: bytes of pixels that are kept.

    Attributes:
        placeholder: token that stands for a piece of an image.

    Raises:
        InputError: as of `ImageProcessor`.
    """

    def __init__(self, folder: Path, images: Images, held: int = HELD):
        self.folder, self.images, self.held = folder, images, held
        self.processor = ImageProcessor(folder)
        self.placeholder = self.processor.part.placeholder
        self._runs: dict[str, list[int]] = {}  # by digest
        self._digests: dict[int, str] = {}  # by number
        self._grids: dict[int, Grid] = {}
        self._pixels: OrderedDict[int, Pixels] = OrderedDict()  # the last one used last

    def put_in(self, ids: list[int], digests: list[str]) -> list[int]:
        """A prompt's ids with its images in the places of their placeholders.

        Args:
            ids: as the chat template writes the prompt, with one placeholder for each image.
            digests: of the images, in order.

        Raises:
            InputError: the template writes another number of placeholders, or an image is missing.
        """
        self.check_placeholders(ids, len(digests))
        left = iter(digests)
        return [
            part for token in ids for part in (self.run(next(left)) if token == self.placeholder else [token])
        ]

    def check_placeholders(self, ids: list[int], images: int) -> None:
        """Check that a prompt as the chat template writes it has one placeholder for each image.

        Raises:
            InputError: it has more, or fewer.
        """
        if ids.count(self.placeholder) != images:
            raise InputError(
                f"{self.folder}: its chat template writes {ids.count(self.placeholder)} placeholders for "
                f"{images} images; put a chat_template.jinja there that takes images, as parts of a "
                f"message's content"
            )

    def check_reader(self, folder: Path) -> None:
        """Refuse another model whose processor makes other pixels of images, or as many tokens of others.

        Args:
            folder: of a model that gets the same ids.

        Raises:
            InputError: it does, or reads no images.
        """
        other = ImageProcessor(folder)
        if (other.part, other.settings) != (self.processor.part, self.processor.settings):
            raise InputError(
                f"{folder}: its image processor has other settings than that of {self.folder}; take a "
                f"teacher whose preprocessor_config.json says the same"
            )

    def run(self, digest: str) -> list[int]:
        """The ids that stand for an image.

        Args:
            digest: of its file.

        Raises:
            InputError: it is in none of the files.
        """
        if digest not in self._runs:
            number = image_number(digest, self.processor.settings | {"pillow": version("pillow")})
            grid = self.processor.grid(*image_size(self.images.data(digest)))
            self._runs[digest] = image_run(number, self.processor.tokens(grid))
            self._digests[number], self._grids[number] = digest, grid
        return self._runs[digest]

    def positions(self, ids: Sequence[int]) -> torch.Tensor:
        """Positions of a row's tokens over time, height and width, [3, tokens] (`tms.vision.positions`)."""
        from tms.vision.positions import positions_of  # with torch

        runs = image_runs(ids)
        grids = [self._grids[run.number] for run in runs]
        return positions_of(len(ids), runs, grids, self.processor.part.merged)

    def pictures(self, ids: Sequence[int]) -> list[Image]:
        """The images of a prompt, in RGB."""
        return [self._picture(run.number) for run in image_runs(ids)]

    def _picture(self, number: int) -> Image:
        return open_image(self.images.data(self._digests[number]))

    def pixels(self, number: int) -> Pixels:
        """Pixels of an image that `run` has met."""
        if number in self._pixels:
            self._pixels.move_to_end(number)
            return self._pixels[number]
        made = Pixels(self.processor.pixels(self._picture(number)), self._grids[number])
        self._pixels[number] = made
        while len(self._pixels) > 1 and sum(one.values.nbytes for one in self._pixels.values()) > self.held:
            self._pixels.popitem(last=False)
        return made
