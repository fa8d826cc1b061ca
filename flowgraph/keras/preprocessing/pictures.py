"""Image files, Pillow's images and arrays, one made of the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.ops.image_formats import pillow

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}


def load_img(path: str, grayscale: bool = False, color_mode: str = "rgb",
             target_size: tuple[int, int] | None = None, interpolation: str = "nearest") -> Any:
    """An image file as Pillow's image.

    Args:
        path: the file.
        grayscale: the old way to say color_mode="grayscale".
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: (height, width); default as it is.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".

    Returns:
        A Pillow image.

    Raises:
        ValueError: another color_mode or interpolation.
        MissingDependencyError: Pillow is not installed.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import img_to_array, load_img, save_img
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "grey.png")
        ...     save_img(path, np.full([4, 6, 3], 100), scale=False)
        ...     img_to_array(load_img(path, target_size=(2, 3))).shape
        (2, 3, 3)
    """
    mode = "grayscale" if grayscale else color_mode
    if mode not in _MODES:
        raise ValueError(located('color_mode must be "grayscale", "rgb", or "rgba", got '
                                 f"{color_mode!r}"))
    module = pillow()
    image = module.open(path)
    if image.mode != _MODES[mode]:
        image = image.convert(_MODES[mode])
    if target_size is not None and image.size != (target_size[1], target_size[0]):
        way = getattr(module.Resampling, interpolation.upper(), None)
        if way is None:
            raise ValueError(located(f"Invalid interpolation method {interpolation!r}"))
        image = image.resize((target_size[1], target_size[0]), way)
    return image


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Any:
    """Pillow's image as an array.

    Args:
        img: the image.
        data_format: "channels_last" or "channels_first"; default the first.
        dtype: default float32.

    Returns:
        An array of three axes.

    Raises:
        ValueError: another data_format, or an array with other axes.

    Example:
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import img_to_array
        >>> img_to_array(np.zeros([4, 6], np.uint8)).shape
        (4, 6, 1)
    """
    _check(data_format)
    x = np.asarray(img, dtype or "float32")
    if x.ndim not in (2, 3):
        raise ValueError(located(f"Unsupported image shape: {x.shape}"))
    x = x[..., None] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
                 ) -> Any:
    """An array as Pillow's image.

    Args:
        x: array of three axes, with 1, 3 or 4 channels.
        data_format: "channels_last" or "channels_first"; default the first.
        scale: whether to spread its numbers over 0 to 255.
        dtype: without effect.

    Returns:
        A Pillow image.

    Raises:
        ValueError: another shape.
        MissingDependencyError: Pillow is not installed.

    Example:
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import array_to_img
        >>> array_to_img(np.zeros([4, 6, 3])).size
        (6, 4)
    """
    _check(data_format)
    x = np.asarray(x, "float32")
    if x.ndim != 3:
        raise ValueError(located("Expected image array to have rank 3 (single image). Got array "
                                 f"with shape: {x.shape}"))
    x = x.transpose(1, 2, 0) if data_format == "channels_first" else x
    if x.shape[2] not in (1, 3, 4):
        raise ValueError(located(f"Unsupported channel number: {x.shape[2]}"))
    if scale:
        x = x - x.min()
        x = x * (255.0 / x.max() if x.max() else 1.0)
    pixels = np.clip(x, 0, 255).astype(np.uint8)
    return pillow().fromarray(pixels[..., 0] if x.shape[2] == 1 else pixels)


def save_img(path: str, x: Any, data_format: str | None = None, file_format: str | None = None,
             scale: bool = True, **kwargs: Any) -> None:
    """Writes an array as an image file.

    Args:
        path: the file.
        x: array of three axes.
        data_format: "channels_last" or "channels_first"; default the first.
        file_format: such as "png"; default as the name ends.
        scale: whether to spread its numbers over 0 to 255.
        kwargs: for Pillow's `save`.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import save_img
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_img(os.path.join(folder, "a.png"), np.zeros([2, 2, 1]))
        ...     os.listdir(folder)
        ['a.png']
    """
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and str(file_format or path).lower().endswith(("jpg", "jpeg")):
        image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


def _check(data_format: str | None) -> None:
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(located(f"Unknown data_format: {data_format}"))
