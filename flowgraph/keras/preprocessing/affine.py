"""Turning, shifting, shearing and zooming of images: one affine map, read between pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located

FILLS = ("nearest", "constant", "reflect", "wrap")


def apply_affine_transform(x: Any, theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0,
                           zx: float = 1, zy: float = 1, row_axis: int = 0, col_axis: int = 1,
                           channel_axis: int = 2, fill_mode: str = "nearest", cval: float = 0.0,
                           order: int = 1) -> Any:
    """An image turned, shifted, sheared and zoomed about its middle.

    Args:
        x: array of three axes.
        theta: angle in degrees.
        tx: shift along the rows' axis, in pixels.
        ty: shift along the columns' axis, in pixels.
        shear: angle in degrees.
        zx: zoom along the rows' axis; above 1 makes things smaller.
        zy: zoom along the columns' axis.
        row_axis, col_axis, channel_axis: which axis is which.
        fill_mode: what stands outside the image: "nearest", "constant", "reflect" or "wrap".
        cval: the number for "constant".
        order: 1 reads between pixels, 0 takes the nearest one.

    Returns:
        An array of the same shape and dtype.

    Raises:
        ValueError: another fill_mode or order.

    Example:
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import apply_affine_transform
        >>> apply_affine_transform(np.arange(4.0).reshape(2, 2, 1), tx=1)[..., 0]
        array([[2., 3.],
               [2., 3.]])
    """
    if fill_mode not in FILLS or order not in (0, 1):
        raise ValueError(located(f"fill_mode must be one of {', '.join(FILLS)} and order 0 or 1, "
                                 f"got {fill_mode!r} and {order}"))
    if theta == 0 and tx == 0 and ty == 0 and shear == 0 and zx == 1 and zy == 1:
        return x
    turn, slant = np.deg2rad(theta), np.deg2rad(shear)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation @ np.array([[1, -np.sin(slant)], [0, np.cos(slant)]]) @ np.diag([zx, zy])
    image = np.moveaxis(x, (row_axis, col_axis, channel_axis), (0, 1, 2))
    middle = np.array(image.shape[:2]) / 2.0 - 0.5
    offset = middle + rotation @ np.array([tx, ty], float) - matrix @ middle
    places = np.tensordot(matrix, np.indices(image.shape[:2]), 1) + offset[:, None, None]
    moved = _read(image, places, fill_mode, cval, order)
    return np.moveaxis(moved, (0, 1, 2), (row_axis, col_axis, channel_axis))


def _read(image: Any, places: Any, fill_mode: str, cval: float, order: int) -> Any:
    """The image at places [2, rows, columns] that lie between its pixels."""
    size = np.array(image.shape[:2]).reshape(2, 1, 1)
    outside = ((places < 0) | (places > size - 1)).any(0)
    places = _brought_in(places, size, fill_mode)
    low = np.floor(places + (0.5 if order == 0 else 0.0))
    part = places - low
    result = np.zeros(places.shape[1:] + image.shape[2:], np.float64)
    corners = [(0, 0)] if order == 0 else [(0, 0), (0, 1), (1, 0), (1, 1)]
    for down, right in corners:
        rows, columns = np.clip(low.astype(np.int64) + [[[down]], [[right]]], 0, size - 1)
        weight = np.ones(places.shape[1:]) if order == 0 else (
            (part[0] if down else 1 - part[0]) * (part[1] if right else 1 - part[1]))
        result += weight[..., None] * image[rows, columns]
    if fill_mode == "constant":
        result[outside] = cval
    return result.astype(image.dtype)


def _brought_in(places: Any, size: Any, fill_mode: str) -> Any:
    """Places outside the image as those inside it that stand for them."""
    if fill_mode == "wrap":  # as in SciPy the last pixel is the first one of the next round
        period = np.maximum(size - 1, 1)
        return np.where((places < 0) | (places > size - 1), places % period, places)
    if fill_mode == "reflect":  # d c b a | a b c d | d c b a, the edges halfway between two a
        around = (places + 0.5) % (2 * size)
        places = np.minimum(around, 2 * size - around) - 0.5
    return np.clip(places, 0, size - 1)
