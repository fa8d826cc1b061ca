"""`tf.test`: tests of programs of graphs."""

from unittest import mock as mock

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.testing.base import TestCase
from flowgraph.testing.environment import (
    Benchmark,
    StubOutForTesting,
    benchmark_config,
    get_temp_dir,
    gpu_device_name,
    is_built_with_cuda,
    is_built_with_gpu_support,
    is_built_with_rocm,
    is_gpu_available,
    main,
    test_src_dir_path,
)
from flowgraph.testing.graph_defs import assert_equal_graph_def
from flowgraph.testing.jacobian import compute_gradient, compute_gradient_error

__getattr__ = _lazy("tf.test", globals())
