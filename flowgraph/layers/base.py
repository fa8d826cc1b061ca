"""Layer: variables and a computation under one name; the base of `tf.layers` and of RNN cells.

A layer makes its variables when it is first called, with `tf.get_variable` in a variable scope of
its own, and finds them again in later calls:

    layer = tf.layers.Dense(3)      nothing in the graph yet
    y = layer(x)                    build(shape of x): dense/kernel, dense/bias; call(x): dense/...
    z = layer(y)                    call(y) alone, with the same variables
"""

from __future__ import annotations

import copy
import inspect
import math
import re
from typing import Any

import numpy as np

from flowgraph.core import nest
from flowgraph.core.dtypes import as_dtype, float32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph import stacks
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.calls import Calls
from flowgraph.layers.input_spec import InputSpec, check_inputs
from flowgraph.layers.named import constraint_called, initializer_called, regularizer_called
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable import Variable, VariableAggregation, VariableSynchronization
from flowgraph.ops.variable_lists import global_variables, trainable_variables
from flowgraph.ops.variable_scope import VariableScope, get_variable, variable_scope

_OPTIONS = {"activity_regularizer", "autocast", "batch_input_shape", "batch_size", "dynamic",
            "input_shape", "weights"}


class Layer(Calls):
    """Base of layers: write `build`, which makes variables, and `call`, which computes.

    Args:
        trainable: whether its variables are trained.
        name: its name, and that of its variable scope; default the class's, made unique.
        dtype: dtype of its variables; default that of the first input.
        kwargs: `activity_regularizer`: function from an output to a loss; `_scope`: variable scope
            to use; `_reuse`: whether to find variables that are there already, as
            `tf.variable_scope` takes it. What else tf.keras knows is accepted and ignored.

    Raises:
        TypeError: another keyword.

    Example:
        >>> import flowgraph as fg
        >>> class Scale(fg.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.w = self.add_weight("w", [], initializer=fg.ones_initializer())
        ...         self.built = True
        ...     def call(self, inputs):
        ...         return inputs * self.w
        >>> with fg.Graph().as_default():
        ...     y = Scale()(fg.constant([1.0, 2.0]))
        ...     print(y, fg.trainable_variables())
        Tensor("scale/mul:0", shape=(2,), dtype=float32) \
[<tf.Variable 'scale/w:0' shape=() dtype=float32_ref>]
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None,
                 **kwargs: Any) -> None:
        super().__init__()
        scope, self._reuse = kwargs.pop("_scope", None), kwargs.pop("_reuse", None)
        for option in kwargs:
            if option not in _OPTIONS:
                raise TypeError(located(f"layer {type(self).__name__} has no argument {option!r}"))
        self._trainable = trainable
        self._base_name, self._name = self._names(name)
        self._dtype = None if dtype is None else as_dtype(dtype).name
        self._activity_regularizer = regularizer_called(kwargs.get("activity_regularizer"))
        self._initial_weights = kwargs.get("weights")
        self._input_spec: Any = None
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._updates: list[tuple[Any, bool]] = []  # (op, whether it depends on the inputs)
        self._losses: list[tuple[Any, bool]] = []
        self._inputs: Any = None  # of the call that runs now
        self._current_scope: Any = None
        self._scope: VariableScope | None = None
        self.built = False
        self.stateful = False
        if scope:
            with variable_scope(scope) as self._scope:
                pass

    def _names(self, name: Any) -> tuple[str, str]:
        """(name of the variable scope before it is made unique, the layer's name)."""
        if isinstance(name, str) and name:
            return name, name
        words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", type(self).__name__)
        base = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
        base = f"private{base}" if base.startswith("_") else base
        counts = vars(get_default_graph()).setdefault("_layer_counts", {})
        counts[base] = counts.get(base, 0) + 1
        scope_name = name.name if isinstance(name, VariableScope) else base
        return scope_name or base, f"{base}_{counts[base]}"

    # ---- for those who write layers --------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes the variables; called once, before the first `call`.

        Args:
            input_shape: TensorShape of the inputs, nested as they are.
        """
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the outputs.

        Args:
            inputs: what the layer was called with, arrays and numbers as tensors.
            args, kwargs: further arguments of the call. A parameter called `scope` gets the layer's
                variable scope.
        """
        return inputs

    def add_weight(self, name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                   regularizer: Any = None, trainable: bool | None = None, constraint: Any = None,
                   use_resource: bool | None = None,
                   synchronization: Any = VariableSynchronization.AUTO,
                   aggregation: Any = VariableAggregation.NONE, partitioner: Any = None,
                   **kwargs: Any) -> Any:
        """Makes a variable of the layer, or finds the one made before, with `tf.get_variable`.

        Args:
            name: its name inside the layer's scope.
            shape: its shape; default a scalar.
            dtype: default the layer's, else float32.
            initializer: default that of the variable scope, else Glorot's uniform one.
            regularizer: function from the variable to a loss, put in REGULARIZATION_LOSSES.
            trainable: whether it is trained, where the layer is (default True).
            constraint: function from the new value to the value to keep, called by optimizers.
            use_resource, synchronization, aggregation: accepted; ON_READ makes it not trainable.
            partitioner: cuts the variable into parts, as `tf.fixed_size_partitioner` makes one.
            kwargs: `experimental_autocast`, ignored.

        Raises:
            ValueError: it is trainable and ON_READ, or `tf.get_variable` refuses it.
        """
        for option in kwargs:
            if option != "experimental_autocast":
                raise TypeError(located(f"add_weight has no argument {option!r}"))
        if synchronization == VariableSynchronization.ON_READ:
            if trainable:
                raise ValueError(located("a variable with synchronization=ON_READ cannot be "
                                         "trainable"))
            trainable = False
        trainable = self.trainable and trainable is not False
        regularizer, constraint = regularizer_called(regularizer), constraint_called(constraint)
        self._set_scope(None)
        before = global_variables()
        with variable_scope(self._scope, reuse=bool(self.built) or self._reuse,
                            auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with name_scope(self._name_scope()):
                variable = get_variable(
                    name, () if shape is None else shape, as_dtype(dtype or self.dtype or float32),
                    initializer_called(initializer), trainable=trainable, constraint=constraint,
                    partitioner=partitioner, use_resource=use_resource,
                    synchronization=synchronization, aggregation=aggregation)
                if regularizer and variable not in before:
                    with name_scope(name + "/Regularizer"):
                        self.add_loss(regularizer(variable))
        if self._dtype is None:
            self._dtype = variable.dtype.base_dtype.name
        # A custom getter may have decided otherwise about training.
        for part in variable if isinstance(variable, PartitionedVariable) else [variable]:
            trained = trainable and part in trainable_variables()
            (self._trainable_weights if trained else self._non_trainable_weights).append(part)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """Old name of `add_weight`.

        Args:
            args, kwargs: as for `add_weight`.
        """
        return self.add_weight(*args, **kwargs)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Puts losses in REGULARIZATION_LOSSES, which `tf.losses.get_total_loss` adds up.

        Args:
            losses: tensor, function without arguments that makes one, None, or a list of these.
            inputs: anything but None says that the losses depend on the layer's inputs.
        """
        for loss in nest.flatten(losses):
            loss = loss() if callable(loss) else loss
            if loss is not None:
                loss = loss if isinstance(loss, Tensor) else convert_to_tensor(loss, float32)
                self._losses.append((loss, inputs is not None))
                _collect(GraphKeys.REGULARIZATION_LOSSES, [loss])

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Puts ops that every training step should run, as moving averages, in UPDATE_OPS.

        Args:
            updates: operation, tensor, function without arguments that makes one, or a list.
            inputs: ignored; whether they depend on the inputs is seen from the graph.
        """
        for update in updates if isinstance(updates, (list, tuple)) else [updates]:
            while callable(update):
                update = update()
            if not isinstance(update, Operation):
                update = update.op if hasattr(update, "op") else convert_to_tensor(update).op
            self._updates.append((update, bool(needing([update], self._inputs))))

    # ---- calling it ------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if that was not done, and computes the outputs for `inputs`.

        Args:
            inputs: tensor, array or number, or a nested structure of them.
            args: further arguments for `call`.
            kwargs: further arguments for `call`; `scope` names the variable scope to use.

        Raises:
            ValueError: the inputs are not what the layer's `input_spec` asks for, or `call` gave
                None.
        """
        self._set_scope(kwargs.pop("scope", None))
        parameters = inspect.signature(self.call).parameters
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        if "training" in kwargs and not takes_any and "training" not in parameters:
            del kwargs["training"]
        with variable_scope(self._scope, reuse=True if self.built else self._reuse,
                            auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            if "scope" in parameters:
                kwargs["scope"] = scope
            outer, self._inputs = self._inputs, nest.map_structure(as_tensor, inputs)
            try:
                check_inputs(self.input_spec, self._inputs, self.name)
                with name_scope(self._name_scope()):
                    outputs = self._outputs(self._inputs, args, kwargs)
            finally:
                self._inputs = outer
        _collect(GraphKeys.UPDATE_OPS, self.updates)
        self._note_call(inputs, outputs)
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer.

        Args:
            inputs, args, kwargs: as for a call.
        """
        return self(inputs, *args, **kwargs)

    def _outputs(self, inputs: Any, args: Any, kwargs: Any) -> Any:
        if not self.built:
            first = next(iter(nest.flatten(inputs)), None)
            dtype = getattr(first, "dtype", None)
            if self._dtype is None and dtype is not None:
                self._dtype = as_dtype(dtype).base_dtype.name
            self.build(nest.map_structure(lambda x: getattr(x, "shape", None), inputs))
            self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None
        outputs = self.call(inputs, *args, **kwargs)
        if outputs is None:
            raise ValueError(located(f"the call method of layer {self.name!r} must return a tensor "
                                     "or a list of tensors, not None"))
        if self._activity_regularizer:
            with name_scope("ActivityRegularizer"):
                for output in nest.flatten(outputs):
                    loss = self._activity_regularizer(output)
                    self.add_loss(loss / cast(shape_of(output)[0], loss.dtype), inputs)
        return outputs

    def _set_scope(self, scope: Any) -> None:
        """Settles the variable scope, at the first call unless it was given to the constructor."""
        if self._scope is None:
            if self._reuse:
                scope = self._base_name if scope is None else scope
            with variable_scope(scope, default_name=self._base_name) as self._scope:
                pass

    def _name_scope(self) -> str:
        return self._current_scope.original_name_scope

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A copy with the same tensors and variables, and the same scope."""
        result = type(self).__new__(type(self))
        memo[id(self)] = result
        for key, value in vars(self).items():
            parts = value if isinstance(value, (list, tuple)) and value else [value]
            shared = all(isinstance(part, (Tensor, Variable)) for part in parts)
            flat = key in ("_scope", "_inbound_nodes")
            vars(result)[key] = (value if shared and not flat else copy.copy(value) if flat
                                 else copy.deepcopy(value, memo))
        return result

    # ---- what there is to know -------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def dtype(self) -> str | None:
        """Name of the dtype of its variables; None before it is known."""
        return self._dtype

    @property
    def dynamic(self) -> bool:
        """Always False: layers build graphs."""
        return False

    @property
    def graph(self) -> None:
        """Always None, as in TensorFlow 1.15."""
        return None

    @property
    def scope_name(self) -> str:
        """Name of its variable scope. Raises ValueError before the first call."""
        if self._scope is None:
            raise ValueError(located(f"layer {self.name!r} has no scope name yet: it is settled "
                                     "when the layer is first called"))
        return self._scope.name

    @property
    def trainable(self) -> bool:
        """Whether its variables are trained; may be set."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value

    @property
    def activity_regularizer(self) -> Any:
        """The function from an output to a loss, or None; may be set."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Any) -> None:
        self._activity_regularizer = regularizer

    @property
    def input_spec(self) -> Any:
        """What it asks of its inputs: an InputSpec, a list of them, or None; may be set."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        for spec in nest.flatten(value):
            if spec is not None and not isinstance(spec, InputSpec):
                raise TypeError(located("Layer input_spec must be an instance of InputSpec, not "
                                        f"{spec!r}"))
        self._input_spec = value

    @property
    def trainable_weights(self) -> list[Any]:
        """Its variables that are trained; none when the layer is not trainable."""
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Its variables that are not trained; all of them when the layer is not trainable."""
        frozen = [] if self.trainable else self._trainable_weights
        return [*frozen, *self._non_trainable_weights]

    @property
    def weights(self) -> list[Any]:
        """Its variables, the trained ones first."""
        return self.trainable_weights + self.non_trainable_weights

    variables = property(lambda self: self.weights, doc="As `weights`.")
    trainable_variables = property(lambda self: self.trainable_weights,
                                   doc="As `trainable_weights`.")
    non_trainable_variables = property(lambda self: self.non_trainable_weights,
                                       doc="As `non_trainable_weights`.")

    @property
    def updates(self) -> list[Any]:
        """Operations given to `add_update`; none when the layer is not trainable."""
        return [op for op, _ in self._updates] if self.trainable or self.stateful else []

    @property
    def losses(self) -> list[Any]:
        """Losses given to `add_loss`, those of regularizers included."""
        return [loss for loss, _ in self._losses]

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """The updates that depend on `inputs`; those that depend on no input for None.

        Args:
            inputs: tensor or list of tensors, or None.
        """
        updates = [(op, conditional) for op, conditional in self._updates if op in self.updates]
        return _relevant(updates, inputs)

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """The losses that depend on `inputs`; those that depend on no input for None.

        Args:
            inputs: tensor or list of tensors, or None.
        """
        return _relevant(self._losses, inputs)

    def count_params(self) -> int:
        """Number of scalars in its variables. Raises ValueError before it is built."""
        if not self.built:
            raise ValueError(located(f"layer {self.name!r} is not built yet; call it, or its "
                                     "build(shape)"))
        return sum(math.prod(weight.shape.as_list()) for weight in self.weights)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The output's shape for an input's shape, where the layer's class tells it.

        Args:
            input_shape: TensorShape, or a list of sizes.
        """
        raise NotImplementedError(located(f"{type(self).__name__} does not tell its output shape"))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as far as the layer keeps them under their own names."""
        given = inspect.signature(type(self).__init__).parameters
        kept = {key: getattr(self, key) for key in list(given)[1:] if hasattr(self, key)}
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype, **kept}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer from what `get_config` gave."""
        return cls(**config)

    def get_weights(self) -> list[np.ndarray]:
        """Values of its variables in the default session, in the order of `weights`."""
        return self._session("get_weights").run(self.weights)

    def set_weights(self, weights: Any) -> None:
        """Sets its variables in the default session.

        Args:
            weights: arrays in the order of the property `weights`.

        Raises:
            ValueError: there is no default session, or number or shapes differ.
        """
        session = self._session("set_weights")
        if len(weights) != len(self.weights):
            raise ValueError(located(f"layer {self.name!r} has {len(self.weights)} weights, got "
                                     f"{len(weights)} arrays"))
        for variable, value in zip(self.weights, weights, strict=True):
            if not variable.shape.is_compatible_with(TensorShape(np.shape(value))):
                raise ValueError(located(f"{variable.name!r} has the shape {variable.shape}, the "
                                         f"array {np.shape(value)}"))
        for variable, value in zip(self.weights, weights, strict=True):
            variable.load(value, session)

    def _session(self, method: str) -> Any:
        session = stacks.get_default_session()
        if session is None:
            raise ValueError(located(f"{method} of layer {self.name!r} needs a default session: "
                                     "call it inside `with tf.Session():`"))
        return session


def as_tensor(value: Any) -> Any:
    """An input of a layer, with arrays and numbers as tensors."""
    return convert_to_tensor(value) if isinstance(value, (np.ndarray, float, int)) else value


def _collect(collection: str, items: list[Any]) -> None:
    """Adds what is not in the collection yet."""
    graph = get_default_graph()
    there = {id(item) for item in graph.get_collection_ref(collection)}
    for item in items:
        if id(item) not in there:
            graph.add_to_collection(collection, item)


def _relevant(pairs: list[tuple[Any, bool]], inputs: Any) -> list[Any]:
    if inputs is None:
        return [item for item, conditional in pairs if not conditional]
    return needing([item for item, conditional in pairs if conditional], inputs)


def needing(items: list[Any], inputs: Any) -> list[Any]:
    """Those of `items` that are computed from one of `inputs`."""
    sources = {id(source) for source in nest.flatten(inputs)}
    found = []
    for item in items:
        stack, seen = [getattr(item, "op", item)], set()
        if id(item) in sources:
            stack = []
            found.append(item)
        while stack:
            op = stack.pop()
            if op in seen:
                continue
            seen.add(op)
            if any(id(tensor) in sources for tensor in op.inputs):
                found.append(item)
                break
            stack += [tensor.op for tensor in op.inputs]
    return found
