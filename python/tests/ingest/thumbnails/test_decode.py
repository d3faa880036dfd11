import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageCms

from photo_search.errors import PhotoFailure
from photo_search.ingest.thumbnails import decode as decode_module
from photo_search.ingest.thumbnails.decode import decode
from photo_search.ingest.thumbnails.formats import strip_metadata

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def picture(mode: str = "RGB", width: int = 96, height: int = 64) -> Image.Image:
    """Dark at the top left, bright at the bottom right. Red grows to the right."""
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
        b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
        b"RIFF" + struct.pack("<I", 36) + b"AVI LIST" + bytes(28),
        b"GIF8 is a format of pictures, says this text.",
        b"\x89PNG is a format of pictures, says this text.",
    ],
    ids=["empty", "html", "json", "svg", "bmp", "tiff", "wav", "avi", "text", "more text"],
)
def test_a_file_that_is_not_an_allowed_picture_format_is_not_an_image(content: bytes) -> None:
    assert reason(content) == "not_image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_picture_is_a_failure(kind: str) -> None:
    whole = encode(picture(width=32, height=32), kind)
    end = len(whole) - 20  # the last bytes of PNG and GIF hold no pixels
    found = {reason(whole[:length]) for length in range(end)}
    assert found <= {"not_image", "truncated", "corrupt"}


def test_a_jpeg_that_lacks_its_last_two_bytes_is_truncated() -> None:
    assert reason(encode(picture(), "JPEG")[:-2]) == "truncated"


def test_a_damaged_picture_raises_only_a_failure() -> None:
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = np.frombuffer(encode(picture(), kind), np.uint8)
        for _ in range(60):
            damaged = whole.copy()
            damaged[random.integers(0, len(whole), 8)] = random.integers(0, 256, 8)
            with suppress(PhotoFailure):
                assert decode(damaged.tobytes()).mode == "RGB"


def png_chunk(kind: bytes, body: bytes, error: int = 0) -> bytes:
    """A chunk of a PNG. `error` is added to its checksum."""
    checksum = (zlib.crc32(kind + body) + error) % 2**32
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png_of_claimed_size(width: int, height: int, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.filterwarnings("error")  # as outside pytest, which resets warning filters
@pytest.mark.parametrize("side", [7_072, 10_000, 20_000, 2_000_000_000])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
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


@pytest.mark.parametrize(("width", "height"), [(16, 16), (16, 320)])
def test_the_smallest_and_the_narrowest_picture_are_decoded(width: int, height: int) -> None:
    assert decode(encode(picture(width=width, height=height))).size == (width, height)


def turned(orientation: int) -> Callable[[Image.Image], Image.Image]:
    """Store a picture so that the EXIF orientation puts it upright again."""
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
def test_transparent_pixels_become_white(mode: str) -> None:
    image = Image.new("RGBA", (32, 32), (10, 20, 30, 0)).convert(mode)
    assert decode(encode(image)).getpixel((5, 5)) == WHITE


def test_half_transparent_black_on_white_is_grey() -> None:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 128))
    assert decode(encode(image)).getpixel((5, 5)) == (127, 127, 127)


def test_the_transparent_colour_of_a_palette_becomes_white() -> None:
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
def test_an_animation_is_its_first_frame(kind: str) -> None:
    first, second = Image.new("RGB", (32, 32), "white"), Image.new("RGB", (32, 32), "black")
    animation = encode(first, kind, save_all=True, append_images=[second])
    assert decode(animation).getpixel((5, 5)) == WHITE


def test_a_compressed_colour_profile_takes_bounded_memory() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = encode(picture(), icc_profile=profile + bytes(96 << 20))
    assert len(file) < 1 << 20
    tracemalloc.start()
    assert np.array_equal(decode(file), picture())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def tiff(*entries: tuple[int, int, int, bytes], next_directory: int = 0) -> bytes:
    """One EXIF directory of (tag, type, count, the four bytes of its value)."""
    body = b"".join(struct.pack(">HHI4s", *entry) for entry in entries)
    return b"MM\0*\0\0\0\x08" + struct.pack(f">H{len(body)}sI", len(entries), body, next_directory)


