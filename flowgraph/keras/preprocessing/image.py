"""`tf.keras.preprocessing.image`: files to arrays, and images changed at random while training."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.keras.preprocessing.affine import apply_affine_transform
from flowgraph.keras.preprocessing.iterators import DirectoryIterator, Iterator, NumpyArrayIterator
from flowgraph.keras.preprocessing.pictures import array_to_img, img_to_array, load_img, save_img

__all__ = ["DirectoryIterator", "ImageDataGenerator", "Iterator", "NumpyArrayIterator",
           "apply_affine_transform", "apply_brightness_shift", "apply_channel_shift",
           "array_to_img", "flip_axis", "img_to_array", "load_img", "save_img"]


class ImageDataGenerator:
    """Batches of images, changed at random and scaled, for `fit_generator`.

    All is drawn with NumPy's global generator, in keras's order.

    Args:
        featurewise_center: whether to subtract the mean that `fit` finds.
        samplewise_center: whether to subtract each image's own mean.
        featurewise_std_normalization: whether to divide by the deviation that `fit` finds.
        samplewise_std_normalization: whether to divide by each image's own deviation.
        zca_whitening: whether to make pixels uncorrelated with what `fit` finds.
        zca_epsilon: added to the eigenvalues then.
        rotation_range: largest angle, in degrees.
        width_shift_range: largest shift: a share below 1, or pixels as a float; an int chooses
                whole pixels below it, a list one of its own.
        height_shift_range: largest shift, as for the width.
        brightness_range: (darkest, brightest) factor.
        shear_range: largest angle of shearing, in degrees.
        zoom_range: [lower, upper], or a number z for [1 - z, 1 + z].
        channel_shift_range: largest number added to a channel.
        fill_mode: what stands outside the image: "nearest", "constant", "reflect" or "wrap".
        cval: the number for "constant".
        horizontal_flip: whether to mirror half of the images, left to right.
        vertical_flip: whether to turn half of the images upside down.
        rescale: factor for all numbers, such as 1/255.
        preprocessing_function: applied to each image before it is scaled.
        data_format: "channels_last" or "channels_first"; default the first.
        validation_split: share of the images that `subset="validation"` gives.
        dtype: dtype of the images; default float32.

    Raises:
        ValueError: an option has another form.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> make = fg.keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
        >>> batches = make.flow(np.full([5, 8, 8, 3], 51), np.arange(5), batch_size=2,
        ...                     shuffle=False)
        >>> x, y = next(batches)
        >>> len(batches), x.shape, round(float(x.max()), 3), y
        (3, (2, 8, 8, 3), 0.2, array([0, 1]))
    """

    def __init__(self, featurewise_center: bool = False, samplewise_center: bool = False,
                 featurewise_std_normalization: bool = False,
                 samplewise_std_normalization: bool = False, zca_whitening: bool = False,
                 zca_epsilon: float = 1e-6, rotation_range: float = 0, width_shift_range: Any = 0.0,
                 height_shift_range: Any = 0.0, brightness_range: Any = None,
                 shear_range: float = 0.0, zoom_range: Any = 0.0, channel_shift_range: float = 0.0,
                 fill_mode: str = "nearest", cval: float = 0.0, horizontal_flip: bool = False,
                 vertical_flip: bool = False, rescale: float | None = None,
                 preprocessing_function: Any = None, data_format: str | None = None,
                 validation_split: float = 0.0, dtype: Any = None) -> None:
        self.data_format = data_format or "channels_last"
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(located('`data_format` should be "channels_last" or "channels_first", '
                                     f"got {data_format!r}"))
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(located("`validation_split` must be strictly between 0 and 1. Received"
                                     f" {validation_split}"))
        if np.ndim(zoom_range) == 0:
            zoom_range = [1 - zoom_range, 1 + zoom_range]
        if len(zoom_range) != 2:
            raise ValueError(located("`zoom_range` should be a float or a pair of floats, got "
                                     f"{zoom_range}"))
        if brightness_range is not None and len(brightness_range) != 2:
            raise ValueError(located("`brightness_range` should be a pair of floats, got "
                                     f"{brightness_range}"))
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        self.featurewise_center = (featurewise_center or featurewise_std_normalization
                                   or zca_whitening)
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range, self.zoom_range = brightness_range, list(zoom_range)
        self.channel_shift_range, self.fill_mode, self.cval = channel_shift_range, fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self._validation_split, self.dtype = validation_split, dtype or "float32"
        self.mean: Any = None
        self.std: Any = None
        self.principal_components: Any = None

    # ---- batches ---------------------------------------------------------------------------------

    def flow(self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True,
             sample_weight: Any = None, seed: int | None = None, save_to_dir: str | None = None,
             save_prefix: str = "", save_format: str = "png", subset: str | None = None
             ) -> NumpyArrayIterator:
        """Batches from arrays, without end.

        Args:
            x: array of images, of four axes; or a pair of it and further arrays.
            y: labels.
            batch_size: images in a batch.
            shuffle: whether each epoch has an order of its own.
            sample_weight: one weight for each image.
            seed: of the order and the changes.
            save_to_dir: folder to write the changed images to.
            save_prefix: of their names.
            save_format: "png" or "jpeg".
            subset: "training" or "validation", with `validation_split`.

        Returns:
            An iterator of x, (x, y) or (x, y, weights), with a length.
        """
        return NumpyArrayIterator(x, y, self, batch_size, shuffle, sample_weight, seed,
                                  self.data_format, save_to_dir, save_prefix, save_format, subset,
                                  self.dtype)

    def flow_from_directory(self, directory: str, target_size: tuple[int, int] = (256, 256),
                            color_mode: str = "rgb", classes: Any = None,
                            class_mode: str | None = "categorical", batch_size: int = 32,
                            shuffle: bool = True, seed: int | None = None,
                            save_to_dir: str | None = None, save_prefix: str = "",
                            save_format: str = "png", follow_links: bool = False,
                            subset: str | None = None, interpolation: str = "nearest"
                            ) -> DirectoryIterator:
        """Batches from image files, one folder for each class, without end. Needs Pillow.

        Args:
            directory: the folder of the folders.
            target_size: (height, width) of the images.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: names of the folders, in the order of the labels; default sorted by name.
            class_mode: "categorical": labels as rows with a 1; "binary", "sparse": as numbers;
                "input": the images; None: none.
            batch_size: images in a batch.
            shuffle: whether each epoch has an order of its own.
            seed: of the order and the changes.
            save_to_dir: folder to write the changed images to.
            save_prefix: of their names.
            save_format: "png" or "jpeg".
            follow_links: whether to look into linked folders.
            subset: "training" or "validation", with `validation_split`.
            interpolation: "nearest", "bilinear" or "bicubic", for images of another size.

        Returns:
            An iterator of x or (x, y), with a length and `class_indices`.
        """
        return DirectoryIterator(directory, self, target_size, color_mode, classes, class_mode,
                                 batch_size, shuffle, seed, self.data_format, save_to_dir,
                                 save_prefix, save_format, follow_links, subset, interpolation,
                                 self.dtype)

    # ---- scaling ---------------------------------------------------------------------------------

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Finds means, deviations and correlations in images.

        Args:
            x: array of images, of four axes.
            augment: whether to look at changed images.
            rounds: how many changed ones for each.
            seed: of the changes.

        Raises:
            ValueError: other than four axes.
        """
        x = np.asarray(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(located(f"Input to `.fit()` should have rank 4. Got shape: {x.shape}"))
        if seed is not None:
            np.random.seed(seed)
        x = np.copy(x)
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        axes = (0, self.row_axis, self.col_axis)
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = x.mean(axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axes).reshape(shape)
            x /= self.std + 1e-6
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            vectors, values, _ = np.linalg.svd(flat.T @ flat / len(flat))
            self.principal_components = (vectors / np.sqrt(values + self.zca_epsilon)) @ vectors.T

    def standardize(self, x: Any) -> Any:
        """One image, scaled.

        Args:
            x: float array of three axes.

        Returns:
            The scaled image.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        if self.featurewise_center:
            x = x - self._found(self.mean)
        if self.featurewise_std_normalization:
            x = x / (self._found(self.std) + 1e-6)
        if self.zca_whitening:
            x = (x.reshape(1, -1) @ self._found(self.principal_components)).reshape(x.shape)
        return x

    def _found(self, value: Any) -> Any:
        if value is None:
            raise ValueError(located("this ImageDataGenerator scales by what `fit` finds",
                                     "Call `.fit(images)` first."))
        return value

    # ---- changing --------------------------------------------------------------------------------

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> dict[str, Any]:
        """Draws what is done to one image.

        Args:
            img_shape: shape of the image.
            seed: of NumPy's global generator.

        Returns:
            A dict for `apply_transform`.
        """
        if seed is not None:
            np.random.seed(seed)
        draw = np.random.uniform
        theta = draw(-self.rotation_range, self.rotation_range) if self.rotation_range else 0
        tx = _shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = _shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = draw(-self.shear_range, self.shear_range) if self.shear_range else 0
        low, high = self.zoom_range
        zx, zy = (1, 1) if low == high == 1 else draw(low, high, 2)
        across = (np.random.random() < 0.5) * self.horizontal_flip
        down = (np.random.random() < 0.5) * self.vertical_flip
        channel = (draw(-self.channel_shift_range, self.channel_shift_range)
                   if self.channel_shift_range else None)
        bright = draw(*self.brightness_range) if self.brightness_range is not None else None
        return {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy,
                "flip_horizontal": across, "flip_vertical": down,
                "channel_shift_intensity": channel, "brightness": bright}

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> Any:
        """One image, changed as a dict says.

        Args:
            x: array of three axes.
            transform_parameters: as `get_random_transform` makes them; what is left out is not
                done.

        Returns:
            The changed image.
        """
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        get: Any = transform_parameters.get
        x = apply_affine_transform(x, get("theta", 0), get("tx", 0), get("ty", 0), get("shear", 0),
                                   get("zx", 1), get("zy", 1), row, column, channel,
                                   self.fill_mode, self.cval)
        if get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, get("channel_shift_intensity"), channel)
        if get("flip_horizontal"):
            x = flip_axis(x, column)
        if get("flip_vertical"):
            x = flip_axis(x, row)
        if get("brightness") is not None:
            x = apply_brightness_shift(x, get("brightness"), scale=False)
        return x

    def random_transform(self, x: Any, seed: int | None = None) -> Any:
        """One image, changed at random.

        Args:
            x: array of three axes.
            seed: of NumPy's global generator.

        Returns:
            The changed image.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))


