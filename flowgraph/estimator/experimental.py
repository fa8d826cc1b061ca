"""`tf.estimator.experimental`: receivers for training graphs, and hooks that stop early."""

from flowgraph.core.lazy import lazy as _lazy

_STOPPING = ("make_early_stopping_hook", "stop_if_higher_hook", "stop_if_lower_hook",
             "stop_if_no_decrease_hook", "stop_if_no_increase_hook")

__getattr__ = _lazy("tf.estimator.experimental", globals(), {
    "build_raw_supervised_input_receiver_fn":
        "flowgraph.estimator.receivers:build_raw_supervised_input_receiver_fn",
    **{name: f"flowgraph.estimator.early_stopping:{name}" for name in _STOPPING},
})
