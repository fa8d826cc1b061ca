"""Programs of before TensorFlow 1.0: what names and orders of arguments meant then.

`overrides` says for each module what stands in front of flowgraph's own names. A function whose
arguments stood in another order takes both orders, told apart by what is given: today's calls mean
what they mean today. The first use of each old name logs what to write.
"""

from __future__ import annotations

import functools
from importlib import import_module
from types import ModuleType
from typing import Any

from flowgraph.compat import legacy_calls, legacy_ptb, legacy_rnn
from flowgraph.core.api.before_one import BEFORE_ONE

# Old names whose arguments are as today's function has them; from the path below `tf`.
_AS_TODAY = {
    "image.per_image_whitening": "image:per_image_standardization",
    "merge_all_summaries": "summary:merge_all",
    "merge_summary": "summary:merge",
    "nn.bidirectional_rnn": "nn:static_bidirectional_rnn",
    "nn.deconv2d": "nn:conv2d_transpose",
    "nn.rnn": "nn:static_rnn",
    "nn.state_saving_rnn": "nn:static_state_saving_rnn",
    "nn.rnn_cell.EmbeddingWrapper": "contrib.rnn:EmbeddingWrapper",
    "nn.rnn_cell.InputProjectionWrapper": "contrib.rnn:InputProjectionWrapper",
    "nn.rnn_cell.OutputProjectionWrapper": "contrib.rnn:OutputProjectionWrapper",
}
# Functions that take old and new arguments.
_CALLS: dict[str, Any] = {path: getattr(legacy_calls, path.rpartition(".")[2]) for path in (
    "concat", "split", "reverse", "nn.softmax_cross_entropy_with_logits",
    "nn.sparse_softmax_cross_entropy_with_logits", "nn.sigmoid_cross_entropy_with_logits",
    "nn.weighted_cross_entropy_with_logits", "nn.nce_loss", "nn.sampled_softmax_loss",
    "nn.ctc_loss", "image.resize_images")}
_SUMMARIES = {
    "scalar_summary": legacy_calls.scalar_summary,
    "histogram_summary": legacy_calls.histogram_summary,
    "image_summary": legacy_calls.image_summary,
    "audio_summary": legacy_calls.audio_summary,
    "train.SummaryWriter": legacy_calls.SummaryWriter,
}
# Inner modules that have names of these: from the module to where the names stand.
_INNER = {
    "python.ops.array_ops": ("", ("concat", "split", "reverse", "pack", "unpack", "listdiff",
                                  "batch_matrix_diag", "batch_matrix_band_part")),
    "python.ops.math_ops": ("", ("mul", "sub", "neg", "inv", "select", "batch_matmul",
                                 "complex_abs")),
    "python.ops.nn_ops": ("nn", ("softmax_cross_entropy_with_logits", "deconv2d",
                                 "sparse_softmax_cross_entropy_with_logits")),
    "python.ops.nn": ("nn", ("sigmoid_cross_entropy_with_logits", "nce_loss",
                             "softmax_cross_entropy_with_logits", "sampled_softmax_loss",
                             "sparse_softmax_cross_entropy_with_logits")),
    "python.ops.rnn": ("nn", ("rnn", "bidirectional_rnn", "state_saving_rnn")),
}


def overrides() -> dict[str, dict[str, Any]]:
    """For each path below `tensorflow`, the names in front; "" is `tensorflow` itself."""
    names: dict[str, Any] = {}
    for old, today in BEFORE_ONE.items():
        path = old.removeprefix("tf.")
        if path not in _AS_TODAY and "." not in path and _is_offered(path):
            names[path] = _told(path, legacy_calls.OWN.get(path) or _of(f":{today[3:]}"), today)
    for path, source in _AS_TODAY.items():
        names[path] = _told(path, functools.partial(_of, source), BEFORE_ONE[f"tf.{path}"])
    for path, function in _SUMMARIES.items():
        names[path] = _told(path, function, BEFORE_ONE[f"tf.{path}"])
    names |= _CALLS
    for name in legacy_rnn.__all__:
        names[f"nn.rnn_cell.{name}"] = getattr(legacy_rnn, name)
    result: dict[str, dict[str, Any]] = {"": {}}
    for path, value in names.items():
        module, _, name = path.rpartition(".")
        result.setdefault(module, {})[name] = value
    for inner, (module, taken) in _INNER.items():
        result[inner] = {name: result[module][name] for name in taken}
    result["python.ops.rnn_cell"] = result["python.ops.rnn_cell_impl"] = result["nn.rnn_cell"]
    result |= _modules(result)
    return result


def _is_offered(path: str) -> bool:
    """Whether it is a function that flowgraph has under its old name."""
    from flowgraph.lazy_names import LAZY

    return LAZY.get(path, "").startswith("flowgraph.namespaces.legacy:")


def _of(source: str) -> Any:
    """What "module:name" means, the module below flowgraph."""
    path, _, name = source.partition(":")
    value: Any = import_module("flowgraph")
    for part in [*path.split("."), name]:
        value = getattr(value, part) if part else value
    return value


def _told(path: str, function: Any, today: str) -> Any:
    """A function that logs today's name when it is first called.

    Args:
        path: the old name, below `tf`.
        function: what is called, or a partial that gives it.
        today: today's name.
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        legacy_calls.tell(path, today)
        found = function() if isinstance(function, functools.partial) else function
        return found(*args, **kwargs)

    call.__name__ = call.__qualname__ = path.rpartition(".")[2]
    call.__doc__ = f"`{today}` under its name of before TensorFlow 1.0."
    return call


class _Later(ModuleType):
    """A module that gives another one's names, imported when the first is asked for.

    Args:
        name: its name.
        behind: the other module's name.
    """

    def __init__(self, name: str, behind: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__file__ = __file__
        self.__dict__["_behind"] = behind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self._behind), name)


def _modules(names: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """`tf.nn.seq2seq` and `tf.models.rnn`: modules that were elsewhere then.

    Args:
        names: what stands in front of the other modules.
    """
    seq2seq = _Later("tensorflow.nn.seq2seq", "flowgraph.contrib.legacy_seq2seq")
    names["nn"]["seq2seq"] = seq2seq
    rnn = {**names["python.ops.rnn"], **{name: _of(f"nn:{name}") for name in (
        "dynamic_rnn", "bidirectional_dynamic_rnn", "raw_rnn")}}
    cells = {**{name: getattr(_of("nn:rnn_cell"), name) for name in dir(_of("nn:rnn_cell"))
                if name[0].isupper()}, **names["nn.rnn_cell"]}
    return {"models": {}, "models.rnn": {"seq2seq": seq2seq}, "models.rnn.rnn": rnn,
            "models.rnn.rnn_cell": cells,
            "models.rnn.linear": {"linear": legacy_rnn.linear}, "models.rnn.ptb": {},
            "models.rnn.ptb.reader": {name: getattr(legacy_ptb, name)
                                      for name in legacy_ptb.NAMES}}
