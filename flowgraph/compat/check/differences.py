"""What flowgraph offers and does otherwise than TensorFlow 1.15, knowingly.

One row per difference. `flowgraph check` tells them where a program uses the name, and
`docs/migrating.md` has them as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

from flowgraph.compat.check.signatures import position_of
from flowgraph.compat.check.uses import Call


class Difference(NamedTuple):
    """Something that is offered and differs.

    Attributes:
        patterns: of full names, as `tf.data.*`, separated by spaces; "" for what no name tells.
        what: what differs, a sentence.
        docs: the section of the docs about it, as "training#checkpoints".
        parameter: the parameter without which nothing differs; "" if it always does.
    """

    patterns: str
    what: str
    docs: str = "migrating#what-differs"
    parameter: str = ""


DIFFERENCES: tuple[Difference, ...] = (
    # -- what a run does
    Difference(
        "tf.assign tf.assign_add tf.assign_sub tf.Variable.assign tf.Variable.assign_add "
        "tf.Variable.assign_sub tf.scatter_update tf.scatter_add tf.scatter_sub tf.scatter_mul "
        "tf.scatter_div tf.Variable.scatter_sub",
        "A run that fetches the variable beside what changes it gives the value from before the "
        "run, always; fetch what the assignment returns for the new one."),
    Difference(
        "", "A run that raises leaves every variable as it was; TensorFlow keeps what was changed "
        "up to there."),
    Difference(
        "tf.set_random_seed tf.random.set_random_seed",
        "Ops with a seed of their own draw TensorFlow's numbers; ops without one draw others, the "
        "same in each run of the program."),
    Difference(
        "", "parallel_iterations=, swap_memory=, use_locking=, inter_op_parallelism_threads and "
        "the like are accepted and change no result: the order of a run is fixed, and flowgraph "
        "takes the cores that are free (which shows in the last bits of large products only)."),
    Difference(
        "", "Errors have TensorFlow's classes, and words of their own.", "errors#errors"),
    Difference(
        "tf.nn.conv2d_transpose",
        "The batch size of the result is known only if that of the input is, as in TensorFlow 2; "
        "where output_shape has one, write tf.reshape(y, output_shape), not y.get_shape()."),
    # -- machines
    Difference(
        "", "Under flowgraph run a device that is not on this machine, as /gpu:0 or a task of a "
        "cluster, is no error: one line tells of it, and another device takes its place. In a "
        "Session of your own it needs allow_soft_placement, as in TensorFlow.", "gpu#devices"),
    Difference(
        "tf.train.MonitoredTrainingSession tf.train.MonitoredSession "
        "tf.train.ChiefSessionCreator tf.train.WorkerSessionCreator tf.train.Supervisor "
        "tf.train.SessionManager tf.contrib.slim.learning.train tf.contrib.slim.evaluation.* "
        "tf.contrib.training.* tf.contrib.learn.RunConfig",
        "master= is accepted and not looked at: there is one process.", parameter="master"),
    Difference(
        "", "Files are those of this machine: gs://, s3:// and hdfs:// raise an error."),
    Difference(
        "tf.train.Server tf.train.ClusterSpec tf.train.replica_device_setter",
        "All tasks of a cluster are in this process: a Server listens to nobody, and of a program "
        "that is started once for each task, each process is alone."),
    Difference(
        "tf.function",
        "A call builds the function's ops where it stands; if, while and for are Python's: of a "
        "tensor write tf.cond and tf.while_loop."),
    Difference(
        "tensorflow.python.debug.*Session tensorflow.python.debug.*Hook",
        "The import is there; making one raises: flowgraph step prints a run.",
        "migrating#what-is-missing"),
    # -- data
    Difference(
        "tf.examples.tutorials.mnist.input_data.read_data_sets "
        "tf.keras.datasets.mnist.load_data tf.keras.datasets.fashion_mnist.load_data "
        "tf.contrib.learn.datasets.mnist.*",
        "Nothing is downloaded: the files are read from the folder if they are there, else 5,000 "
        "images that come with flowgraph stand in, and one line says so.",
        "migrating#data-sets"),
    Difference(
        "tf.keras.datasets.cifar10.load_data tf.keras.datasets.cifar100.load_data "
        "tf.keras.datasets.imdb.load_data tf.keras.datasets.imdb.get_word_index "
        "tf.keras.datasets.reuters.load_data tf.keras.datasets.reuters.get_word_index "
        "tf.keras.utils.get_file tf.contrib.learn.datasets.base.maybe_download*",
        "Nothing is downloaded: the file must be there; the error says where.",
        "migrating#data-sets"),
    Difference(
        "tf.data.Options tf.data.Dataset.with_options",
        "Options of speed are accepted and change nothing: the order of elements is kept always."),
    Difference(
        "tf.contrib.layers.sparse_column_with_* tf.contrib.layers.crossed_column",
        "combiner= is accepted; several categories of one example are added up.",
        parameter="combiner"),
    Difference(
        "tf.contrib.layers.crossed_column",
        "Columns with hashes are crossed by their values, others by their ids, and without "
        "hash_key= by the hash of tf.feature_column.crossed_column: the buckets are others than "
        "tf.contrib.layers' own."),
    Difference(
        "tf.contrib.layers.input_from_feature_columns",
        "Columns of one kind stand in the order of their names, whatever their arguments; those "
        "of tf.feature_column are taken, too."),
    Difference(
        "tf.contrib.learn.Linear* tf.contrib.learn.DNNLinear*",
        "Columns of tf.feature_column get the variables' names of tf.contrib.layers' columns, "
        "linear/<column>/weight."),
    # -- checkpoints
    Difference(
        "tf.contrib.lookup.Mutable* tf.lookup.experimental.DenseHashTable",
        "What is in the table is not put into checkpoints."),
    Difference(
        "tf.train.Saver", "sharded=True writes one data file all the same.",
        "training#checkpoints", "sharded"),
)


def difference_for(name: str, call: Call | None = None, function: Any = None,
                   drops_first: bool = False) -> Difference | None:
    """The difference that a use of a name meets; None where there is none.

    Args:
        name: as `tf.set_random_seed`.
        call: the arguments, where it is called.
        function: what is called; None if only parameters by name are to be looked at.
        drops_first: whether its first parameter is the object.
    """
    for difference in _rows(name):
        parameter = difference.parameter
        if not parameter or (call and _is_given(parameter, call, function, drops_first)):
            return difference
    return None


def _is_given(parameter: str, call: Call, function: Any, drops_first: bool) -> bool:
    """Whether a call gives a parameter a value, by name or by position."""
    if parameter in call.keywords:
        return parameter not in call.blank
    index = position_of(parameter, function, drops_first)
    if index is None or call.positional <= index:
        return False
    if "*" in call.kinds[:index] if call.kinds else call.has_star:
        return False  # nobody can tell which argument it is
    return call.kinds[index:index + 1] not in (("None",), ("blank",))


@cache
def _rows(name: str) -> tuple[Difference, ...]:
    return tuple(_matching(name))


def _matching(name: str) -> Iterator[Difference]:
    for difference in DIFFERENCES:
        if any(fnmatchcase(name, pattern) for pattern in difference.patterns.split()):
            yield difference
