"""Cases of the colours of images; the standard library's colorsys is the oracle of HSV."""

import colorsys

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

RGB = np.random.default_rng(6).uniform(0.1, 0.9, (2, 3, 4, 3))
PURE = np.array([[[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1],
                  [1, 0, 1]]], np.float64)
BYTES = np.random.default_rng(7).integers(0, 256, (2, 5, 3)).astype(np.uint8)
NARROW = RGB.astype(np.float32)


def pixels(function, *images):
    return np.apply_along_axis(lambda c: function(*c), -1, images[0])


def hue_turned(image, delta):
    def turn(r, g, b):
        h, s, v = colorsys.rgb_to_hsv(r, g, b)
        return colorsys.hsv_to_rgb((h + delta) % 1.0, s, v)
    return pixels(turn, image)


def saturated(image, factor):
    def more(r, g, b):
        h, s, v = colorsys.rgb_to_hsv(r, g, b)
        return colorsys.hsv_to_rgb(h, min(s * factor, 1.0), v)
    return pixels(more, image)


def contrasted(image, factor):
    mean = image.mean(axis=(-3, -2), keepdims=True)
    return mean + (image - mean) * factor


def as_bytes(real):
    return (np.clip(real * 255.5, 0, 255)).astype(np.uint8)


def loose(name, function, inputs, expect, **more):
    return Case(name, function, inputs, expect, rtol=1e-5, atol=1e-6, **more)


CASES = [
    Case("RGBToHSV/random", fg.image.rgb_to_hsv, (RGB,), pixels(colorsys.rgb_to_hsv, RGB),
         grad=True, rtol=1e-9),
    Case("RGBToHSV/pure", fg.image.rgb_to_hsv, (PURE,), pixels(colorsys.rgb_to_hsv, PURE)),
    Case("RGBToHSV/squared", lambda x: fg.square(fg.image.rgb_to_hsv(x)), (RGB,),
         pixels(colorsys.rgb_to_hsv, RGB)**2, grad=True, rtol=1e-9),
    Case("RGBToHSV/nan", fg.image.rgb_to_hsv, (np.array([[np.nan, 0.2, 0.7], [0.1, 0.5, np.nan]]),),
         np.array([[np.nan, 0.5 / 0.7, 0.7], [0, 0, np.nan]])),
    Case("HSVToRGB/random", fg.image.hsv_to_rgb, (RGB,), pixels(colorsys.hsv_to_rgb, RGB),
         rtol=1e-9),
    Case("HSVToRGB/back", lambda x: fg.image.hsv_to_rgb(fg.image.rgb_to_hsv(x)), (PURE,), PURE),
    loose("AdjustContrastv2/float", lambda x: fg.image.adjust_contrast(x, 1.5), (NARROW,),
          contrasted(RGB, 1.5)),
    loose("AdjustContrastv2/gradient", lambda x: fg.image.adjust_contrast(x, 0.5),
          (np.zeros((2, 2, 3)),), np.zeros((2, 2, 3)), grad=True),
    loose("AdjustContrastv2/large", lambda x: fg.image.adjust_contrast(x, 1.5),
          (np.random.default_rng(8).uniform(size=(2, 20, 30, 3)).astype(np.float32),),
          lambda x: contrasted(x, 1.5)),
    Case("AdjustContrastv2/bytes", lambda x: fg.image.adjust_contrast(x, 2.0), (BYTES,),
         as_bytes(contrasted(BYTES / 255.0, 2.0))),
    Case("AdjustContrastv2/no_images", lambda x: fg.image.adjust_contrast(x, 2.0),
         (NARROW[:0],), NARROW[:0]),
    loose("AdjustHue/float", lambda x: fg.image.adjust_hue(x, 0.3), (NARROW,),
          hue_turned(RGB, 0.3)),
    loose("AdjustHue/backwards", lambda x: fg.image.adjust_hue(x, -0.8),
          (PURE.astype(np.float32),), hue_turned(PURE, -0.8)),
    loose("AdjustSaturation/less", lambda x: fg.image.adjust_saturation(x, 0.25), (NARROW,),
          saturated(RGB, 0.25)),
    loose("AdjustSaturation/more", lambda x: fg.image.adjust_saturation(x, 9.0), (NARROW,),
          saturated(RGB, 9.0)),
    Case("convert_image_dtype/to_bytes", lambda x: fg.image.convert_image_dtype(
        x, fg.uint8, saturate=True), (np.array([-1.0, 0.0, 0.5, 1.0, 2.0], np.float32),),
        np.array([0, 0, 127, 255, 255])),
    Case("convert_image_dtype/wider", lambda x: fg.image.convert_image_dtype(x, fg.int16), (BYTES,),
         BYTES.astype(np.int16) * 128),
    Case("convert_image_dtype/narrower", lambda x: fg.image.convert_image_dtype(x, fg.uint8),
         (np.array([0, 127, 128, 32767], np.int16),), np.array([0, 0, 1, 255])),
    loose("adjust_gamma/float", lambda x: fg.image.adjust_gamma(x, 2.0, 0.5), (NARROW,),
          RGB**2 * 0.5),
    Case("adjust_brightness/bytes", lambda x: fg.image.adjust_brightness(x, -0.2), (BYTES,),
         as_bytes(np.float32(BYTES / np.float32(255)) - np.float32(0.2))),
    loose("per_image_standardization/batch", fg.image.per_image_standardization, (NARROW,),
          (RGB - RGB.mean(axis=(1, 2, 3), keepdims=True)) / RGB.std(axis=(1, 2, 3),
                                                                    keepdims=True)),
    Case("per_image_standardization/one_colour", fg.image.per_image_standardization,
         (np.full((2, 2, 1), 7, np.uint8),), np.zeros((2, 2, 1))),
    loose("rgb_to_grayscale/float", fg.image.rgb_to_grayscale, (NARROW,),
          (RGB @ [0.2989, 0.587, 0.114])[..., None]),
    Case("grayscale_to_rgb/bytes", fg.image.grayscale_to_rgb, (BYTES[..., :1],),
         np.repeat(BYTES[..., :1], 3, axis=-1)),
    Case("rgb_to_yiq/back", lambda x: fg.image.yiq_to_rgb(fg.image.rgb_to_yiq(x)), (RGB,), RGB,
         grad=True, rtol=1e-4, atol=1e-4),
    Case("rgb_to_yuv/back", lambda x: fg.image.yuv_to_rgb(fg.image.rgb_to_yuv(x)), (RGB,), RGB,
         grad=True, rtol=1e-4, atol=1e-4),
]

