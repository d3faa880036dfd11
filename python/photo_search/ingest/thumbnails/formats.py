"""The four picture formats: recognised by their first bytes, and reduced to what makes the pixels.

EXIF, colour profiles, texts and comments do not change the pixels. Pillow still parses them, and
refuses a good picture whose metadata is damaged or large. Browsers show such a picture,
so Pillow is given the file without its metadata.
"""

import re
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from photo_search.errors import PhotoFailure, Reason

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAGIC = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(re.escape(PNG_SIGNATURE)),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "GIF": re.compile(rb"GIF8[79]a"),
}
PNG_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
WEBP_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
WEBP_KEPT = WEBP_PIXELS | {b"VP8X", b"ALPH", b"ANIM"}
WEBP_FLAGS = 0b00010010  # of VP8X: has alpha, is an animation; the others announce metadata
JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff])")
JPEG_APP0, JPEG_APP1, JPEG_APP14, JPEG_APP15, JPEG_COMMENT = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
JPEG_SCAN = 0xDA
JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})
ORIENTATION, SHORT = 0x0112, 3  # EXIF's tag and its type


class Bare(NamedTuple):
    """A picture file without metadata, Pillow's name of its format, and its orientation, 1 to 8."""

    kind: str
    content: bytes
    orientation: int = 1


def kind_of(content: bytes) -> str | None:
    """Pillow's name of the format, or None if the first bytes are of none of the four."""
    return next((kind for kind, magic in MAGIC.items() if magic.match(content)), None)


def media_type(content: bytes) -> str | None:
    """What a web server calls the format (`image/png`), or None as above."""
    kind = kind_of(content)
    return kind and f"image/{kind.lower()}"


def strip_metadata(content: bytes) -> Bare:
    """The file with only what its pixels are made from.

    Raises PhotoFailure: not_image, truncated (it ends before its pixels begin) or corrupt.
    """
    kind = kind_of(content)
    if kind is None:
        raise PhotoFailure(Reason.NOT_IMAGE, f"starts with {content[:16]!r}")
    return STRIP[kind](content)


def _strip_jpeg(content: bytes) -> Bare:
    """All segments up to the first scan, but no comments, and of APPn those that name the colours.

    Bytes between segments are skipped and a length below 2 is taken as 2, as libjpeg would have it
    or more leniently.
    """
    kept, exif, place = [content[:2]], b"", 2
    while marker := JPEG_MARKER.search(content, place):
        code, start = marker[1][0], marker.end()
        if code in JPEG_WITHOUT_LENGTH:
            place = start
            continue
        place = start + max(2, int.from_bytes(content[start : start + 2]))
        if place > len(content):
            break
        body = content[start + 2 : place]
        if code == JPEG_SCAN:
            kept.append(b"\xff" + content[start - 1 :])
            return Bare("JPEG", b"".join(kept), _orientation(exif))
        if code == JPEG_APP1 and body.startswith(b"Exif\0"):
            exif = exif or body[6:]
        is_metadata = JPEG_APP0 <= code <= JPEG_APP15 or code == JPEG_COMMENT
        names_colours = (code == JPEG_APP0 and body.startswith(b"JFIF\0") and len(body) >= 14) or (
            code == JPEG_APP14 and body.startswith(b"Adobe") and len(body) >= 12
        )
        if names_colours or not is_metadata:
            kept.append(b"\xff" + content[start - 1 : place])
    raise PhotoFailure(Reason.TRUNCATED, "the header is cut off")


def _strip_png(content: bytes) -> Bare:
    """The critical chunks and tRNS. A wrong checksum in another chunk does not matter."""
    kept, exif, start = [PNG_SIGNATURE], b"", len(PNG_SIGNATURE)
    found = set()
    while start + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, start)
        end = start + 12 + length
        if not name.isalpha():
            break
        checksum = int.from_bytes(content[end - 4 : end])
        is_sound = zlib.crc32(memoryview(content)[start + 4 : end - 4]) == checksum
        if name in PNG_CRITICAL and not is_sound and end <= len(content):
            raise PhotoFailure(Reason.CORRUPT, f"wrong checksum in {name.decode()}")
        if name in PNG_CRITICAL or (name == b"tRNS" and is_sound):
            kept.append(content[start:end])
            found.add(name)
        elif name == b"eXIf" and is_sound:
            exif = content[start + 8 : end - 4]
        start = end
    if b"IDAT" not in found:
        is_cut = start + 8 > len(content) or b"IHDR" not in found
        reason = Reason.TRUNCATED if is_cut else Reason.CORRUPT
        raise PhotoFailure(reason, "the file has no pixels: its header is cut off or broken")
    return Bare("PNG", b"".join(kept), _orientation(exif))


def _strip_webp(content: bytes) -> Bare:
    """The chunks with pixels and those that say how to put them together."""
    kept, exif, start = [], b"", 12
    found = set()
    limit = min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    while start + 8 <= limit:
        name, length = struct.unpack_from("<4sI", content, start)
        chunk = bytearray(content[start : start + 8 + length])
        if name in WEBP_KEPT:
            if len(chunk) < 8 + length:
                raise PhotoFailure(Reason.TRUNCATED, f"cut off inside {name.decode()}")
            if name == b"VP8X" and length:
                chunk[8] &= WEBP_FLAGS
            kept.append(chunk + bytes(length % 2))
            found.add(name)
        elif name == b"EXIF":
            exif = bytes(chunk[8:]).removeprefix(b"Exif\0\0")
        start += len(chunk) + length % 2
    if not found & WEBP_PIXELS:
        raise PhotoFailure(Reason.TRUNCATED, "the file ends before its pixels begin")
    body = b"WEBP" + b"".join(kept)
    return Bare("WEBP", b"RIFF" + struct.pack("<I", len(body)) + body, _orientation(exif))


def _strip_gif(content: bytes) -> Bare:
    """All of it: Pillow skips what is not pixels."""
    if len(content) < 13:
        raise PhotoFailure(Reason.TRUNCATED, "the header is cut off")
    return Bare("GIF", content)


STRIP: dict[str, Callable[[bytes], Bare]] = {
    "JPEG": _strip_jpeg,
    "PNG": _strip_png,
    "WEBP": _strip_webp,
    "GIF": _strip_gif,
}


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory as browsers read it; 1 for whatever is odd."""
    with suppress(struct.error, KeyError):
        order = {b"II*\0": "<", b"MM\0*": ">"}[exif[:4]]
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if (tag, kind, number) == (ORIENTATION, SHORT, 1) and value <= 8:
                return max(1, int(value))
    return 1
