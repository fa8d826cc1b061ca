"""`tf.initializers`: first values of variables."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.initializers import Constant as constant
from flowgraph.ops.initializers import GlorotNormal as glorot_normal
from flowgraph.ops.initializers import GlorotUniform as glorot_uniform
from flowgraph.ops.initializers import Identity as identity
from flowgraph.ops.initializers import Ones as ones
from flowgraph.ops.initializers import Orthogonal as orthogonal
from flowgraph.ops.initializers import RandomNormal as random_normal
from flowgraph.ops.initializers import RandomUniform as random_uniform
from flowgraph.ops.initializers import TruncatedNormal as truncated_normal
from flowgraph.ops.initializers import UniformUnitScaling as uniform_unit_scaling
from flowgraph.ops.initializers import VarianceScaling as variance_scaling
from flowgraph.ops.initializers import Zeros as zeros
from flowgraph.ops.initializers import he_normal, he_uniform, lecun_normal, lecun_uniform
from flowgraph.ops.variable_lists import global_variables_initializer as global_variables
from flowgraph.ops.variable_lists import local_variables_initializer as local_variables
from flowgraph.ops.variable_lists import variables_initializer as variables

_LAZY = {"tables_initializer": "flowgraph.ops.lookup_static:tables_initializer"}
__getattr__ = _lazy("tf.initializers", globals(), _LAZY)
