"""`tf.train.warm_start`: variables that start from those of an earlier model, in a checkpoint.

A variable of the same shape starts from the saved value. An embedding whose vocabulary has changed
takes the rows of the words that were there before, each to its new place; the others start anew.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.constant import constant
from flowgraph.ops.constant import range as range_tensor
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.join import concat, stack
from flowgraph.ops.partitioned_variable import PartitionInfo
from flowgraph.ops.state import assign
from flowgraph.ops.variable import Variable
from flowgraph.train.checkpoint_init import init_from_checkpoint
from flowgraph.train.checkpoint_objects import keys_of_objects
from flowgraph.train.checkpoint_reader import checkpoint_in
from flowgraph.train.saver_variables import variables_by_name
from flowgraph.train.vocab_remap import GenerateVocabRemapping, LoadAndRemapMatrix


class VocabInfo(namedtuple("VocabInfo", (
        "new_vocab", "new_vocab_size", "num_oov_buckets", "old_vocab", "old_vocab_size",
        "backup_initializer", "axis"))):
    """How the vocabulary of an embedding has changed, for `tf.train.warm_start`.

    Args:
        new_vocab: name of the text file with the new vocabulary, one word a line.
        new_vocab_size: how many of its words are used.
        num_oov_buckets: how many more rows there are, for words outside the vocabulary; they start
            anew.
        old_vocab: name of the file with the vocabulary of the checkpoint.
        old_vocab_size: how many of its words were used; -1 for all.
        backup_initializer: initializer of what is new; default zeros.
        axis: 0 if words are rows, 1 if they are columns.

    Raises:
        ValueError: `axis` is something else.

    Example:
        >>> import flowgraph as fg
        >>> fg.train.VocabInfo("new.txt", 100, 1, "old.txt").old_vocab_size
        -1
    """

    def __new__(cls, new_vocab: str, new_vocab_size: int, num_oov_buckets: int, old_vocab: str,
                old_vocab_size: int = -1, backup_initializer: Any = None,
                axis: int = 0) -> VocabInfo:
        if axis not in (0, 1):
            raise ValueError(located("The only supported values for the axis argument are 0 and 1."
                                     f"  Provided axis: {axis}"))
        return super().__new__(cls, new_vocab, new_vocab_size, num_oov_buckets, old_vocab,
                               old_vocab_size, backup_initializer, axis)


def warm_start(ckpt_to_initialize_from: Any, vars_to_warm_start: Any = ".*",
               var_name_to_vocab_info: dict[str, VocabInfo] | None = None,
               var_name_to_prev_var_name: dict[str, str] | None = None) -> None:
    """Lets the initializers of variables read their values from an earlier model's checkpoint.

    The values are read when the initializers run, as `tf.global_variables_initializer()`, which
    must be built after this call.

    Args:
        ckpt_to_initialize_from: folder, or name of a checkpoint.
        vars_to_warm_start: which variables: a regular expression for names of trainable ones; a
            list of such for names of global ones; a list of variables; None for only those of
            `var_name_to_vocab_info`.
        var_name_to_vocab_info: dict from names of variables to a VocabInfo, where the vocabulary
            has changed.
        var_name_to_prev_var_name: dict from names of variables to their names in the checkpoint,
            where these differ.

    Raises:
        ValueError: a name that is given is not that of a variable, or there is no such checkpoint,
            or a variable is not in it or has another shape there.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     old = fg.get_variable("dense/w", initializer=[1.0, 2.0])
        ...     sess.run(old.initializer)
        ...     path = fg.train.Saver().save(sess, tempfile.mkdtemp() + "/model")
        >>> w = fg.get_variable("dense/w", [2])
        >>> fg.train.warm_start(path, vars_to_warm_start="dense")
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(w)
        array([1., 2.], dtype=float32)
    """
    logger().info("Warm-starting from: %s", ckpt_to_initialize_from)
    variables = _chosen(vars_to_warm_start)
    vocabularies = var_name_to_vocab_info or {}
    renamed = var_name_to_prev_var_name or _names_of_objects(ckpt_to_initialize_from, variables)
    plain: dict[str, Any] = {}
    for name, parts in variables.items():
        saved = renamed.get(name) or name
        if name in vocabularies:
            _start_with_vocabulary(parts, vocabularies[name], checkpoint_in(ckpt_to_initialize_from)
                                   or ckpt_to_initialize_from, saved)
        elif vars_to_warm_start:
            plain[saved] = parts if len(parts) > 1 else parts[0]
    init_from_checkpoint(ckpt_to_initialize_from, plain)
    logger().info("Warm-started %d variables.",
                  len(plain) + sum(name in vocabularies for name in variables))
    if var_name_to_prev_var_name:
        _refuse_unknown("var_name_to_prev_var_name", var_name_to_prev_var_name, variables)
    _refuse_unknown("var_name_to_vocab_info", vocabularies, variables)


def _refuse_unknown(argument: str, given: dict[str, Any], variables: dict[str, Any]) -> None:
    unknown = sorted(given.keys() - variables.keys())
    if unknown:
        raise ValueError(located(f"{argument} names variables that are not warm-started: "
                                 f"{', '.join(unknown)}. The variables are "
                                 f"{', '.join(sorted(variables)) or 'none'}."))


def _chosen(asked: Any) -> dict[str, list[Variable]]:
    """The variables asked for, by name; the parts of a partitioned one together."""
    graph = get_default_graph()
    if asked is None or isinstance(asked, str):
        logger().info("Warm-starting variables only in TRAINABLE_VARIABLES.")
        found = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES, asked)
    elif not isinstance(asked, list):
        raise ValueError(located("`vars_to_warm_start` must be a `list` or `str`.  Given type is "
                                 f"{type(asked)}"))
    elif all(isinstance(item, str) for item in asked):
        found = [variable for pattern in asked
                 for variable in graph.get_collection(GraphKeys.GLOBAL_VARIABLES, pattern)]
    elif all(isinstance(item, Variable) for item in asked):
        found = asked
    else:
        raise ValueError(located("If `vars_to_warm_start` is a list, it must be all `Variable` or "
                                 f"all `str`.  Given types are {[type(item) for item in asked]}"))
    grouped: dict[str, list[Variable]] = {}
    for variable in found:
        (name, _), = variables_by_name([variable]).items()
        grouped.setdefault(name, []).append(variable)
    return grouped


def _names_of_objects(checkpoint: Any, variables: dict[str, Any]) -> dict[str, str]:
    """Keys by names of variables in what `tf.train.Checkpoint` saved; {} for other checkpoints."""
    keys = keys_of_objects(checkpoint_in(checkpoint) or str(checkpoint))
    missing = sorted(variables.keys() - keys.keys())
    if keys and missing:
        raise ValueError(located("the checkpoint was saved by tf.train.Checkpoint, and holds no "
                                 f"values for {', '.join(missing)}"))
    return {name: keys[name] for name in variables} if keys else {}


# ---- embeddings whose vocabulary has changed -----------------------------------------------------


def _start_with_vocabulary(parts: list[Variable], info: VocabInfo, checkpoint: Any,
                           saved: str) -> None:
    if not (info.new_vocab and info.new_vocab_size and info.old_vocab):
        raise ValueError(located("a VocabInfo needs new_vocab, new_vocab_size and old_vocab: "
                                 f"{info}"))
    for part in parts:
        sizes: Any = part.get_shape().as_list()
        if len(sizes) != 2:
            raise ValueError(located(f"the variable {part.name} has shape {sizes}; only a matrix "
                                     "can follow a vocabulary"))
        place = part._get_save_slice_info()
        offset = 0 if place is None else PartitionInfo(
            place.full_shape, place.var_offset).single_offset(sizes)
        value = (_rows(sizes, offset, info, checkpoint, saved) if info.axis == 0
                 else _columns(sizes, offset, info, checkpoint, saved))
        with get_default_graph().name_scope(None):
            part._initializer = assign(part, value).op
        part._initial_value = value


def _initializer(info: VocabInfo) -> Callable[..., Any]:
    made = info.backup_initializer or Zeros()
    if not callable(made):
        raise TypeError(located(f"initializer must be callable, instead of being {made!r:.100}"))
    return made


def _rows(sizes: list[int], offset: int, info: VocabInfo, checkpoint: Any, saved: str) -> Tensor:
    """The initial value of a part from row `offset` on, where words are rows."""
    count, columns = sizes
    initializer = _initializer(info)
    if offset + count > info.new_vocab_size + info.num_oov_buckets:
        raise ValueError(located(
            f"a matrix of {offset + count} rows is asked for, but new_vocab_size and "
            f"num_oov_buckets make {info.new_vocab_size + info.num_oov_buckets}"))
    outside = min(count, max(0, offset + count - info.new_vocab_size))
    if outside == count:
        return convert_to_tensor(initializer([count, columns]))
    known = count - outside
    remapping, present = GenerateVocabRemapping.build(
        info.new_vocab, info.old_vocab, new_vocab_offset=offset, num_new_vocab=known,
        old_vocab_size=info.old_vocab_size)
    value = _load(checkpoint, saved, remapping, constant([], dt.int64),
                  known * columns - present * columns, known, columns, initializer)
    return _with_more(value, outside, columns, initializer)


def _columns(sizes: list[int], offset: int, info: VocabInfo, checkpoint: Any,
             saved: str) -> Tensor:
    """The initial value of a part from row `offset` on, where words are columns."""
    count, columns = sizes
    initializer = _initializer(info)
    known = info.new_vocab_size
    if columns != known + info.num_oov_buckets:
        raise ValueError(located(
            f"new_vocab_size ({known}) and num_oov_buckets ({info.num_oov_buckets}) make "
            f"{known + info.num_oov_buckets} columns, but the variable has {columns}"))
    remapping, present = GenerateVocabRemapping.build(
        info.new_vocab, info.old_vocab, new_vocab_offset=0, num_new_vocab=known,
        old_vocab_size=info.old_vocab_size)
    same_rows = range_tensor(offset, offset + count, dtype=dt.int64)
    value = _load(checkpoint, saved, same_rows, remapping, count * known - count * present, count,
                  known, initializer)
    if not info.num_oov_buckets:
        return value
    more = convert_to_tensor(initializer([count, info.num_oov_buckets]))
    return concat([value, more], 1)


def _load(checkpoint: Any, saved: str, row_remapping: Any, col_remapping: Any, missing: Any,
          num_rows: int, num_cols: int, initializer: Callable[..., Any]) -> Tensor:
    new = initializer(stack([missing, 1]))
    return LoadAndRemapMatrix.build(checkpoint, saved, row_remapping, col_remapping, new,
                                    num_rows=num_rows, num_cols=num_cols)


def _with_more(value: Tensor, count: int, columns: int, initializer: Callable[..., Any]) -> Tensor:
    if not count:
        return value
    return concat([value, convert_to_tensor(initializer([count, columns]))], 0)
