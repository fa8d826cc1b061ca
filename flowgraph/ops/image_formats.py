"""Image files to arrays and back. JPEG and GIF and reading PNG go through Pillow (extra `images`).

BMP is read, and PNG written, by hand: both are a header and rows of pixels.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

from flowgraph.errors import MissingDependencyError, UnimplementedError
from flowgraph.ops.string_elements import invalid

JPEG, PNG, GIF, BMP = b"\xff\xd8\xff", b"\x89PNG", b"GIF", b"BM"
_UNKNOWN = "Unknown image file format. One of JPEG, PNG, GIF, BMP required."
_LARGEST = 1 << 27  # pixels; a damaged header may say anything
_LARGEST_OF_ALL_FRAMES = 1 << 29  # pixels; a frame of a few bytes may be as large


def pillow() -> Any:
    """Pillow's Image module.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError(
            "JPEG, PNG and GIF files are read with Pillow, which is not installed. Install "
            "flowgraph with the extra `images`, or the package `pillow`.") from None
    return Image


def format_of(contents: bytes) -> bytes:
    """Which of the four formats a file has.

    Args:
        contents: the file.

    Raises:
        InvalidArgumentError: it is another one.
    """
    for magic in (JPEG, PNG, GIF, BMP):
        if contents.startswith(magic):
            return magic
    raise invalid("Input is empty." if not contents else _UNKNOWN)


def _opened(contents: bytes, what: str) -> Any:
    image_module = pillow()
    try:
        image = image_module.open(io.BytesIO(contents), formats=[what])
    except image_module.DecompressionBombError:
        raise invalid(f"{what} image is too large") from None
    except Exception as error:  # Pillow's readers raise many classes on damaged headers
        raise _damaged(what, error) from None
    if image.width * image.height > _LARGEST:
        raise invalid(f"{what} image is too large: {image.width} x {image.height} pixels")
    return image


def _damaged(what: str, error: Exception) -> Exception:
    return invalid(f"Invalid {what} data: {type(error).__name__}: {str(error)[:120]}")


def _pixels(image: Any, mode: str, what: str) -> np.ndarray:
    try:
        array = np.array(image if image.mode == mode else image.convert(mode))
    except Exception as error:
        raise _damaged(what, error) from None
    return array if array.ndim == 3 else array[:, :, None]


