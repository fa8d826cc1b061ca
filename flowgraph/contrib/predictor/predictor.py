"""Predictors: a graph with a session, called with a dict of arrays."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.graph.graph import Graph
from flowgraph.runtime.session import Session
from flowgraph.saved_model.files import read_saved_model
from flowgraph.saved_model.loader import graph_of_tags, load
from flowgraph.saved_model.signature_constants import DEFAULT_SERVING_SIGNATURE_DEF_KEY
from flowgraph.train.monitored_session import ChiefSessionCreator, MonitoredSession


class Predictor:
    """A function from a dict of arrays to a dict of arrays, computed by a session.

    Args:
        graph: the graph.
        session: a session of it, with the variables' values.
        feed_tensors: dict from names to tensors, or their names, that are fed.
        fetch_tensors: dict from names to tensors, or their names, that are returned.

    Example:
        >>> import flowgraph as fg
        >>> graph = fg.Graph()
        >>> with graph.as_default():
        ...     x = fg.placeholder(fg.float32)
        ...     y = 2.0 * x
        >>> double = fg.contrib.predictor.Predictor(graph, fg.Session(graph=graph), {"x": x},
        ...                                         {"y": y})
        >>> double({"x": 3.0})
        {'y': np.float32(6.0)}
    """

    def __init__(self, graph: Any, session: Any, feed_tensors: dict[str, Any],
                 fetch_tensors: dict[str, Any]) -> None:
        self._graph, self._session = graph, session
        self._feed_tensors = _tensors(graph, feed_tensors)
        self._fetch_tensors = _tensors(graph, fetch_tensors)

    @property
    def graph(self) -> Any:
        """The graph."""
        return self._graph

    @property
    def session(self) -> Any:
        """The session."""
        return self._session

    @property
    def feed_tensors(self) -> dict[str, Any]:
        """The tensors that are fed, by the names of a call's inputs."""
        return self._feed_tensors

    @property
    def fetch_tensors(self) -> dict[str, Any]:
        """The tensors that are returned, by the names of a call's outputs."""
        return self._fetch_tensors

    def __repr__(self) -> str:
        return (f"{type(self).__name__} with feed tensors {self._feed_tensors} and fetch_tensors "
                f"{self._fetch_tensors}")

    def __call__(self, input_dict: dict[str, Any]) -> dict[str, Any]:
        """Computes the outputs for some inputs.

        Args:
            input_dict: dict from names of `feed_tensors` to arrays; what is left out is not fed.

        Returns:
            Dict from the names of `fetch_tensors` to arrays.

        Raises:
            ValueError: there is no such input.
        """
        unexpected = set(input_dict) - set(self._feed_tensors)
        if unexpected:
            raise ValueError(located(f"Got unexpected keys in input_dict: {sorted(unexpected)}. "
                                     f"Expected: {sorted(self._feed_tensors)}"))
        return self._session.run(self._fetch_tensors, {
            self._feed_tensors[key]: value for key, value in input_dict.items()
            if value is not None})


def _tensors(graph: Any, named: dict[str, Any]) -> dict[str, Any]:
    return {key: graph.as_graph_element(tensor, allow_operation=False)
            for key, tensor in named.items()}


