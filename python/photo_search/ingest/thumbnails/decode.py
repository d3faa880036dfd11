"""Bytes of unknown origin to an upright RGB picture."""

import io
import threading
import warnings
from contextlib import nullcontext

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from photo_search.errors import PhotoFailure, Reason
from photo_search.ingest.thumbnails.formats import strip_metadata

MAX_PIXELS = 50_000_000
LARGE = 4_000_000  # pixels
DIVISIBLE = ("RGB", "L", "CMYK")  # modes in which neighbouring pixels have a mean
MIN_SIDE = 16
MAX_ASPECT = 20  # a strip of 1:1000 would be enlarged to millions of pixels
UPRIGHT = {  # by EXIF orientation, how the stored picture must be turned
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow's own warning about large pictures is an error here, in every thread of the process.
warnings.simplefilter("error", Image.DecompressionBombWarning)


# A picture of 50 million pixels takes 200 MB and more: the others wait.
_LARGE_PICTURES = threading.BoundedSemaphore(2)


def decode(content: bytes, side: int | None = None) -> Image.Image:
    """The first frame, EXIF orientation applied, RGB of 8 bits, transparency on white.

    With `side`, a larger picture may be reduced, to a longer side of at least `side`. That takes
    little memory for a JPEG. Other metadata is not looked at, so it may be damaged.
    Raises PhotoFailure: not_image, truncated, too_many_pixels, too_small or corrupt.
    """
    kind, pixels, orientation = strip_metadata(content)
    try:
        with Image.open(io.BytesIO(pixels), formats=(kind,)) as image:
            _check_size(image)
            is_large = image.width * image.height > LARGE
            with _LARGE_PICTURES if is_large else nullcontext():
                picture = _reduced(image, side) if side else _to_rgb(image)
            turn = UPRIGHT.get(orientation)
            return picture if turn is None else picture.transpose(turn)
    except PhotoFailure:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoFailure(Reason.TOO_MANY_PIXELS, str(error)) from error
    except UnidentifiedImageError as error:
        # The headers of the other formats are known to be whole; a GIF may end before its frame.
        reason = Reason.TRUNCATED if kind == "GIF" else Reason.CORRUPT
        raise PhotoFailure(reason, "the header cannot be read") from error
    except Exception as error:  # a hostile file can raise anything inside a decoder
        is_cut = isinstance(error, OSError | EOFError | SyntaxError) and "runcated" in str(error)
        reason = Reason.TRUNCATED if is_cut else Reason.CORRUPT
        raise PhotoFailure(reason, f"{type(error).__name__}: {error}") from error


def _check_size(image: Image.Image) -> None:
    short, long = sorted(image.size)
    size = f"{image.width}x{image.height}"
    if short * long > MAX_PIXELS:
        raise PhotoFailure(Reason.TOO_MANY_PIXELS, f"{size}, at most {MAX_PIXELS} pixels")
    if short < MIN_SIDE or long > MAX_ASPECT * short:
        raise PhotoFailure(
            Reason.TOO_SMALL,
            f"{size}, at least {MIN_SIDE} a side and no longer than 1:{MAX_ASPECT}",
        )


def _reduced(image: ImageFile, side: int) -> Image.Image:
    """In RGB, divided by a whole number as far as `side` allows."""
    shrink = max(1, max(image.size) // side)
    image.draft(None, (max(1, image.width // shrink), max(1, image.height // shrink)))
    image.load()
    shrink = max(1, max(image.size) // side)
    if image.mode in DIVISIBLE and not image.has_transparency_data:
        return _to_rgb(image.reduce(shrink))
    return _to_rgb(image).reduce(shrink)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which convert("RGB") would clip to white
        samples = np.clip(np.asarray(image, dtype=np.int64), 0, 65535)
        return Image.fromarray((samples >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return image.convert("RGB")
