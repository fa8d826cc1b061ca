"""The base of keras layers: as `tf.layers.Layer`, but named and collected as keras does it.

What differs from `tf.layers`:
- variables are named by the name scope, not by the variable scope, and never found again: each
  layer has its own, `dense/kernel`, `dense_1/kernel`;
- losses and updates stay on the layer (`losses`, `updates`) and in no collection of the graph;
- `training=None` means the learning phase, a placeholder that is False unless fed;
- the layer knows the layers among its attributes, and the tensors know the layers they come from.
"""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.core import nest
from flowgraph.core.dtypes import as_dtype, float32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.keras.graph_state import LayerCall, mask_of, state_of
from flowgraph.layers import base
from flowgraph.layers.input_spec import check_inputs
from flowgraph.layers.named import constraint_called, initializer_called, regularizer_called
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.initializers import GlorotUniform, Zeros
from flowgraph.ops.variable import Variable


class _Calls(threading.local):
    """The calls of layers that run now in a thread: what each was told of `training`."""

    def __init__(self) -> None:
        self.training: list[Any] = []


_calls = _Calls()


class Layer(base.Layer):
    """Base of keras layers: write `build`, which makes variables, and `call`, which computes.

    Args:
        trainable: whether its variables are trained.
        name: its name; default the class's in snake case, made unique.
        dtype: dtype of its variables; default that of the first input.
        dynamic: accepted; layers build graphs.
        kwargs: `input_shape`, `batch_input_shape`, `input_dim`, `batch_size`: shape of the inputs,
            for the first layer of a Sequential; `activity_regularizer`; `weights`: first values.

    Example:
        >>> import flowgraph as fg
        >>> class Scale(fg.keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.w = self.add_weight("w", shape=[], initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.w
        >>> with fg.Graph().as_default():
        ...     layer = Scale()
        ...     print(layer(fg.constant([1.0, 2.0])).name, layer.weights[0].name)
        scale/mul:0 scale/w:0
    """

    supports_masking = False

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None,
                 dynamic: bool = False, **kwargs: Any) -> None:
        if "input_dim" in kwargs:
            kwargs.setdefault("input_shape", (kwargs.pop("input_dim"),))
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._batch_input_shape: Any = kwargs.get("batch_input_shape")
        if self._batch_input_shape is None and kwargs.get("input_shape") is not None:
            self._batch_input_shape = (kwargs.get("batch_size"), *kwargs["input_shape"])

    def _names(self, name: Any) -> tuple[str, str]:
        if name is not None and not isinstance(name, str):
            raise TypeError(located(f"a layer's name must be a string, not {name!r}"))
        if name:
            return name, name
        words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", type(self).__name__)
        plain = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
        plain = f"private{plain}" if plain.startswith("_") else plain
        counts = vars(get_default_graph()).setdefault("_layer_counts", {})
        before = counts.get(plain, 0)
        counts[plain] = before + 1
        unique = f"{plain}_{before}" if before else plain
        return unique, unique

    # ---- for those who write layers --------------------------------------------------------------

    def add_weight(self, name: Any = None, shape: Any = None, dtype: Any = None,
                   initializer: Any = None, regularizer: Any = None, trainable: bool | None = None,
                   constraint: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Makes a variable of the layer, named by the open name scope.

        Args:
            name: its name in that scope.
            shape: its shape; default a scalar.
            dtype: default the layer's, else float32.
            initializer: function from shape and dtype to the first value, or its name; default
                Glorot's uniform one for floats, zeros for integers.
            regularizer: function from the variable to a loss of the layer, or its name.
            trainable: whether it is trained (default True).
            constraint: function from a trained value to the one to keep, or its name.
            args, kwargs: what else `tf.layers.Layer.add_weight` takes, without effect, but
                `synchronization=ON_READ`: such a variable is not trained.
        """
        from flowgraph.ops.variable import VariableSynchronization
        if kwargs.get("synchronization") == VariableSynchronization.ON_READ:
            if trainable:
                raise ValueError(located("a variable with synchronization=ON_READ cannot be "
                                         "trainable"))
            trainable = False
        kind = as_dtype(dtype or self.dtype or float32)
        first: Any = initializer_called(initializer)
        if first is None:
            first = GlorotUniform() if kind.is_floating else Zeros()
        first = first() if isinstance(first, type) else first
        sizes = TensorShape(() if shape is None else shape).as_list()
        variable = Variable(lambda: first(sizes, dtype=kind), trainable=trainable is not False,
                            name=name or "Variable", dtype=kind,
                            constraint=constraint_called(constraint))
        state_of().variables.append(variable)
        if self._dtype is None:
            self._dtype = kind.name
        (self._non_trainable_weights if trainable is False
         else self._trainable_weights).append(variable)
        function = regularizer_called(regularizer)
        if function is not None:
            with name_scope((name or "Variable") + "/Regularizer"):
                self.add_loss(function(variable))
        return variable

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses to `losses`; in training, a Model adds them to its own.

        Args:
            losses: tensor, function without arguments that makes one, None, or a list of these.
            inputs: anything but None says that the losses depend on the layer's inputs.
        """
        for loss in nest.flatten(losses):
            loss = loss() if callable(loss) else loss
            if loss is not None:
                loss = loss if isinstance(loss, Tensor) else convert_to_tensor(loss, float32)
                self._losses.append((loss, inputs is not None))

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds ops that every training step should run to `updates`.

        Args:
            updates: operation, tensor, function without arguments that makes one, or a list.
            inputs: ignored; whether they depend on the inputs is seen from the graph.
        """
        for update in updates if isinstance(updates, (list, tuple)) else [updates]:
            while callable(update):
                update = update()
            if isinstance(update, tuple):  # (variable, new value), as older keras had it
                update = update[0].assign(update[1])
            if not isinstance(update, Operation):
                update = update.op if hasattr(update, "op") else convert_to_tensor(update).op
            self._updates.append((update, bool(base.needing([update], self._inputs))))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs: that of the inputs, where the layer supports masks.

        Args:
            inputs: what the layer was called with.
            mask: their mask, or None.
        """
        return mask if self.supports_masking else None

    # ---- calling it ------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if that was not done, and computes the outputs for `inputs`.

        Args:
            inputs: tensor, array or number, or a nested structure of them.
            args, kwargs: further arguments for `call`.
        """
        inputs = nest.map_structure(base.as_tensor, inputs)
        given = dict(kwargs)
        parameters = inspect.signature(self.call).parameters
        if "training" in parameters and kwargs.get("training") is None and (
                _calls.training):
            kwargs["training"] = _calls.training[-1]
        elif "training" in kwargs and "training" not in parameters and not any(
                p.kind is p.VAR_KEYWORD for p in parameters.values()):
            del kwargs["training"]
        masks = nest.map_structure(mask_of, inputs)
        mask = masks if any(m is not None for m in nest.flatten(masks)) else None
        if "mask" in parameters and kwargs.get("mask") is None and mask is not None:
            kwargs["mask"] = mask
        outer, self._inputs = self._inputs, inputs
        try:
            check_inputs(self.input_spec, inputs, self.name)
            with name_scope(self.name), self._training_is(kwargs.get("training")):
                outputs = self._outputs(inputs, args, kwargs)
                self._remember(inputs, args, given, outputs)
                self._note_call(inputs, outputs)
                self._mask_outputs(inputs, kwargs.get("mask", mask), outputs)
        finally:
            self._inputs = outer
        return outputs

    @contextmanager
    def _training_is(self, training: Any) -> Iterator[None]:
        """Layers called inside get the same `training` unless told otherwise."""
        around = _calls.training
        around.append(around[-1] if training is None and around else training)
        try:
            yield
        finally:
            around.pop()

    def _remember(self, inputs: Any, args: Any, kwargs: Any, outputs: Any) -> None:
        for index, output in enumerate(nest.flatten(outputs)):
            known = {id(x) for x in nest.flatten(inputs)}
            if isinstance(output, Tensor) and id(output) not in known:
                call = LayerCall(self, inputs, args, kwargs, index)
                state_of(output.graph).calls[output] = call

    def _mask_outputs(self, inputs: Any, mask: Any, outputs: Any) -> None:
        masks = nest.flatten(self.compute_mask(inputs, mask))
        tensors = nest.flatten(outputs)
        for output, found in zip(tensors, masks, strict=False):
            if found is not None and isinstance(output, Tensor):
                state_of(output.graph).masks[output] = found

    # ---- what there is to know -------------------------------------------------------------------

    @property
    def _layers_inside(self) -> list[Any]:
        """The layers among its attributes, also in lists and dicts."""
        found: list[Any] = []
        for key, value in vars(self).items():
            if key not in ("_inputs", "_inbound_nodes", "_losses", "_updates"):
                _find_layers(value, found)
        return found

    @property
    def _own_variables(self) -> list[Any]:
        """Variables that were set as attributes, without `add_weight`."""
        made = {id(v) for v in (*self._trainable_weights, *self._non_trainable_weights)}
        return [value for value in vars(self).values()
                if isinstance(value, Variable) and id(value) not in made]

    @property
    def trainable(self) -> bool:
        """Whether its variables are trained; may be set, and holds for the layers inside too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value
        for layer in self._layers_inside:
            layer.trainable = value

    @property
    def trainable_weights(self) -> list[Any]:
        """Its variables that are trained, those of the layers inside included."""
        if not self.trainable:
            return []
        own = [*self._trainable_weights, *(v for v in self._own_variables if v.trainable)]
        return _unique(own, *(layer.trainable_weights for layer in self._layers_inside))

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Its variables that are not trained, those of the layers inside included."""
        own = [*self._non_trainable_weights, *(v for v in self._own_variables if not v.trainable)]
        if not self.trainable:
            own = [*self._trainable_weights, *self._own_variables, *own]
        return _unique(own, *(layer.non_trainable_weights for layer in self._layers_inside))

    @property
    def updates(self) -> list[Any]:
        """Operations given to `add_update`, by the layers inside too."""
        own = [op for op, _ in self._updates] if self.trainable or self.stateful else []
        return _unique(own, *(layer.updates for layer in self._layers_inside))

    @property
    def losses(self) -> list[Any]:
        """Losses given to `add_loss`, by the layers inside too."""
        return _unique([loss for loss, _ in self._losses],
                       *(layer.losses for layer in self._layers_inside))

    def _session(self, method: str) -> Any:
        from flowgraph.keras.backend import get_session
        return get_session()


def _find_layers(value: Any, found: list[Any]) -> None:
    if isinstance(value, base.Layer):
        if all(value is not other for other in found):
            found.append(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _find_layers(item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _find_layers(item, found)


def _unique(*lists: Any) -> list[Any]:
    found = {id(item): item for items in lists for item in items}
    return list(found.values())
