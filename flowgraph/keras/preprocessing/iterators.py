"""Batches of an ImageDataGenerator: from arrays, and from a folder of image files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.keras.preprocessing.pictures import array_to_img, img_to_array, load_img
from flowgraph.keras.utils import Sequence

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")


class Iterator(Sequence):
    """Batches without end, in an order drawn anew for each epoch; write `batch_of`.

    Args:
        n: how many images there are.
        batch_size: images in a batch.
        shuffle: whether each epoch has an order of its own.
        seed: of NumPy's global generator, which it sets before each batch.
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.index_array: Any = None

    def batch_of(self, rows: Any) -> Any:
        """The batch of the images with these numbers."""
        raise NotImplementedError

    def reset(self) -> None:
        """Starts an epoch anew."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch."""
        self._set_order()

    def _set_order(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if index >= len(self):
            raise IndexError(f"there are {len(self)} batches, asked for number {index}")
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_order()
        start = self.batch_size * index
        return self.batch_of(self.index_array[start:start + self.batch_size])

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        if self.batch_index == 0:
            self._set_order()
        start = self.batch_size * self.batch_index
        self.batch_index = 0 if start + self.batch_size >= self.n else self.batch_index + 1
        self.total_batches_seen += 1
        return self.batch_of(self.index_array[start:start + self.batch_size])

    next = __next__


class NumpyArrayIterator(Iterator):
    """Batches from arrays; `ImageDataGenerator.flow` explains the arguments."""

    def __init__(self, x: Any, y: Any, image_data_generator: Any, batch_size: int = 32,
                 shuffle: bool = False, sample_weight: Any = None, seed: int | None = None,
                 data_format: str | None = None, save_to_dir: str | None = None,
                 save_prefix: str = "", save_format: str = "png", subset: str | None = None,
                 dtype: Any = "float32") -> None:
        further = []
        if isinstance(x, (tuple, list)):
            further = [np.asarray(part) for part in (
                x[1] if isinstance(x[1], (tuple, list)) else x[1:])]
            x = x[0]
        x = np.asarray(x, dtype)
        for name, part in [("y", y), ("sample_weight", sample_weight),
                           *(("x[1]", part) for part in further)]:
            if part is not None and len(part) != len(x):
                raise ValueError(located(f"`x` has {len(x)} images, but {name} has the length "
                                         f"{len(part)}"))
        if x.ndim != 4:
            raise ValueError(located("Input data in `NumpyArrayIterator` should have rank 4. You "
                                     f"passed an array with shape {x.shape}",
                                     "Add an axis for the channels: x[..., None]."))
        part = slice(None)
        if subset is not None:
            part = _part_of(subset, len(x), image_data_generator._validation_split)
        self.x, self.x_misc = x[part], [array[part] for array in further]
        self.y = None if y is None else np.asarray(y)[part]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[part]
        self.image_data_generator, self.dtype = image_data_generator, dtype
        self.data_format = data_format
        self._saving = save_to_dir, save_prefix, save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def batch_of(self, rows: Any) -> Any:
        """The batch of the images with these numbers."""
        make = self.image_data_generator
        images = np.array([make.standardize(make.random_transform(self.x[row].astype(self.dtype)))
                           for row in rows], self.dtype)
        _save(images, rows, self.data_format, *self._saving)
        x = [images, *(array[rows] for array in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return x
        weights = () if self.sample_weight is None else (self.sample_weight[rows],)
        return (x, self.y[rows], *weights)


class DirectoryIterator(Iterator):
    """Batches from files; `ImageDataGenerator.flow_from_directory` explains the arguments."""

    def __init__(self, directory: str, image_data_generator: Any,
                 target_size: tuple[int, int] = (256, 256), color_mode: str = "rgb",
                 classes: Any = None, class_mode: str | None = "categorical", batch_size: int = 32,
                 shuffle: bool = True, seed: int | None = None, data_format: str | None = None,
                 save_to_dir: str | None = None, save_prefix: str = "", save_format: str = "png",
                 follow_links: bool = False, subset: str | None = None,
                 interpolation: str = "nearest", dtype: Any = "float32") -> None:
        if class_mode not in ("categorical", "binary", "sparse", "input", None):
            raise ValueError(located(f"Invalid class_mode: {class_mode}; expected one of "
                                     '"categorical", "binary", "sparse", "input", or None.'))
        self.directory, self.image_data_generator = directory, image_data_generator
        self.target_size, self.color_mode, self.dtype = tuple(target_size), color_mode, dtype
        self.class_mode, self.data_format = class_mode, data_format
        self.interpolation = interpolation
        self._saving = save_to_dir, save_prefix, save_format
        names = list(classes) if classes else sorted(
            name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name)))
        self.class_indices = {name: i for i, name in enumerate(names)}
        self.num_classes = len(names)
        self.filenames: list[str] = []
        labels: list[int] = []
        for name in names:
            found = [os.path.relpath(os.path.join(folder, file), directory)
                     for folder, _, files in sorted(os.walk(os.path.join(directory, name),
                                                            followlinks=follow_links))
                     for file in sorted(files) if file.lower().endswith(ENDINGS)]
            if subset is not None:
                found = found[_part_of(subset, len(found), image_data_generator._validation_split)]
            self.filenames += found
            labels += [self.class_indices[name]] * len(found)
        self.samples, self.classes = len(self.filenames), np.array(labels, np.int32)
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def batch_of(self, rows: Any) -> Any:
        """The batch of the images with these numbers."""
        make, images = self.image_data_generator, []
        for row in rows:
            picture = load_img(self.filepaths[row], color_mode=self.color_mode,
                               target_size=self.target_size,  # type: ignore[arg-type]
                               interpolation=self.interpolation)
            image = img_to_array(picture, self.data_format, self.dtype)
            images.append(make.standardize(make.random_transform(image)))
        x = np.array(images, self.dtype)
        _save(x, rows, self.data_format, *self._saving)
        if self.class_mode is None:
            return x
        labels = self.classes[rows]
        if self.class_mode == "input":
            return x, x.copy()
        if self.class_mode == "categorical":
            return x, np.eye(self.num_classes, dtype=self.dtype)[labels]
        return x, labels.astype(self.dtype)


def _part_of(subset: str, count: int, share: float) -> slice:
    """The part of the images: the first ones are for validation."""
    if subset not in ("training", "validation"):
        raise ValueError(located(f'Invalid subset name: {subset}; expected "training" or '
                                 '"validation".'))
    cut = int(count * share)
    return slice(cut) if subset == "validation" else slice(cut, None)


def _save(images: Any, rows: Any, data_format: str | None, folder: str | None, prefix: str,
          ending: str) -> None:
    if folder:
        for image, row in zip(images, rows, strict=True):
            name = f"{prefix}_{row}_{np.random.randint(10_000)}.{ending}"
            array_to_img(image, data_format).save(os.path.join(folder, name))
