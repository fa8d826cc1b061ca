"""Tables from lists of words, with the argument names that contrib has."""

from __future__ import annotations

from typing import Any

from flowgraph.core.dtypes import string
from flowgraph.core.frames import located
from flowgraph.ops import lookup_vocabulary
from flowgraph.ops.lookup_vocabulary import FastHashSpec


def _check(mapping: Any) -> None:
    if mapping is None:
        raise ValueError(located("mapping must be specified."))


def index_table_from_tensor(mapping: Any, num_oov_buckets: int = 0, default_value: int = -1,
                            hasher_spec: Any = FastHashSpec, dtype: Any = string,
                            name: str | None = None) -> Any:
    """A table from words to their numbers in a list.

    Args:
        mapping: the words, a vector of strings or integers.
        num_oov_buckets: how many numbers there are for other words.
        default_value: the number of other words, when there are no buckets.
        hasher_spec: how other words are hashed.
        dtype: dtype of the words.
        name: name of the scope.

    Returns:
        A table; run `tf.tables_initializer()`, and call `lookup`.

    Raises:
        ValueError: there are no words.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import lookup
        >>> ids = lookup.index_table_from_tensor(["a", "b"]).lookup(fg.constant(["b", "z"]))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(ids)
        array([ 1, -1])
    """
    _check(mapping)
    return lookup_vocabulary.index_table_from_tensor(
        mapping, num_oov_buckets, default_value, hasher_spec, dtype, name)


def string_to_index_table_from_tensor(mapping: Any, num_oov_buckets: int = 0,
                                      default_value: int = -1, hasher_spec: Any = FastHashSpec,
                                      name: str | None = None) -> Any:
    """Old name of `index_table_from_tensor`, for strings.

    Args:
        mapping, num_oov_buckets, default_value, hasher_spec, name: as for
            `index_table_from_tensor`.

    Example:
        >>> from flowgraph.contrib import lookup
        >>> table = lookup.string_to_index_table_from_tensor(["a", "b"])
        >>> table.key_dtype
        tf.string
    """
    return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec,
                                   name=name)


def string_to_index(tensor: Any, mapping: Any, default_value: int = -1,
                    name: str | None = None) -> Any:
    """The numbers of words in a list.

    Args:
        tensor: the words to look up.
        mapping: the list, a vector of strings.
        default_value: the number of words that are not in it.
        name: name of the scope.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import lookup
        >>> lookup.string_to_index(fg.constant(["b", "z"]), ["a", "b"]).dtype
        tf.int64
    """
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)


def index_to_string_table_from_tensor(mapping: Any, default_value: Any = "UNK",
                                      name: str | None = None) -> Any:
    """A table from numbers to the words of a list.

    Args:
        mapping: the words, a vector of strings.
        default_value: the word for other numbers.
        name: name of the scope.

    Returns:
        A table; run `tf.tables_initializer()`, and call `lookup`.

    Raises:
        ValueError: there are no words.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import lookup
        >>> table = lookup.index_to_string_table_from_tensor(["a", "b"])
        >>> words = table.lookup(fg.constant([1, 7], fg.int64))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.tables_initializer())
        ...     sess.run(words)
        array([b'b', b'UNK'], dtype=object)
    """
    _check(mapping)
    return lookup_vocabulary.index_to_string_table_from_tensor(mapping, default_value, name)


def index_to_string(tensor: Any, mapping: Any, default_value: Any = "UNK",
                    name: str | None = None) -> Any:
    """The words of a list by their numbers.

    Args:
        tensor: int64 tensor of the numbers.
        mapping, default_value, name: as for `index_to_string_table_from_tensor`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import lookup
        >>> lookup.index_to_string(fg.constant([1], fg.int64), ["a", "b"]).dtype
        tf.string
    """
    return index_to_string_table_from_tensor(mapping, default_value, name).lookup(tensor)
