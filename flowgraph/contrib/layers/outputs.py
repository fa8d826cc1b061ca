"""What the layers of `tf.contrib.layers` share: collections of outputs and variables, sizes, names.

TensorFlow's own place for these is `tensorflow.contrib.layers.python.layers.utils`; programs import
`convert_collection_to_dict` and `collect_named_outputs` from there.
"""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any

from flowgraph.contrib.framework.variables import model_variable
from flowgraph.core.frames import located
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.smart_cond import smart_cond as smart_cond
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.static import get_static_value
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization


class NamedOutputs(namedtuple("NamedOutputs", ["name", "outputs"])):
    """A tensor with the name of the layer that computed it.

    Args:
        name: the name.
        outputs: the tensor.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.utils.NamedOutputs("conv1", "a tensor").name
        'conv1'
    """


# ---- outputs, under the names of their scopes ----------------------------------------------------


def collect_named_outputs(collections: Any, alias: str, outputs: Any) -> Any:
    """Puts a tensor in collections, and notes the name of its layer's scope on it.

    Args:
        collections: a collection's name or a list of names; None or [] for none.
        alias: the name to note.
        outputs: the tensor.

    Returns:
        The tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> x = slim.utils.collect_named_outputs("ends", "net/x/", fg.zeros([2]))
        >>> slim.utils.convert_collection_to_dict("ends")["net/x"] is x
        True
    """
    if collections:
        append_tensor_alias(outputs, alias)
        get_default_graph().add_to_collections(collections, outputs)
    return outputs


def append_tensor_alias(tensor: Any, alias: str) -> Any:
    """Notes one more name on a tensor, and returns the tensor.

    Args:
        tensor: the tensor.
        alias: the name; a slash at its end is left out.

    Returns:
        The tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.utils.get_tensor_aliases(slim.utils.append_tensor_alias(fg.zeros([2]), "net/x/"))
        ['net/x']
    """
    aliases = [*_aliases(tensor), alias.removesuffix("/")]
    if isinstance(tensor, Tensor):
        tensor._extra = {**(tensor._extra or {}), "aliases": aliases}
    else:  # a SparseTensor
        tensor.aliases = aliases
    return tensor


def _aliases(tensor: Any) -> list[str]:
    extra = (tensor._extra or {}) if isinstance(tensor, Tensor) else vars(tensor)
    return extra.get("aliases", [])


def get_tensor_aliases(tensor: Any) -> list[str]:
    """The names noted on a tensor, else its own without ":0".

    Args:
        tensor: the tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.utils.get_tensor_aliases(fg.zeros([2], name="x"))
        ['x']
    """
    return _aliases(tensor) or [tensor.name.removesuffix(":0")]


def gather_tensors_aliases(tensors: Any) -> list[str]:
    """The names noted on several tensors, in their order.

    Args:
        tensors: the tensors.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.utils.gather_tensors_aliases([fg.zeros([2], name="x"), fg.ones([2], name="y")])
        ['x', 'y']
    """
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


def convert_collection_to_dict(collection: str,
                               clear_collection: bool = False) -> OrderedDict[str, Any]:
    """The tensors of a collection by the names noted on them: a network's `end_points`.

    Args:
        collection: the collection's name.
        clear_collection: whether it is emptied.

    Returns:
        An OrderedDict; a tensor without a noted name stands under its own.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope([slim.fully_connected], outputs_collections="ends"):
        ...     net = slim.fully_connected(fg.zeros([1, 2]), 3, scope="fc1")
        >>> list(slim.utils.convert_collection_to_dict("ends"))
        ['fc1']
    """
    graph = get_default_graph()
    output = OrderedDict((alias, tensor) for tensor in graph.get_collection(collection)
                         for alias in get_tensor_aliases(tensor))
    if clear_collection:
        graph.clear_collection(collection)
    return output


# ---- variables -----------------------------------------------------------------------------------


def get_variable_collections(variables_collections: Any, name: str) -> Any:
    """The collections for one variable of a layer.

    Args:
        variables_collections: list of names for all variables, or dict from a variable's name to
            such a list.
        name: the variable's name in the layer.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.utils.get_variable_collections({"weights": ["w"]}, "biases") is None
        True
        >>> slim.utils.get_variable_collections(["all"], "biases")
        ['all']
    """
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


