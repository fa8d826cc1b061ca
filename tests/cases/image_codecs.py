"""Cases of ops/image_codecs.py; the files are made by Pillow or by hand."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

import flowgraph as fg
from flowgraph.testing import BadCase, Case
from tests.cases.strings import INVALID, text

ROWS, COLUMNS = 8, 12
PIXELS = (np.arange(ROWS)[:, None, None] * 9 + np.arange(COLUMNS)[:, None] * 7
          + np.array([0, 40, 90])).astype(np.uint8)
GRAY = PIXELS[:, :, :1]
DEEP = (np.arange(6).reshape(2, 3, 1) * 10000).astype(np.uint16)


def file(kind, pixels=PIXELS, mode=None, **options):
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    (image.convert(mode) if mode else image).save(out, kind, **options)
    return text(out.getvalue(), shape=())


def bmp(pixels):
    """Rows from the bottom, blue first, each filled to a multiple of four bytes."""
    rows, columns, channels = pixels.shape
    body = b"".join(row.tobytes().ljust(-(-columns * channels // 4) * 4, b"\0")
                    for row in pixels[::-1, :, ::-1])
    head = struct.pack("<2sihhiiiihh", b"BM", 54 + len(body), 0, 0, 54, 40, columns, rows, 1,
                       8 * channels).ljust(54, b"\0")
    return text(head + body, shape=())


JPEG = file("JPEG", quality=95, subsampling=0)
NEAR = 4.0  # decoders round differently
CUT = text(JPEG.item()[:-20], shape=())

CASES = [
    Case("DecodePng/own_channels", fg.image.decode_png, (file("PNG"),), PIXELS),
    Case("DecodePng/gray", fg.image.decode_png, (file("PNG", GRAY),), GRAY),
    Case("DecodePng/palette", lambda x: fg.shape(fg.image.decode_png(x)), (file("PNG", mode="P"),),
         np.array([ROWS, COLUMNS, 3], "int32")),
    Case("DecodePng/alpha", lambda x: fg.image.decode_png(x, channels=4), (file("PNG"),),
         np.concatenate([PIXELS, np.full_like(GRAY, 255)], 2)),
    Case("DecodePng/wide", lambda x: fg.image.decode_png(x, dtype=fg.uint16), (file("PNG"),),
         PIXELS.astype(np.uint16) * 257),
    Case("DecodePng/deep", lambda x: fg.image.decode_png(x, dtype=fg.uint16),
         (file("PNG", DEEP),), DEEP),
    Case("DecodePng/deep_to_uint8", fg.image.decode_png, (file("PNG", DEEP),),
         (DEEP >> 8).astype(np.uint8)),
    Case("DecodePng/of_jpeg", lambda x: fg.shape(fg.image.decode_png(x)), (JPEG,),
         np.array(PIXELS.shape, "int32")),
    Case("DecodeJpeg/own_channels", lambda x: fg.to_float(fg.image.decode_jpeg(x)), (JPEG,),
         PIXELS, atol=NEAR),
    Case("DecodeJpeg/gray", lambda x: fg.to_float(fg.image.decode_jpeg(x, channels=1)),
         (file("JPEG", GRAY, quality=95),), GRAY, atol=NEAR),
    Case("DecodeJpeg/ratio", lambda x: fg.shape(fg.image.decode_jpeg(x, ratio=2)), (JPEG,),
         np.array([ROWS // 2, COLUMNS // 2, 3], "int32")),
    Case("DecodeJpeg/cut_off",
         lambda x: fg.shape(fg.image.decode_jpeg(x, try_recover_truncated=True)), (CUT,),
         np.array(PIXELS.shape, "int32")),
    Case("DecodeAndCropJpeg/window",
         lambda x: fg.to_float(fg.image.decode_and_crop_jpeg(x, [1, 2, 3, 4])), (JPEG,),
         PIXELS[1:4, 2:6], atol=NEAR),
    Case("DecodeGif/frames", fg.image.decode_gif,
         (file("GIF", GRAY, save_all=True, append_images=[Image.fromarray(GRAY[::-1, :, 0])]),),
         np.stack([GRAY.repeat(3, 2), GRAY[::-1].repeat(3, 2)])),
    Case("DecodeBmp/rgb", fg.image.decode_bmp, (bmp(PIXELS),), PIXELS),
    Case("DecodeBmp/gray", lambda x: fg.io.decode_bmp(x, channels=1), (bmp(GRAY[:, :5]),),
         GRAY[:, :5]),
    Case("DecodeImage/png", fg.image.decode_image, (file("PNG"),), PIXELS),
    Case("DecodeImage/bmp", fg.image.decode_image, (bmp(PIXELS),), PIXELS),
    Case("DecodeImage/gif", lambda x: fg.image.decode_image(x, expand_animations=False),
         (file("GIF", GRAY),), GRAY.repeat(3, 2)),
    Case("DecodeImage/float", lambda x: fg.image.decode_image(x, dtype=fg.float32), (file("PNG"),),
         PIXELS / 255),
    Case("DecodeImage/uint16", lambda x: fg.image.decode_image(x, dtype=fg.uint16), (bmp(PIXELS),),
         PIXELS.astype(np.uint16) * 256),
    Case("ExtractJpegShape/rgb", fg.image.extract_jpeg_shape, (JPEG,),
         np.array(PIXELS.shape, "int32")),
    Case("ExtractJpegShape/int64", lambda x: fg.image.extract_jpeg_shape(x, fg.int64),
         (file("JPEG", GRAY),), np.array(GRAY.shape)),
    Case("is_jpeg/both", lambda x, y: fg.stack([fg.image.is_jpeg(x), fg.image.is_jpeg(y)]),
         (JPEG, bmp(GRAY)), np.array([True, False])),
    Case("EncodePng/rgb", lambda x: fg.image.decode_png(fg.image.encode_png(x)), (PIXELS,), PIXELS),
    Case("EncodePng/deep", lambda x: fg.image.decode_png(
        fg.image.encode_png(x, compression=9), dtype=fg.uint16), (DEEP,), DEEP),
    Case("EncodeJpeg/rgb", lambda x: fg.to_float(fg.image.decode_jpeg(fg.image.encode_jpeg(
        x, chroma_downsampling=False))), (PIXELS,), PIXELS, atol=NEAR),
    Case("EncodeJpeg/gray", lambda x: fg.to_float(fg.image.decode_jpeg(fg.image.encode_jpeg(
        x, format="grayscale", progressive=True, optimize_size=True))), (GRAY,), GRAY, atol=NEAR),
]


def damaged(name, build, contents, word):
    return BadCase(name, build, INVALID, (word,), (text(contents, shape=()),), "run")


PNG = file("PNG").item()
BAD = [
    damaged("DecodePng/cut_off", fg.image.decode_png, PNG[:len(PNG) * 2 // 3], "PNG"),
    damaged("DecodePng/bytes", fg.image.decode_png, PNG[:12] + b"\xff" * 30, "PNG"),
    damaged("DecodePng/other", fg.image.decode_png, b"plain text", "Unknown image file format"),
    damaged("DecodePng/empty", fg.image.decode_png, b"", "empty"),
    damaged("DecodePng/bmp", fg.image.decode_png, bmp(PIXELS).item(), "decode_bmp"),
    damaged("DecodePng/channels", lambda x: fg.image.decode_png(x, channels=2), PNG, "channels"),
    BadCase("DecodePng/rank", lambda: fg.image.decode_png(["a"]), ValueError, ("(1,)",)),
    BadCase("DecodePng/dtype", lambda: fg.image.decode_png("a", dtype=fg.float32), TypeError,
            ("float32", "uint16")),
    damaged("DecodeJpeg/cut_off_early", fg.image.decode_jpeg, CUT.item(), "JPEG"),
    damaged("DecodeJpeg/no_such_ratio", lambda x: fg.image.decode_jpeg(x, ratio=3), JPEG.item(),
            "ratio"),
    damaged("DecodeAndCropJpeg/window_outside",
            lambda x: fg.image.decode_and_crop_jpeg(x, [0, 0, 9, 1]), JPEG.item(), "crop window"),
    damaged("DecodeGif/cut_off", fg.image.decode_gif, file("GIF", GRAY).item()[:20], "GIF"),
    damaged("DecodeBmp/cut_off", fg.image.decode_bmp, bmp(PIXELS).item()[:-40], "Incomplete"),
    damaged("DecodeBmp/channels", lambda x: fg.image.decode_bmp(x, channels=1), bmp(PIXELS).item(),
            "channels"),
    damaged("DecodeBmp/huge", fg.image.decode_bmp,
            bmp(PIXELS).item()[:18] + b"\xff\xff\xff\x7f" * 2 + bmp(PIXELS).item()[26:], "width"),
    damaged("DecodeImage/other", fg.image.decode_image, b"plain text", "Unknown"),
    BadCase("DecodeImage/channels", lambda: fg.image.decode_image("a", channels=2), ValueError,
            ("channels",)),
    damaged("ExtractJpegShape/no_jpeg", fg.image.extract_jpeg_shape, PNG, "JPEG"),
    BadCase("EncodePng/channels", lambda: fg.image.encode_png(np.zeros((2, 2, 5), np.uint8)),
            INVALID, ("(2, 2, 5)",), phase="run"),
    BadCase("EncodePng/rank", lambda: fg.image.encode_png(np.zeros((2, 2), np.uint8)), ValueError,
            ("(2, 2)",)),
    BadCase("EncodeJpeg/quality",
            lambda: fg.image.encode_jpeg(np.zeros((2, 2, 3), np.uint8), quality=101), INVALID,
            ("quality",), phase="run"),
]