TURNED = (0x0112, 3, 1, b"\0\6\0\0")
BAD_EXIF = {
    "text stored as a fraction": tiff((0x010F, 5, 1, b"\0\0\0\0"), (0x0110, 11, 1, b"Nikn")),
    "a loop of directories": tiff((0x8769, 4, 1, b"\0\0\0\x08"), next_directory=8),
    "cut off": tiff(TURNED)[:16],
    "a directory past the end": b"MM\0*\x7f\xff\xff\xff",
    "no directory": b"",
    "not EXIF": b"\xff" * 100,
    "65535 entries": b"MM\0*\0\0\0\x08\xff\xff",
    "orientation 9": tiff((0x0112, 3, 1, b"\0\x09\0\0")),
    "orientation 0": tiff((0x0112, 3, 1, b"\0\0\0\0")),
    "orientation as text": tiff((0x0112, 2, 2, b"6\0\0\0")),
    "two orientations": tiff((0x0112, 3, 2, b"\0\6\0\6")),
    "a length past the end": tiff((0x010F, 2, 2**32 - 1, b"\0\0\0\x08")),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", BAD_EXIF.values(), ids=BAD_EXIF)
def test_a_picture_with_bad_exif_has_the_pixels_of_one_without(kind: str, exif: bytes) -> None:
    with_exif = encode(picture(), kind, exif=b"Exif\0\0" + exif)
    assert np.array_equal(decode(with_exif), decode(encode(picture(), kind)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("tag", [(0x010F, 11, 1, b"Nikn"), (0x0112, 3, 1, b"\0\x09\0\0")])
def test_a_valid_orientation_is_used_beside_an_invalid_tag(
    kind: str, tag: tuple[int, int, int, bytes]
) -> None:
    exif = b"Exif\0\0" + tiff(tag, TURNED)
    turned_back = decode(encode(picture(), kind)).transpose(Image.Transpose.ROTATE_270)
    assert np.array_equal(decode(encode(picture(), kind, exif=exif)), turned_back)


def png_with(*chunks: bytes) -> bytes:
    """The picture with these chunks before its pixels."""
    whole = encode(picture())
    start = whole.index(b"IDAT") - 4
    return whole[:start] + b"".join(chunks) + whole[start:]


def large(kind: bytes) -> bytes:
    """A valid text or profile of 4 MB."""
    body = b"key\0" + (b"\0" if kind in (b"iCCP", b"zTXt") else b"\0\0\0\0" * (kind == b"iTXt"))
    return png_chunk(kind, body + zlib.compress(bytes(4 << 20), 0))


@pytest.mark.parametrize(
    "chunks",
    [
        [png_chunk(b"tEXt", b"key\0text", error=1)],
        [png_chunk(b"iCCP", b"key\0\0" + zlib.compress(b"profile"), error=1)],
        [png_chunk(b"eXIf", tiff(TURNED), error=1)],
        [png_chunk(b"tRNS", b"\0\0\0\0\0\0", error=1)],
        [png_chunk(b"iCCP", b"key\0\7" + zlib.compress(b"profile"))],
        [png_chunk(b"iCCP", b"no end of its name")],
        [png_chunk(b"gAMA", b"")],
        [png_chunk(b"cHRM", b"short")],
        [png_chunk(b"pHYs", b"")],
        [png_chunk(b"acTL", b"\0\0\0\2")],
        [png_chunk(b"fcTL", b"")],
        [png_chunk(b"iTXt", b"key\0\1\0\0\0not zlib")],
        [png_chunk(b"tEXt", b"key\0" + b"x" * 60_000) for _ in range(1_200)],
        [large(b"tEXt")], [large(b"zTXt")], [large(b"iTXt")], [large(b"iCCP")],
    ],
)  # fmt: skip
def test_a_png_with_bad_or_large_metadata_has_the_pixels_of_one_without(
    chunks: list[bytes],
) -> None:
    assert np.array_equal(decode(png_with(*chunks)), picture())


def test_a_png_may_end_in_a_text_after_its_pixels() -> None:
    whole = encode(picture())[:-12] + png_chunk(b"tEXt", b"key\0" + b"x" * 1000)
    assert np.array_equal(decode(whole[:-500]), picture())


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"PLTE"])
def test_a_png_whose_pixels_have_a_wrong_checksum_is_corrupt(kind: bytes) -> None:
    whole = bytearray(encode(picture("P")))
    whole[whole.index(kind) + 12] ^= 1
    assert reason(bytes(whole)) == "corrupt"


def jpeg_with(*segments: bytes) -> bytes:
    """The picture with these segments at its start."""
    whole = encode(picture(), "JPEG")
    return whole[:2] + b"".join(segments) + whole[2:]


def segment(number: int, body: bytes, length: int | None = None) -> bytes:
    """An APPn segment. `length` may state a wrong length."""
    stated = len(body) + 2 if length is None else length
    return struct.pack(">BBH", 0xFF, 0xE0 + number, stated) + body


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "segments",
    [
        [segment(0, b"JFIF\0")],
        [segment(2, b"MPF\0" + b"\xff" * 40)],
        [segment(2, b"MPF\0" + tiff((0xB001, 4, 1, b"\0\0\0\2"), (0xB002, 7, 32, bytes(4))))],
        [segment(2, b"ICC_PROFILE\0")],
        [segment(2, b"ICC_PROFILE\0\1\xff" + bytes(60_000)) for _ in range(80)],
        [segment(1, b"http://ns.adobe.com/xap/1.0/\0" + b"x" * 60_000) for _ in range(80)],
        [segment(13, b"Photoshop 3.0\x008BIM")],
        [segment(14, b"Adobe")],
        [segment(5, b"its length leaves out its end", length=9)],
        [segment(5, b"", length=0)],
    ],
)
def test_a_jpeg_with_bad_or_large_metadata_has_the_pixels_of_one_without(
    segments: list[bytes],
) -> None:
    assert np.array_equal(decode(jpeg_with(*segments)), decode(encode(picture(), "JPEG")))


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_with_bad_or_large_metadata_has_the_pixels_of_one_without(lossless: bool) -> None:
    image = picture("RGBA")
    image.putalpha(128)
    plain = encode(image, "WEBP", lossless=lossless)
    whole = encode(
        image, "WEBP", lossless=lossless, xmp=bytes(4 << 20), icc_profile=b"none", exif=b"?"
    )
    assert np.array_equal(decode(whole), decode(plain))
    assert np.array_equal(decode(whole[:-500]), decode(plain))  # it ends inside its XMP
    assert whole[20] == 0b00111100  # VP8X announces alpha, and a profile, EXIF and XMP
    assert strip_metadata(whole).content[20] == 0b00010000


