"""Images of rows: what is taken and what is refused, and each found again by its digest."""

import io
import struct
import warnings
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tms.io import images as images_module
from tms.io import parquet
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.io.images import Images, check_image, check_images, image_digest, image_size, open_image


def file_of(image: Image.Image, kind="PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def noise(seed: int, size=(12, 8)) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def row(number: int, *files: bytes, **changed) -> dict:
    context = context_text([], images=[image_digest(data) for data in files])
    images = {"images": [{"bytes": data, "path": None} for data in files]} if files else {}
    texts = {"prompt": "p", "answer": "a", "problem": "p", "solution": ""}
    return {"example_id": str(number), "context": context, **texts, **images, **changed}


def test_a_digest_is_sha_256():
    """NIST's test vector of three bytes."""
    assert image_digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_pixels_of_png_are_those_that_were_drawn(mode):
    drawn = noise(1).convert(mode)
    data = file_of(drawn)
    check_image(data)
    assert open_image(data).mode == "RGB"
    assert np.array_equal(open_image(data), drawn.convert("RGB"))  # all of it is opaque


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})])
def test_photographs_are_near_what_was_drawn(kind, options):
    drawn = Image.new("RGB", (40, 30), (200, 60, 20))
    ImageDraw.Draw(drawn).rectangle((10, 5, 30, 25), (20, 60, 200))
    data = file_of(drawn, kind, **options)
    check_image(data)
    difference = np.asarray(open_image(data), float) - np.asarray(drawn, float)
    assert np.abs(difference).mean() < 12  # colours are stored at half the resolution


def test_what_is_transparent_stands_on_white():
    drawn = Image.new("RGBA", (8, 8), (10, 20, 30, 255))
    drawn.putpixel((2, 3), (10, 20, 30, 0))
    drawn.putpixel((4, 5), (0, 0, 0, 51))  # a fifth of black
    shown = open_image(file_of(drawn))
    assert shown.getpixel((2, 3)) == (255, 255, 255) and shown.getpixel((0, 0)) == (10, 20, 30)
    assert shown.getpixel((4, 5)) == (204, 204, 204)
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 9, 8, 7])
    palette.putpixel((1, 1), 0)
    shown = open_image(file_of(palette, transparency=0))
    assert (shown.getpixel((1, 1)), shown.getpixel((0, 0))) == ((255, 255, 255), (9, 8, 7))


def test_a_photograph_is_turned_as_its_camera_says():
    drawn = Image.new("RGB", (16, 8), "black")
    drawn.putpixel((15, 0), (255, 0, 0))  # top right
    exif = Image.Exif()
    exif[0x0112] = 6  # the viewer turns it by 90 degrees clockwise
    shown = open_image(file_of(drawn, exif=exif))
    assert shown.size == (8, 16) and shown.getpixel((7, 15)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "MPO"])
@pytest.mark.parametrize("turned", range(10))
def test_the_size_that_is_told_is_the_size_that_is_shown(kind, turned):
    exif = Image.Exif()
    exif[0x0112] = turned
    data = file_of(noise(2, (16, 8)), kind, exif=exif)
    assert image_size(data) == open_image(data).size == ((8, 16) if turned in (5, 6, 7, 8) else (16, 8))