def from_saved_model(export_dir: Any, signature_def_key: str | None = None,
                     signature_def: Any = None, input_names: dict[str, str] | None = None,
                     output_names: dict[str, str] | None = None, tags: str | None = None,
                     graph: Any = None, config: Any = None) -> Predictor:
    """A predictor of a SavedModel.

    Args:
        export_dir: the SavedModel's folder.
        signature_def_key: the signature that tells inputs and outputs; default
            "serving_default". Give this, a signature, or the two dicts of names.
        signature_def: a SignatureDef.
        input_names, output_names: dicts from any names to names of tensors of the graph.
        tags: the tags of the graph, with commas between; default "serve".
        graph: the graph to load into; default a new one.
        config: ConfigProto of the session.

    Returns:
        A Predictor.

    Raises:
        ValueError: there is no such graph or signature, or the arguments do not go together.
        OSError: there is no SavedModel.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> folder = os.path.join(tempfile.mkdtemp(), "model")
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     x = fg.placeholder(fg.float32)
        ...     fg.saved_model.simple_save(sess, folder, {"x": x}, {"y": 2.0 * x})
        >>> predict = fg.contrib.predictor.from_saved_model(folder)
        >>> predict({"x": [1.0, 3.0]})
        {'y': array([2., 6.], dtype=float32)}
    """
    if (input_names is None) != (output_names is None):
        raise ValueError(located("input_names and output_names must both be specified or both be "
                                 "unspecified."))
    if sum(given is not None for given in (signature_def_key, signature_def, input_names)) > 1:
        raise ValueError(located("You must specify at most one of signature_def_key OR "
                                 "signature_def OR (input_names AND output_names)."))
    wanted = [tag.strip() for tag in (tags or "serve").split(",")]
    try:  # before anything is loaded
        meta_graph = graph_of_tags(read_saved_model(export_dir), wanted)
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    if input_names is None or output_names is None:
        signature = signature_def or _signature(meta_graph, signature_def_key)
        input_names = {key: info.name for key, info in signature.inputs.items()}
        output_names = {key: info.name for key, info in signature.outputs.items()}
    graph = graph or Graph()
    with graph.as_default():
        session = Session(config=config)
        load(session, wanted, export_dir)
    return Predictor(graph, session, input_names, output_names)


def _signature(meta_graph: Any, key: str | None) -> Any:
    key = key or DEFAULT_SERVING_SIGNATURE_DEF_KEY
    for name in (key, f"default_input_alternative:{key}"):  # as tf.contrib.learn names them
        if name in meta_graph.signature_def:
            return meta_graph.signature_def[name]
    raise ValueError(located(f'Got signature_def_key "{key}". Available signatures are '
                             f"{sorted(meta_graph.signature_def)}."))


def from_estimator(estimator: Any, serving_input_receiver_fn: Any, output_key: str | None = None,
                   graph: Any = None, config: Any = None) -> Predictor:
    """A predictor of an Estimator's latest checkpoint.

    Args:
        estimator: a `tf.estimator.Estimator`.
        serving_input_receiver_fn: function that returns a
            `tf.estimator.export.ServingInputReceiver`; its receiver tensors are fed.
        output_key: which of the model's `export_outputs` is returned; default "serving_default".
        graph: the graph to build in; default a new one.
        config: ConfigProto of the session.

    Returns:
        A Predictor.

    Raises:
        TypeError: the estimator is one of `tf.contrib.learn`.
        KeyError: the model has no such output.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> column = fg.feature_column.numeric_column("x")
        >>> data = fg.estimator.inputs.numpy_input_fn({"x": np.ones([4])}, np.ones([4]),
        ...                                           shuffle=False)
        >>> model = fg.estimator.LinearRegressor([column]).train(data, steps=1)
        >>> def receiver():
        ...     x = fg.placeholder(fg.float32, [None])
        ...     return fg.estimator.export.ServingInputReceiver({"x": x}, {"x": x})
        >>> predict = fg.contrib.predictor.from_estimator(model, receiver, "predict")
        >>> predict({"x": [1.0, 2.0]})["predictions"].shape
        (2, 1)
    """
    if not isinstance(estimator, Estimator):
        raise TypeError(located(
            "Expected estimator to be of type tf.estimator.Estimator, but got type "
            f"{type(estimator)}.",
            "For one of tf.contrib.learn, call its export_savedmodel, and from_saved_model."))
    key = output_key or DEFAULT_SERVING_SIGNATURE_DEF_KEY
    graph = graph or Graph()
    with graph.as_default():
        receiver = serving_input_receiver_fn()
        spec = estimator.model_fn(receiver.features, None, ModeKeys.PREDICT, estimator.config)
        if key not in spec.export_outputs:
            raise KeyError(located(
                f"output_key must be one of {list(spec.export_outputs)}; got {key}"))
        signature = spec.export_outputs[key].as_signature_def(receiver.receiver_tensors)
        session = MonitoredSession(ChiefSessionCreator(spec.scaffold, config=config,
                                                       checkpoint_dir=estimator.model_dir))
    return Predictor(graph, session,
                     {name: info.name for name, info in signature.inputs.items()},
                     {name: info.name for name, info in signature.outputs.items()})
