import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageCms

from photo_search.thumbnails.decode import decode
from photo_search.thumbnails.failure import PhotoFailure

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def picture(mode: str = "RGB", width: int = 96, height: int = 64) -> Image.Image:
    """Dark at the top left, bright at the bottom right, red growing to the right."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [255 * x // width, 255 * y // height, 127 * (x + y) // (width + height)]
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8)).convert(mode)


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def reason(content: bytes) -> str:
    with pytest.raises(PhotoFailure) as caught:
        decode(content)
    return str(caught.value.reason)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><title>404</title>",
        b'{"errors": ["Rate Limit Exceeded"]}',
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encode(picture(), "BMP"),
        encode(picture(), "TIFF"),
    ],
    ids=["empty", "html", "json", "svg", "bmp", "tiff"],
)
def test_what_is_no_picture_of_an_allowed_format_is_not_an_image(content: bytes) -> None:
    assert reason(content) == "not_image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_that_is_cut_off_anywhere_is_a_failure(kind: str) -> None:
    whole = encode(picture(width=32, height=32), kind)
    end = len(whole) - 20  # the last bytes of PNG and GIF hold no pixels
    found = {reason(whole[:length]) for length in range(end)}
    assert found <= {"not_image", "truncated", "corrupt"}


def test_a_jpeg_that_lacks_its_last_two_bytes_is_truncated() -> None:
    assert reason(encode(picture(), "JPEG")[:-2]) == "truncated"


def test_damage_inside_never_raises_anything_but_a_failure() -> None:
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = np.frombuffer(encode(picture(), kind), np.uint8)
        for _ in range(60):
            damaged = whole.copy()
            damaged[random.integers(0, len(whole), 8)] = random.integers(0, 256, 8)
            with suppress(PhotoFailure):
                assert decode(damaged.tobytes()).mode == "RGB"


def png_of_claimed_size(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.filterwarnings("error")  # as outside of pytest, which resets warning filters
@pytest.mark.parametrize("side", [7_072, 10_000, 20_000, 2_000_000_000])
def test_a_pixel_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
    bomb = png_of_claimed_size(side, side, zlib.compress(bytes(50 << 20), 9))
    tracemalloc.start()
    found = reason(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == "too_many_pixels"
    assert peak < 1 << 20


@pytest.mark.parametrize(("width", "height"), [(1, 1), (15, 300), (1, 5000), (16, 400)])
def test_a_picture_too_small_or_too_narrow_is_refused(width: int, height: int) -> None:
    assert reason(encode(picture(width=width, height=height))) == "too_small"


def turned(orientation: int) -> Callable[[Image.Image], Image.Image]:
    """How a picture must be stored so that the EXIF orientation puts it upright again."""
    flip, rotate = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90
    steps = {
        1: [], 2: [flip], 3: [rotate, rotate], 4: [rotate, rotate, flip],
        5: [flip, rotate], 6: [rotate], 7: [flip, rotate, rotate, rotate],
        8: [rotate, rotate, rotate],
    }[orientation]  # fmt: skip

    def turn(image: Image.Image) -> Image.Image:
        for step in steps:
            image = image.transpose(step)
        return image

    return turn


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = encode(turned(orientation)(picture()), exif=exif.tobytes())
    assert np.array_equal(decode(stored), picture())


@pytest.mark.parametrize("value", [0, 1000, 32768, 65535])
def test_sixteen_bits_are_scaled_and_not_clipped(value: int) -> None:
    grey = Image.fromarray(np.full((32, 32), value, np.uint16))
    assert np.all(np.asarray(decode(encode(grey))) == value >> 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_shows_white(mode: str) -> None:
    image = Image.new("RGBA", (32, 32), (10, 20, 30, 0)).convert(mode)
    assert decode(encode(image)).getpixel((5, 5)) == WHITE


def test_half_transparent_black_on_white_is_grey() -> None:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 128))
    assert decode(encode(image)).getpixel((5, 5)) == (127, 127, 127)


def test_the_transparent_colour_of_a_palette_shows_white() -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    assert decode(encode(image)).getpixel((5, 5)) == (200, 0, 0)
    assert decode(encode(image, "GIF", transparency=1)).getpixel((5, 5)) == WHITE


def test_one_bit_and_grey_become_rgb() -> None:
    for mode in ("1", "L"):
        assert decode(encode(Image.new(mode, (32, 32), 0))).getpixel((5, 5)) == BLACK


def test_cmyk_keeps_its_colours() -> None:
    red, green, blue = decode(encode(picture("CMYK"), "JPEG", quality=95)).getpixel((90, 10))
    assert abs(red - 239) < 12
    assert abs(green - 39) < 12
    assert abs(blue - 79) < 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(kind: str) -> None:
    first, second = Image.new("RGB", (32, 32), "white"), Image.new("RGB", (32, 32), "black")
    animation = encode(first, kind, save_all=True, append_images=[second])
    assert decode(animation).getpixel((5, 5)) == WHITE


def test_a_colour_profile_that_unpacks_to_much_more_takes_bounded_memory() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = encode(picture(), icc_profile=profile + bytes(96 << 20))
    assert len(file) < 1 << 20
    tracemalloc.start()
    with suppress(PhotoFailure):
        decode(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 << 20