def add_variable_to_collections(variable: Any, variables_collections: Any, name: str) -> None:
    """Puts a layer's variable in the collections it was asked to be in.

    Args:
        variable: the variable, or its parts.
        variables_collections: as for `get_variable_collections`.
        name: the variable's name in the layer.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> w = fg.get_variable("w", [2])
        >>> slim.utils.add_variable_to_collections(w, {"weights": ["decayed"]}, "weights")
        >>> fg.get_collection("decayed") == [w]
        True
    """
    graph = get_default_graph()
    parts = list(variable) if isinstance(variable, PartitionedVariable) else [variable]
    for collection in get_variable_collections(variables_collections, name) or []:
        for part in parts:
            if not any(part is there for there in graph.get_collection(collection)):
                graph.add_to_collection(collection, part)


def variable_getter(rename: dict[str, str] | None = None) -> Callable[..., Any]:
    """A custom getter that makes model variables, under the names that contrib's layers have.

    Args:
        rename: from a variable's name in `tf.layers` to its name, as {"kernel": "weights"}.

    Returns:
        A function for the `custom_getter` of a variable scope.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> getter = slim.utils.variable_getter({"kernel": "weights"})
        >>> with fg.variable_scope("layer", custom_getter=getter):
        ...     fg.get_variable("kernel", [2]).op.name
        'layer/weights'
        >>> len(slim.get_model_variables())
        1
    """
    names = rename or {}

    def getter(getter: Any, name: str, shape: Any = None, dtype: Any = None,
               initializer: Any = None, regularizer: Any = None, trainable: bool = True,
               collections: Any = None, caching_device: Any = None, partitioner: Any = None,
               use_resource: bool | None = None,
               synchronization: Any = VariableSynchronization.AUTO,
               aggregation: Any = VariableAggregation.NONE, **ignored: Any) -> Any:
        scope, slash, short = name.rpartition("/")
        return model_variable(
            scope + slash + names.get(short, short), shape=shape, dtype=dtype,
            initializer=initializer, regularizer=regularizer, collections=collections,
            trainable=trainable, caching_device=caching_device, partitioner=partitioner,
            custom_getter=getter, use_resource=use_resource, synchronization=synchronization,
            aggregation=aggregation)

    return getter


def layer_outputs(outputs: Any, scope_name: str, normalizer_fn: Any, normalizer_params: Any,
                  activation_fn: Any, outputs_collections: Any) -> Any:
    """What comes after a layer's own computation: normalizer, activation, collections.

    Args:
        outputs: what the layer computed.
        scope_name: the name under which the outputs are collected.
        normalizer_fn, normalizer_params: function applied first, and its further arguments.
        activation_fn: function applied then, or None.
        outputs_collections: collections for the result.

    Returns:
        A tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> y = slim.utils.layer_outputs(fg.constant([-1.0, 2.0]), "fc", None, None, fg.nn.relu,
        ...                              "ends")
        >>> fg.Session().run(slim.utils.convert_collection_to_dict("ends")["fc"])
        array([0., 2.], dtype=float32)
    """
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return collect_named_outputs(outputs_collections, scope_name, outputs)


# ---- values known from the graph -----------------------------------------------------------------


def constant_value(value_or_tensor_or_var: Any, dtype: Any = None) -> Any:
    """The value of an argument where the graph tells it, else None.

    Args:
        value_or_tensor_or_var: Python value, tensor or variable.
        dtype: dtype that a tensor must have.

    Raises:
        ValueError: the argument is None, or has another dtype.

    Returns:
        The Python value as it is, an array, or None.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.utils.constant_value(fg.constant(3)), slim.utils.constant_value(False)
        (array(3, dtype=int32), False)
    """
    value = value_or_tensor_or_var
    if value is None:
        raise ValueError(located("value_or_tensor_or_var cannot be None"))
    if not isinstance(value, (Tensor, Variable)):
        return value
    if dtype and value.dtype != dtype:
        raise ValueError(located(f"It has the wrong type {value.dtype} instead of {dtype}"))
    return get_static_value(value)