def test_a_gif_with_megabytes_of_comment_has_the_pixels_of_one_without() -> None:
    whole = encode(picture("P"), "GIF")
    comment = b"!\xfe" + (b"\xff" + b"x" * 255) * 16_000 + b"\0"
    start = 13 + 3 * 2 ** (whole[10] % 8 + 1)  # after the palette
    assert np.array_equal(decode(whole[:start] + comment + whole[start:]), decode(whole))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (encode(picture())[:20], "truncated"),
        (encode(picture(), "JPEG")[:100], "truncated"),
        (encode(picture(), "WEBP")[:100], "truncated"),
        (encode(picture("P"), "GIF")[:100], "truncated"),
        (encode(picture("P"), "GIF")[:10], "truncated"),
        (jpeg_with(b"\xff\xc8\0\2"), "corrupt"),
        (encode(picture(), "JPEG").replace(b"\xc0\0\x11\x08", b"\xc0\0\x11\x0c"), "corrupt"),
    ],
)  # fmt: skip
def test_only_a_file_that_ends_too_early_is_called_truncated(content: bytes, expected: str) -> None:
    assert reason(content) == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "1"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_may_be_decoded_smaller_and_looks_the_same(kind: str, mode: str) -> None:
    whole = picture(width=1600, height=1200).convert(mode)
    file = encode(whole.convert("L") if kind == "JPEG" else whole, kind)
    small = decode(file, 300)
    assert small.size == ((400, 300) if kind == "JPEG" else (320, 240))
    expected = decode(file).resize(small.size, Image.Resampling.BOX)
    assert np.abs(np.asarray(small, int) - np.asarray(expected, int)).mean() < 2


def test_a_small_picture_is_not_enlarged() -> None:
    assert np.array_equal(decode(encode(picture()), 300), picture())


def test_at_most_two_large_pictures_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[str] = []
    most = []

    def to_rgb(image: Image.Image) -> Image.Image:
        running.append("one")
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return image

    monkeypatch.setattr(decode_module, "LARGE", 100)
    monkeypatch.setattr(decode_module, "_to_rgb", to_rgb)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(decode, [encode(picture())] * 6))
    assert max(most) == 2