def _shift(span: Any, size: int) -> Any:
    """A shift in pixels: one of a list's numbers, one below an int, or up to a float's share."""
    if np.ndim(span) or (isinstance(span, (int, np.integer)) and span):
        step = np.random.choice(span) * np.random.choice([-1, 1])
        return step * size if np.max(span) < 1 else step
    if not span:
        return 0
    step = np.random.uniform(-span, span)
    return step * size if span < 1 else step


def flip_axis(x: Any, axis: int) -> Any:
    """An image mirrored along one axis.

    Args:
        x: array.
        axis: the axis.

    Example:
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import flip_axis
        >>> flip_axis(np.array([1, 2, 3]), 0)
        array([3, 2, 1])
    """
    return np.flip(np.asarray(x), axis)


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> Any:
    """An image with a number added, kept between its least and its largest number.

    Args:
        x: array.
        intensity: what to add.
        channel_axis: without effect: all channels get the same.

    Example:
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import apply_channel_shift
        >>> apply_channel_shift(np.array([1.0, 2.0, 5.0]), 2)
        array([3., 4., 5.])
    """
    return np.clip(x + intensity, np.min(x), np.max(x))


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> Any:
    """An image made brighter or darker.

    Args:
        x: array of three axes, the channels last.
        brightness: factor; 1 for no change.
        scale: whether to spread its numbers over 0 to 255 first; numbers outside of these are
            spread for the change in any case.

    Returns:
        An array of the same shape, of whole numbers.

    Example:
        >>> import numpy as np
        >>> from flowgraph.keras.preprocessing.image import apply_brightness_shift
        >>> apply_brightness_shift(np.array([0.0, 100.0, 255.0]).reshape(1, 3, 1), 0.5).ravel()
        array([  0.,  50., 127.])
    """
    x = np.asarray(x)
    low, high = x.min(), x.max()
    outside = low < 0 or high > 255
    spread = x
    if scale or outside:
        spread = x - low
        spread = spread / (spread.max() or 1) * 255
    changed = np.clip(np.floor(np.floor(spread) * brightness), 0, 255)
    if outside and not scale:
        changed = changed / 255 * (high - low) + low
    return changed.astype(x.dtype)


__getattr__ = _lazy("tf.keras.preprocessing.image", globals())