def static_cond(pred: Any, fn1: Callable[[], Any], fn2: Callable[[], Any]) -> Any:
    """`fn1()` for a true Python value, else `fn2()`.

    Args:
        pred: a Python value.
        fn1, fn2: functions without arguments.

    Raises:
        TypeError: `fn1` or `fn2` is not callable.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.utils.static_cond(1 > 2, lambda: "yes", lambda: "no")
        'no'
    """
    if not callable(fn1) or not callable(fn2):
        raise TypeError(located(f"fn{1 if not callable(fn1) else 2} must be callable."))
    return fn1() if pred else fn2()


# ---- sizes ---------------------------------------------------------------------------------------


def _size_of(shape: Any, axis: int, min_rank: int) -> int:
    if shape.ndims is None:
        raise ValueError(located("dims of shape must be known but is None"))
    if shape.ndims < min_rank:
        raise ValueError(located(f"rank of shape must be at least {min_rank} not: {shape.ndims}"))
    size = shape[axis].value
    if size is None:
        raise ValueError(located(f"dimension {axis} of shape must be known but is None: {shape}"))
    return size


def channel_dimension(shape: Any, data_format: str, min_rank: int = 1) -> int:
    """The number of channels.

    Args:
        shape: TensorShape.
        data_format: "channels_first" or "channels_last".
        min_rank: smallest rank allowed.

    Raises:
        ValueError: the rank is smaller, or the size is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.utils.channel_dimension(fg.zeros([8, 3, 5, 5]).shape, "channels_first")
        3
    """
    return _size_of(shape, 1 if data_format == "channels_first" else -1, min_rank)


def last_dimension(shape: Any, min_rank: int = 1) -> int:
    """The size of the last axis.

    Args:
        shape: TensorShape.
        min_rank: smallest rank allowed.

    Raises:
        ValueError: the rank is smaller, or the size is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.utils.last_dimension(fg.zeros([8, 5, 5, 3]).shape, min_rank=4)
        3
    """
    return _size_of(shape, -1, min_rank)


def two_element_tuple(int_or_tuple: Any) -> tuple[int, int]:
    """A pair of ints for an int or a pair.

    Args:
        int_or_tuple: int, list or tuple of two, TensorShape of rank 2.

    Raises:
        ValueError: it is something else.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.utils.two_element_tuple(3), slim.utils.two_element_tuple([3, 5])
        ((3, 3), (3, 5))
    """
    if isinstance(int_or_tuple, int):
        return int_or_tuple, int_or_tuple
    try:
        first, second = (int(size) for size in int_or_tuple)
    except (TypeError, ValueError):
        raise ValueError(located("Must be an int, a list with 2 elements or a TensorShape of "
                                 f"length 2: {int_or_tuple}")) from None
    return first, second


def n_positive_integers(n: int, value: Any) -> tuple[int, ...]:
    """`n` ints above 0, for one int or for `n` of them.

    Args:
        n: how many.
        value: int, or sequence of ints.

    Raises:
        ValueError: there are more or fewer, or one is below 1.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.utils.n_positive_integers(3, 2)
        (2, 2, 2)
    """
    values = (int(value),) * n if isinstance(value, int) else tuple(int(size) for size in value)
    if len(values) != n:
        raise ValueError(located(f"Expected sequence of {n} positive integers, but received "
                                 f"{value!r}"))
    for size in values:
        if size < 1:
            raise ValueError(located(f"expected positive integer, but received {size}"))
    return values


IMAGES, VOLUMES = ("NCHW", "NHWC"), ("NCDHW", "NDHWC")
ANY_FORMAT = (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW")


def channels_place(data_format: str | None, allowed: tuple[str | None, ...]) -> str:
    """A layer's `data_format` as the classes of `tf.layers` take it.

    Args:
        data_format: as "NCHW"; None, where it is allowed, for channels last.
        allowed: what it may be.

    Returns:
        "channels_first" or "channels_last".

    Raises:
        ValueError: it is something else.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.utils.channels_place("NCHW", ("NHWC", "NCHW"))
        'channels_first'
    """
    if data_format not in allowed:
        names = " or ".join(name for name in allowed if name)
        raise ValueError(located(f"data_format has to be either {names}, got {data_format!r}"))
    return "channels_first" if data_format and data_format.startswith("NC") else "channels_last"