def test_of_a_telephones_two_pictures_the_first_is_taken():
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    data = file_of(first, "MPO", save_all=True, append_images=[second])
    check_image(data)
    red, _, blue = open_image(data).getpixel((8, 8))
    assert red > 200 and blue < 50


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, pixels: bytes) -> bytes:
    """A grey PNG of any size that its header says, whatever its pixels are."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


WHOLE = file_of(noise(0, (64, 64)))
JPEG = file_of(noise(0, (64, 64)), "JPEG")
FLIPPED = bytearray(WHOLE)
FLIPPED[len(WHOLE) // 2] ^= 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no PNG, JPEG or WebP file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG"),
        (file_of(noise(0), "GIF"), "is no PNG"),
        (file_of(noise(0), "TIFF"), "is no PNG"),
        (file_of(noise(0), "BMP"), "is no PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no PNG"),
        (WHOLE[:-30], "is damaged"),
        (WHOLE[: len(WHOLE) // 2], "is damaged"),
        (bytes(FLIPPED), "is damaged"),
        (JPEG[: len(JPEG) // 2], "is damaged"),
        (file_of(noise(0, (64, 64)), "WEBP")[:-300], "is"),
        (png(9, 9, b"\0"), "is damaged"),
        (png(60_000, 60_000, b"\0" * 100), "has more than 89478485 pixels"),
        (png(10_000, 10_000, b"\0" * 100), "has more than 89478485 pixels"),
        (png(2**31 - 1, 2**31 - 1, b"\0"), "has more than|is damaged"),
        (png(0, 9, b""), "is|has"),
        (file_of(noise(0, (3, 9))), "has 3 x 9 pixels; at least 4 a side"),
        (file_of(noise(0, (4, 801))), "has 4 x 801 pixels; one side may be 200 times"),
        (file_of(Image.new("I;16", (9, 9))), "has pixels of Pillow's mode I;16; convert it to 8 bits"),
        (file_of(noise(0), save_all=True, append_images=[noise(1)]), "has 2 frames; give one"),
        (file_of(noise(0), "WEBP", save_all=True, append_images=[noise(1)]), "has 2 frames; give one"),
    ],
)
def test_what_is_refused(data, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning would be a second line
        with pytest.raises(InputError, match=f"^({message})") as error:
            check_image(data)
    assert "\n" not in str(error.value)


def test_the_longest_image_that_is_taken():
    check_image(file_of(noise(0, (4, 800))))
    check_image(file_of(noise(0, (4, 4))))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(JPEG) - 1), st.binary(min_size=1, max_size=9), st.sampled_from(["PNG", "JPEG"]))
def test_damage_anywhere_ends_in_a_picture_or_one_line(place, junk, kind):
    data = WHOLE if kind == "PNG" else JPEG
    data = data[:place] + junk + data[place + len(junk) :]
    try:
        check_image(data)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert open_image(data).mode == "RGB"


FILES = st.lists(st.integers(0, 5).map(lambda seed: file_of(noise(seed))), max_size=3)


@settings(max_examples=20, deadline=None)
@given(st.lists(FILES, max_size=8), st.integers(1, 900))
def test_images_are_found_again_by_their_digests(tmp_path_factory, rows, size):
    """Whatever lies in whichever group of rows, or twice."""
    folder = tmp_path_factory.mktemp("images")
    first, second = folder / "a.parquet", folder / "b.parquet"
    prepared = [row(number, *files) for number, files in enumerate(rows)]
    columns = [*parquet.PREPARED, "images"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "IMAGE_BYTES", size)
        parquet.write(first, columns, prepared[::2], {})
        parquet.write(second, columns, prepared[1::2], {})
    images = Images([first, second])
    assert images.most == max(map(len, rows), default=0)
    for data in [data for files in rows for data in files]:
        assert images.data(image_digest(data)) == data
    assert parquet.read(first, ["images"]) == [{"images": one.get("images", [])} for one in prepared[::2]]


def test_who_wants_one_image_reads_few(tmp_path, monkeypatch):
    files = [file_of(noise(seed)) for seed in range(6)]
    monkeypatch.setattr(parquet, "IMAGE_BYTES", 2 * len(files[0]))
    path = tmp_path / "x.parquet"
    columns = [*parquet.PREPARED, "images"]
    parquet.write(path, columns, [row(number, data) for number, data in enumerate(files)], {})
    with images_module.parquet_file.opened(path) as file:
        assert [file.metadata.row_group(group).num_rows for group in range(3)] == [2, 2, 2]


def test_a_digest_that_is_nowhere_names_the_files_and_the_flag(tmp_path):
    path = tmp_path / "text.parquet"
    parquet.write(path, parquet.PREPARED, [row(0)], {})
    with pytest.raises(InputError, match=r"no image ab.*\(.*text\.parquet\); give its task's as --images"):
        Images([path]).data("ab" * 32)
    with pytest.raises(InputError, match="none was given"):
        Images().data("ab" * 32)
    with pytest.raises(InputError, match=r"no\.parquet: no such file"):
        Images([tmp_path / "no.parquet"]).data("ab" * 32)


def test_a_file_without_the_bytes_is_not_taken_for_one_that_has_them(tmp_path):
    """The rows of a later stage name images too."""
    data = file_of(noise(0))
    parquet.write(tmp_path / "later.parquet", parquet.PREPARED, [row(0, data)], {})
    with pytest.raises(InputError, match="no image"):
        Images([tmp_path / "later.parquet"]).data(image_digest(data))


@pytest.mark.parametrize("other", [pa.string(), pa.list_(pa.string()), pa.int64(), pa.binary()])
def test_images_of_another_type_are_named_with_the_remedy(tmp_path, other):
    data, path = file_of(noise(0)), tmp_path / "x.parquet"
    table = parquet.table(parquet.PREPARED, [row(0, data)])
    values = [["x"]] if pa.types.is_list(other) else [7] if other == pa.int64() else ["x"]
    pq.write_table(table.append_column("images", pa.array(values, other)), path)
    with pytest.raises(InputError, match=r"x\.parquet: columns of another type .*images of .*delete"):
        Images([path]).data(image_digest(data))


def test_other_bytes_than_the_digests_are_refused(tmp_path):
    data, other = file_of(noise(0)), file_of(noise(1))
    path = tmp_path / "x.parquet"
    columns = [*parquet.PREPARED, "images"]
    swapped = row(0, data) | {"images": [{"bytes": other, "path": None}]}
    parquet.write(path, columns, [swapped], {})
    with pytest.raises(InputError, match=r"x\.parquet: holds other bytes for image .*prepare its task again"):
        Images([path]).data(image_digest(data))
    parquet.write(path, columns, [row(0, data)], {})
    images = Images([path])
    assert images.data(image_digest(data)) == data
    parquet.write(path, columns, [row(0, other)], {})
    with pytest.raises(InputError, match=r"x\.parquet"):
        images.data(image_digest(data))
    path.unlink()
    with pytest.raises(InputError, match=r"x\.parquet: no such file; prepare its task again"):
        images.data(image_digest(data))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"context": ""}, "its context does not name its images' digests"),
        ({"context": context_text([], images=["ab" * 32])}, "its context does not name"),
        ({"images": []}, "its context does not name"),
        ({"images": [WHOLE]}, r"images is no list of \{"),
        ({"images": [{"bytes": None, "path": "/etc/passwd"}]}, "images is no list of"),
        ({"images": {"bytes": WHOLE}}, "images is no list of"),
    ],
)
def test_rows_whose_images_and_context_disagree(changed, message):
    good = row(0, WHOLE, JPEG)
    check_images([good, row(1)], "here")
    with pytest.raises(InputError, match=f"^here: example 2: {message}"):
        check_images([good, row(2, WHOLE) | changed], "here")


def test_the_damaged_image_of_a_row_is_named():
    with pytest.raises(InputError, match=r"^here: example 3: image 2 is damaged"):
        check_images([row(3, WHOLE, JPEG[:900])], "here")
