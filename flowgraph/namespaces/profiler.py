"""`tf.profiler`: parameters, floating point operations, times and memory of a graph."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.summary.profile_messages import GraphNodeProto, MultiGraphNodeProto
from flowgraph.summary.profile_options import ProfileOptionBuilder
from flowgraph.summary.profiler import Profiler, profile

__getattr__ = _lazy("tf.profiler", globals())