BAD = [
    BadCase("RGBToHSV/channels", lambda: fg.image.rgb_to_hsv(RGB[..., :2]), ValueError,
            ("3 channels", "(2, 3, 4, 2)")),
    BadCase("RGBToHSV/channels_run", fg.image.rgb_to_hsv, InvalidArgumentError, ("3 channels",),
            (RGB[..., :2],), "run"),
    BadCase("HSVToRGB/dtype", lambda: fg.image.hsv_to_rgb(BYTES), TypeError, ("uint8",)),
    BadCase("AdjustHue/rank", lambda: fg.image.adjust_hue([[1.0, 0.0, 0.0]], 0.1), ValueError,
            ("rank 3",)),
    BadCase("AdjustSaturation/channels", lambda x: fg.image.adjust_saturation(x, 2.0),
            InvalidArgumentError, ("3 channels",), (NARROW[..., :1],), "run"),
    BadCase("AdjustContrastv2/rank", lambda: fg.image.adjust_contrast([[1.0]], 2.0), ValueError,
            ("rank 3",)),
    BadCase("convert_image_dtype/bool", lambda: fg.image.convert_image_dtype(RGB, fg.bool),
            AttributeError, ("bool",)),
    BadCase("adjust_gamma/negative", lambda: fg.image.adjust_gamma(RGB, -1.0), ValueError,
            ("gamma",)),
    BadCase("adjust_gamma/negative_run", lambda gamma: fg.image.adjust_gamma(RGB, gamma),
            InvalidArgumentError, ("gamma",), (np.float32(-1),), "run"),
    BadCase("random_hue/large", lambda: fg.image.random_hue(RGB, 0.6), ValueError, ("0.6",)),
    BadCase("random_contrast/order", lambda: fg.image.random_contrast(RGB, 1.0, 0.5), ValueError,
            ("upper",)),
    BadCase("rgb_to_grayscale/channels", lambda: fg.image.rgb_to_grayscale(RGB[..., :2]),
            ValueError, ("red, green and blue",)),
    BadCase("grayscale_to_rgb/channels", lambda: fg.image.grayscale_to_rgb(RGB), ValueError,
            ("size 1",)),
    BadCase("grayscale_to_rgb/channels_run", fg.image.grayscale_to_rgb, InvalidArgumentError,
            ("size 1",), (RGB,), "run"),
]
