"""`tf.keras.models`: layers put together, as a Sequential, by inputs and outputs, or as a class.

A model is a layer: called with a tensor, it computes. `compile`, `fit`, `evaluate` and `predict`
(keras/training.py) run it with the session of `tf.keras.backend`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.graph.tensor import Tensor
from flowgraph.keras.graph_state import state_of
from flowgraph.keras.layer import Layer
from flowgraph.keras.layers.core import Input, InputLayer
from flowgraph.keras.training import Training
from flowgraph.keras.weight_files import holds_weights, in_one_file, read_weights, write_weights
from flowgraph.layers.calls import shapes_of


class Model(Training, Layer):
    """Layers from inputs to outputs; or the base of a class with `call`.

    Args:
        args: `inputs`, `outputs`: tensors that `tf.keras.Input` and layers made, or lists of them;
            nothing for a class of your own.
        kwargs: `inputs`, `outputs`, `name`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     x = fg.keras.Input((3,))
        ...     y = fg.keras.layers.Dense(2, kernel_initializer="ones")(x)
        ...     model = fg.keras.Model(x, y)
        ...     print(model.predict([[1.0, 2.0, 3.0]]))
        [[6. 6.]]
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = kwargs.pop("name", args[2] if len(args) > 2 else None)
        inputs = kwargs.pop("inputs", args[0] if args else None)
        outputs = kwargs.pop("outputs", args[1] if len(args) > 1 else None)
        super().__init__(name=name, **kwargs)
        self._inputs_of_graph, self._outputs_of_graph = inputs, outputs
        self._network_layers: list[Any] = []
        if outputs is not None:
            self._network_layers = _layers_between(inputs, outputs)
            self.built = True

    @property
    def layers(self) -> list[Any]:
        """Its layers, from the inputs to the outputs."""
        return self._network_layers or self._layers_inside

    @property
    def inputs(self) -> list[Any]:
        """The tensors it starts from, once they are known."""
        return nest.flatten(self._inputs_of_graph) if self._inputs_of_graph is not None else []

    @property
    def outputs(self) -> list[Any]:
        """The tensors it computes from `inputs`."""
        return nest.flatten(self._outputs_of_graph) if self._outputs_of_graph is not None else []

    @property
    def input(self) -> Any:
        """The tensor, or tensors, it starts from."""
        return self._inputs_of_graph

    @property
    def output(self) -> Any:
        """The tensor, or tensors, it computes from `input`."""
        return self._outputs_of_graph

    @property
    def input_shape(self) -> Any:
        """The static shape of `input` as a tuple; a list of tuples for several."""
        return shapes_of(self.input)

    @property
    def output_shape(self) -> Any:
        """The static shape of `output`, as `input_shape`."""
        return shapes_of(self.output)

    @property
    def weights(self) -> list[Any]:
        """Its variables, layer by layer."""
        own = [*self._trainable_weights, *self._own_variables, *self._non_trainable_weights]
        lists = [layer.weights for layer in self.layers]
        return list({id(v): v for part in (*lists, own) for v in part}.values())

    def build(self, input_shape: Any = None) -> None:
        """Calls a model of a class of your own with a placeholder of this shape.

        Args:
            input_shape: shape of the inputs, the batch included.
        """
        if self._outputs_of_graph is None and not self.built and self._inputs is None:
            self(Input(batch_shape=tuple(input_shape)))
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Computes the outputs for other inputs, with the same layers."""
        if self._outputs_of_graph is None:
            raise NotImplementedError(located(f"model {self.name!r} needs a method `call`, or "
                                              "inputs= and outputs="))
        known = {id(old): new for old, new in zip(self.inputs, nest.flatten(inputs), strict=True)}
        made = [_replayed(output, known, training) for output in self.outputs]
        return nest.pack_sequence_as(self._outputs_of_graph, made)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer by its name or number.

        Args:
            name: its name.
            index: its number among `layers`.
        """
        if index is not None:
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(located(f"No such layer: {name}. There are "
                                 f"{', '.join(layer.name for layer in self.layers)}"))

    def save_weights(self, filepath: str, overwrite: bool = True, save_format: Any = None) -> None:
        """Saves its variables: in one file, or as a checkpoint of `tf.train.Saver`.

        Args:
            filepath: a name ending in ".npz", ".h5", ".hdf5" or ".keras" for one file; else the
                checkpoint's. The file is NumPy's npz whatever its name: HDF5 would need a library
                that flowgraph does not use. A notice says so.
            overwrite: whether a file that is there may be replaced.
            save_format: "tf", "h5" or None: as the name ends.

        Raises:
            ValueError: a file that may not be replaced, or a format that does not fit the name.
        """
        from flowgraph.keras.backend import get_session
        from flowgraph.train.saver import Saver

        if not in_one_file(str(filepath), save_format):
            Saver(self.weights).save(get_session(), str(filepath), write_meta_graph=False)
            return
        write_weights(str(filepath), self.get_weights(), overwrite)

    def load_weights(self, filepath: str, by_name: bool = False) -> None:
        """Reads its variables from what `save_weights` wrote.

        Args:
            filepath: the name that was given there.
            by_name: must be False.

        Raises:
            NotFoundError: there is no such file.
            ValueError: the file is HDF5 or damaged, or has other variables.
        """
        from flowgraph.keras.backend import get_session
        from flowgraph.train.saver import Saver

        if by_name:
            raise ValueError(located("by_name=True needs the names in an HDF5 file",
                                     "Load into a model with the same layers."))
        if holds_weights(str(filepath)):
            self.set_weights(read_weights(str(filepath)))
        else:
            Saver(self.weights).restore(get_session(), str(filepath))

    def save(self, filepath: str, *args: Any, **kwargs: Any) -> None:
        """Always an error: whole models are kept in HDF5 files.

        Args:
            filepath, args, kwargs: as in TensorFlow.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(located(
            "a whole model is saved as HDF5, which needs a library that flowgraph does not use",
            "Use save_weights and build the model anew, or tf.saved_model.simple_save."))

    def summary(self, line_length: int | None = None, positions: Any = None, print_fn: Any = None
                ) -> None:
        """Prints its layers, their output shapes and numbers of parameters.

        Args:
            line_length: how wide; default 65.
            positions: accepted.
            print_fn: function that gets each line; default print.
        """
        show, width = print_fn or print, line_length or 65
        show(f'Model: "{self.name}"')
        show("_" * width)
        show(f"{'Layer (type)':<29}{'Output Shape':<26}{'Param #':<10}")
        show("=" * width)
        for layer in self.layers:
            shape = _output_shape(layer)
            count = layer.count_params() if layer.built else 0
            title = f"{layer.name} ({type(layer).__name__})"
            show(f"{title[:28]:<29}{shape!s:<26}{count:<10}")
        show("=" * width)
        trained = sum(int(np.prod(v.shape.as_list())) for v in self.trainable_weights)
        total = sum(int(np.prod(v.shape.as_list())) for v in self.weights)
        show(f"Total params: {total:,}")
        show(f"Trainable params: {trained:,}")
        show(f"Non-trainable params: {total - trained:,}")
        show("_" * width)


class Sequential(Model):
    """Layers one after the other.

    Args:
        layers: list of layers; more come by `add`.
        name: name of the model.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     model = fg.keras.Sequential([fg.keras.layers.Dense(2, input_shape=(3,))])
        ...     print([v.name for v in model.weights], model.output.shape.as_list())
        ['dense/kernel:0', 'dense/bias:0'] [None, 2]
    """

    def __init__(self, layers: Any = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self._stack: list[Any] = []
        for layer in layers or []:
            self.add(layer)

    @property
    def layers(self) -> list[Any]:
        """Its layers, without the one for the inputs."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def add(self, layer: Any) -> None:
        """Puts a layer at the end.

        Args:
            layer: the layer.
        """
        if isinstance(layer, Tensor) and layer in state_of(layer.graph).calls:
            layer = state_of(layer.graph).calls[layer].layer  # what tf.keras.Input made
        if not isinstance(layer, Layer):
            raise TypeError(located("The added layer must be an instance of class Layer. Found: "
                                    f"{layer!r:.100}"))
        if not self._stack:
            self._start(layer)
        elif self._outputs_of_graph is not None:
            self._outputs_of_graph = layer(self._outputs_of_graph)
        self._stack.append(layer)

    def _start(self, layer: Any) -> None:
        """Makes the placeholder, where the first layer says what it takes."""
        if isinstance(layer, InputLayer):
            self._inputs_of_graph = self._outputs_of_graph = layer.placeholder
        elif isinstance(layer, Model) and layer.outputs:
            self._inputs_of_graph, self._outputs_of_graph = layer.input, layer.output
        elif layer._batch_input_shape is not None:
            x = Input(batch_shape=tuple(layer._batch_input_shape), name=f"{layer.name}_input",
                      dtype=layer.dtype if layer.dtype else None)
            self._inputs_of_graph, self._outputs_of_graph = x, layer(x)
        self.built = self._outputs_of_graph is not None

    def build(self, input_shape: Any = None) -> None:
        """Makes the variables for inputs of this shape.

        Args:
            input_shape: shape of the inputs, the batch included.
        """
        if self._outputs_of_graph is None and self._inputs is None and self._stack:
            x = self._inputs_of_graph = Input(batch_shape=tuple(input_shape))
            for layer in self.layers:
                x = layer(x)
            self._outputs_of_graph = x
        self.built = True

    def pop(self) -> None:
        """Takes the last layer away."""
        if not self._stack:
            raise TypeError(located("There are no layers in the model."))
        self._stack.pop()
        if self._inputs_of_graph is not None:
            x = self._inputs_of_graph
            for layer in self.layers:
                x = layer(x)
            self._outputs_of_graph = x

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Computes the outputs."""
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs


    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
        """The most likely classes.

        Args:
            x: array of inputs, or a list of arrays.
            batch_size: rows in a run, default 32.
            verbose: accepted.

        Returns:
            An int array: of several outputs the number of the largest; of one whether it is above
            one half.
        """
        found = self.predict(x, batch_size, verbose)
        return found.argmax(-1) if found.shape[-1] > 1 else (found > 0.5).astype("int32")

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
        """The same as `predict`.

        Args:
            x: array of inputs, or a list of arrays.
            batch_size: rows in a run, default 32.
            verbose: accepted.
        """
        return self.predict(x, batch_size, verbose)


def _layers_between(inputs: Any, outputs: Any) -> list[Any]:
    """The layers from inputs to outputs in Keras's order, which is that of the weights.

    The layer that is farthest from the outputs comes first; of those equally far, the one that is
    met first on the way back from the outputs.
    """
    starts = {id(x) for x in nest.flatten(inputs)}
    from_ops: dict[int, list[Any]] = {}
    sources: dict[int, list[Any]] = {}
    layers: dict[int, Any] = {}
    last_first: list[Any] = []

    def calls_of(tensor: Any) -> list[Any]:
        """The calls of layers that a tensor comes from, if need be through ops of no layer."""
        if not isinstance(tensor, Tensor):
            return []
        call = state_of(tensor.graph).calls.get(tensor)
        if call is not None or id(tensor) in starts:
            return [] if call is None else [call]
        if id(tensor) not in from_ops:
            from_ops[id(tensor)] = []
            found = {id(each): each for source in tensor.op.inputs for each in calls_of(source)}
            from_ops[id(tensor)] = list(found.values())
        return from_ops[id(tensor)]

    beginnings = {id(call): call for start in nest.flatten(inputs) for call in calls_of(start)}

    def visit(call: Any) -> None:
        if id(call) in sources:
            return
        layers.setdefault(id(call.layer), call.layer)
        taken = ([] if id(call) in beginnings else
                 [*nest.flatten(call.inputs), *nest.flatten(list(call.kwargs.values()))])
        sources[id(call)] = [source for tensor in taken for source in calls_of(tensor)]
        for source in sources[id(call)]:
            visit(source)
        last_first.append(call)

    for output in nest.flatten(outputs):
        for call in calls_of(output):
            visit(call)
    unused = [call.layer for call in beginnings.values() if id(call) not in sources]
    distances: dict[int, int] = {}  # of calls and of layers
    for call in reversed(last_first):
        distance = max(distances.get(id(call), 0), distances.get(id(call.layer), 0))
        distances[id(call.layer)] = distance
        for source in sources[id(call)]:
            distances[id(source)] = max(distances.get(id(source), 0), distance + 1)
    return [*sorted([*layers.values()], key=lambda layer: -distances[id(layer)]), *unused]


def _replayed(tensor: Any, known: dict[int, Any], training: Any) -> Any:
    """The tensor that stands for `tensor` when the layers are called with other inputs."""
    if not isinstance(tensor, Tensor):
        return tensor
    if id(tensor) not in known:
        call = state_of(tensor.graph).calls.get(tensor)
        if call is None:
            if not tensor.op.inputs:
                return tensor  # a constant
            raise ValueError(located(
                f"the model cannot be called with other inputs: {tensor.name!r} was made by the op "
                f"{tensor.op.type}, not by a layer", "Put the op into a tf.keras.layers.Lambda."))
        inputs = nest.map_structure(lambda x: _replayed(x, known, training), call.inputs)
        kwargs = {key: nest.map_structure(lambda x: _replayed(x, known, training), value)
                  for key, value in call.kwargs.items()}
        if training is not None and kwargs.get("training") is None:
            kwargs["training"] = training
        made = nest.flatten(call.layer(inputs, *call.args, **kwargs))
        known[id(tensor)] = made[call.place]
    return known[id(tensor)]


def _output_shape(layer: Any) -> Any:
    try:
        output = layer.output
    except AttributeError:
        return "multiple"
    shapes = [tuple(x.shape.as_list()) for x in nest.flatten(output) if x is not None]
    return shapes[0] if len(shapes) == 1 else shapes


__getattr__ = _lazy("tf.keras.models", globals())