def read_jpeg(contents: bytes, channels: int = 0, ratio: int = 1,
              recover: bool = False) -> np.ndarray:
    """The pixels of a JPEG file, [height, width, channels] uint8.

    Args:
        contents: the file.
        channels: 1 or 3; 0 for as many as the file has.
        ratio: 1, 2, 4 or 8: the image is made so many times smaller.
        recover: whether the rest of a file that is cut off may be missing.
    """
    if channels not in (0, 1, 3):
        raise invalid(f"channels must be 0, 1, or 3 for JPEG images, got {channels}")
    image = _opened(contents + b"\xff\xd9" * 2 if recover else contents, "JPEG")
    mode = "L" if channels == 1 or (channels == 0 and image.mode == "L") else "RGB"
    size = tuple(-(-n // ratio) for n in image.size)
    image.draft(mode, (max(1, image.width // ratio), max(1, image.height // ratio)))
    if image.size != size and ratio > 1:
        image = image.resize(size)
    return _pixels(image, mode, "JPEG")


def jpeg_shape(contents: bytes) -> tuple[int, int, int]:
    """(height, width, channels) of a JPEG file, from its header alone.

    Args:
        contents: the file.
    """
    at = 2
    while contents.startswith(JPEG[:2]) and at + 4 <= len(contents) and contents[at] == 0xff:
        marker = contents[at + 1]
        if marker == 0xff or marker == 0x01 or 0xd0 <= marker <= 0xd8:
            at += 1 if marker == 0xff else 2
            continue
        if 0xc0 <= marker <= 0xcf and marker not in (0xc4, 0xc8, 0xcc):
            if at + 10 > len(contents):
                break
            height, width, count = struct.unpack_from(">HHB", contents, at + 5)
            return height, width, count
        at += 2 + struct.unpack_from(">H", contents, at + 2)[0]
    raise invalid("Invalid JPEG data: it has no frame header")


def read_png(contents: bytes, channels: int = 0, dtype: str = "uint8") -> np.ndarray:
    """The pixels of a PNG file, [height, width, channels].

    Args:
        contents: the file.
        channels: 1, 3 or 4; 0 for as many as the file has.
        dtype: "uint8" or "uint16"; 8-bit values are spread over the 16 bits.
    """
    if channels not in (0, 1, 3, 4):
        raise invalid(f"channels must be 0, 1, 3, or 4 for PNG images, got {channels}")
    image = _opened(contents, "PNG")
    deep = len(contents) > 24 and contents[24] == 16
    if deep and image.mode.startswith("I") and channels in (0, 1):
        values = _pixels(image, "I", "PNG").astype(np.uint16)
        return values if dtype == "uint16" else (values >> 8).astype(np.uint8)
    if deep and dtype == "uint16":
        raise UnimplementedError(None, None, "PNG images of several 16-bit channels can be read "
                                             "as uint8 alone")
    own = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA"}
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels) or own.get(image.mode) or (
        "L" if image.mode.startswith("I") else
        "RGBA" if "transparency" in image.info else "RGB")
    if channels == 0 and mode in ("L", "RGB") and "transparency" in image.info:
        mode = {"L": "LA", "RGB": "RGBA"}[mode]
    if deep and image.mode.startswith("I"):
        gray = (_pixels(image, "I", "PNG") >> 8).astype(np.uint8)
        return _with_channels(gray, channels)
    pixels = _pixels(image, mode, "PNG")
    return pixels if dtype == "uint8" else pixels.astype(np.uint16) * np.uint16(257)


def _with_channels(gray: np.ndarray, channels: int) -> np.ndarray:
    colours = np.repeat(gray, 3, axis=2)
    return colours if channels == 3 else np.concatenate([colours, np.full_like(gray, 255)], axis=2)


def read_gif(contents: bytes) -> np.ndarray:
    """The frames of a GIF file, [frames, height, width, 3] uint8.

    Args:
        contents: the file.
    """
    image, frames = _opened(contents, "GIF"), []
    try:
        count = image.n_frames
    except Exception as error:
        raise _damaged("GIF", error) from None
    if count * image.width * image.height > _LARGEST_OF_ALL_FRAMES:
        raise invalid(f"GIF image is too large: {count} frames of {image.width} x {image.height} "
                      "pixels")
    try:
        for i in range(count):
            image.seek(i)
            frames.append(np.array(image.convert("RGB")))
    except Exception as error:
        if not frames:  # else the file is cut off after some frames: these are there
            raise _damaged("GIF", error) from None
    return np.stack(frames)


def read_bmp(contents: bytes, channels: int = 0) -> np.ndarray:
    """The pixels of a BMP file of 8, 24 or 32 bits a pixel, [height, width, channels] uint8.

    Args:
        contents: the file.
        channels: 1, 3 or 4, which must be what the file has; or 0.
    """
    if channels not in (0, 1, 3, 4):
        raise invalid(f"channels must be 0, 1, 3 or 4 for BMP images, got {channels}")
    if not contents.startswith(BMP):
        raise invalid(_UNKNOWN)
    if len(contents) < 32:
        raise invalid("Incomplete bmp content")
    start, = struct.unpack_from("<i", contents, 10)
    width, height, _, bits = struct.unpack_from("<iiHH", contents, 18)
    found = bits // 8
    if found not in (1, 3, 4) or bits % 8:
        raise invalid(f"Number of channels must be 1, 3 or 4, was {found}")
    if channels and channels != found:
        raise invalid(f"channels attribute {channels} does not match bits per pixel from file "
                      f"{found}")
    if width <= 0 or height == 0 or abs(height) * width > _LARGEST:
        raise invalid(f"BMP image of width {width} and height {height} cannot be read")
    stride = -(-width * found // 4) * 4  # rows begin at multiples of four bytes
    rows = abs(height)
    if start < 0 or start + stride * (rows - 1) + width * found > len(contents):
        raise invalid(f"Incomplete bmp content, requires at least {start + stride * rows} bytes, "
                      f"got {len(contents)} bytes")
    data = contents[start:start + stride * rows].ljust(stride * rows, b"\0")
    pixels = np.frombuffer(data, np.uint8).reshape((rows, stride))[:, :width * found].reshape(
        (rows, width, found))
    if found > 1:
        pixels = pixels[:, :, [2, 1, 0, 3][:found]]  # blue comes first
    return np.ascontiguousarray(pixels[::-1] if height > 0 else pixels)


def write_png(pixels: np.ndarray, compression: int = -1) -> bytes:
    """A PNG file.

    Args:
        pixels: [height, width, channels], 1 to 4 channels, uint8 or uint16.
        compression: -1, or 0 to 9.
    """
    height, width, channels = pixels.shape
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape((height, -1)).view(np.uint8)
    lines = np.zeros((height, rows.shape[1] + 1), np.uint8)  # each row after its filter, none
    lines[:, 1:] = rows
    head = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, (0, 4, 2, 6)[channels - 1],
                       0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), compression)),
                           (b"IEND", b"")))


def write_jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    """A JPEG file.

    Args:
        pixels: [height, width, 1 or 3] uint8.
        options: as Pillow takes them.
    """
    file = io.BytesIO()
    image = pillow().fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    try:
        image.save(file, "JPEG", **options)
    except (OSError, ValueError) as error:
        raise invalid(f"JPEG encoding failed: {error}") from None
    return file.getvalue()
