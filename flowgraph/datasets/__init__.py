"""Data sets that programs load: small real ones that come with flowgraph, the full ones from files.

    places      where files are looked for, and the notice when a built-in subset stands in
    unpickling  npz files and pickles of old data sets, read without running code of theirs
    mnist       MNIST and Fashion-MNIST: the four IDX files, keras's npz, or the built-in images
    batches     DataSet and read_data_sets of TensorFlow's tutorials
    cifar       CIFAR-10 and CIFAR-100 from their folders or archives
    texts       IMDB and Reuters from keras's files
    tables      iris and the houses of Boston, which come with flowgraph; CSV files
    make_tables makes the tables' files from a public package

A file is looked for in the folder that the program names, then in the folder of the environment
variable FLOWGRAPH_DATA, then where keras keeps data, ~/.keras/datasets. Nothing is downloaded.
"""

from flowgraph.core.lazy import lazy as _lazy

_HERE = "flowgraph.datasets."
_LAZY = {
    "Dataset": _HERE + "tables:Dataset",
    "Datasets": _HERE + "batches:Datasets",
    "DataSet": _HERE + "batches:DataSet",
    "load_boston": _HERE + "tables:load_boston",
    "load_cifar10": _HERE + "cifar:load_cifar10",
    "load_cifar100": _HERE + "cifar:load_cifar100",
    "load_csv_with_header": _HERE + "tables:load_csv_with_header",
    "load_csv_without_header": _HERE + "tables:load_csv_without_header",
    "load_imdb": _HERE + "texts:load_imdb",
    "load_iris": _HERE + "tables:load_iris",
    "load_mnist_arrays": _HERE + "mnist:load_mnist_arrays",
    "load_reuters": _HERE + "texts:load_reuters",
    "read_data_sets": _HERE + "batches:read_data_sets",
    **{name: _HERE + name for name in (
        "batches", "cifar", "mnist", "places", "tables", "texts", "unpickling")},
}
__getattr__ = _lazy("flowgraph.datasets", globals(), _LAZY)
