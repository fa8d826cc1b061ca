"""Wrong inputs of regular ops: dtypes that a family does not take, shapes that do not go together.

The errors are those of TensorFlow: a dtype is a TypeError, a shape that the graph knows a
ValueError, one that only the run tells an InvalidArgumentError.
"""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase

load_every_op()

TWO, THREE = np.ones(2, np.float32), np.ones(3, np.float32)


def made(op, *inputs, **attrs):
    """A function that builds the op, from constants of the arrays; a list is a list of tensors."""
    return lambda: op_def(op).build(
        *[[fg.constant(one) for one in part] if isinstance(part, list) else fg.constant(part)
          for part in inputs], **attrs)


# ---- a dtype that the op does not take -----------------------------------------------------------

WRONG_DTYPE = (
    ("int32", np.int32(1),
        "Acos Acosh Asin Asinh Atan Atanh BesselI0e BesselI1e Ceil Cos Cosh Digamma Erfc Erfinv "
        "Expm1 IsFinite IsInf IsNan LeakyRelu Lgamma Log Log1p LogSoftmax Ndtri Reciprocal Rint "
        "Rsqrt Selu Sigmoid Sin Sinh Softsign Tan Tanh OrthogonalFactor FFT3D IFFT IFFT2D IFFT3D"),
    ("float32", np.float32(1), "Angle ComplexAbs Real Imag PrintV2 StringLength StringToHashBucket "
                    "StringToHashBucketFast StringToHashBucketStrong TensorListLength "
                    "AccumulatorNumAccumulated ResourceAccumulatorNumAccumulated"),
    ("bool", True, "Abs BiasAddGrad CountUpTo Diag Neg Relu6 Sign Square"),
    ("string", "text", "OnesLike Round Where ZerosLike"),
)
ATTRIBUTES = {"StringToHashBucket": {"num_buckets": 2},
              "StringToHashBucketFast": {"num_buckets": 2},
              "StringToHashBucketStrong": {"num_buckets": 2, "key": [1, 2]},
              "CountUpTo": {"limit": 2}}

# ---- two inputs of shapes that do not broadcast, or are not the same -----------------------------

BROADCAST = ("AddV2 Atan2 DivNoNan GreaterEqual Igammac IgammaGradA LessEqual Minimum Mul MulNoNan "
             "NotEqual Polygamma RealDiv Xdivy Xlog1py Xlogy Complex")
BROADCAST_INT = "BitwiseXor RightShift"
SAME_SHAPE = ("EluGrad FakeQuantWithMinMaxArgsGradient LeakyReluGrad ReciprocalGrad Relu6Grad "
              "ReluGrad RsqrtGrad SeluGrad SigmoidGrad SoftplusGrad SoftsignGrad SqrtGrad TanhGrad")

# ---- reductions over an axis that there is not ---------------------------------------------------

REDUCTIONS = {"Any": fg.reduce_any, "EuclideanNorm": fg.math.reduce_euclidean_norm,
              "Mean": fg.reduce_mean, "Min": fg.reduce_min, "Prod": fg.reduce_prod}

# ---- values that no tensor can be made of --------------------------------------------------------

NO_TENSOR = ("GuaranteeConst Identity PreventGradient RandomShuffle Rank SerializeTensor Size "
             "StopGradient")

# ---- writes into variables -----------------------------------------------------------------------

SCATTER = ("ScatterDiv ScatterMax ScatterMin ScatterMul ScatterSub ScatterUpdate ScatterNdSub "
           "ScatterNdUpdate")


def scattered(op, index, updates, ref=None):
    """A function that scatters into a variable of 3 elements, or into `ref`."""
    indices = [[index]] if "Nd" in op else [index]
    return lambda: op_def(op).build(fg.Variable(THREE) if ref is None else ref(), indices, updates)


def scattered_when_initialized(op, index):
    """As `scattered`, in a run that gives the variable its value first."""
    def build():
        variable = fg.Variable(THREE)
        with fg.control_dependencies([variable.initializer]):
            return scattered(op, index, TWO[:1], lambda: variable)()
    return build


BAD = [
    *(BadCase(f"{op}/does_not_take_{dtype}", made(op, value, **ATTRIBUTES.get(op, {})), TypeError,
              (f"{op} '", f"does not take {dtype} for", "It takes"))
      for dtype, value, names in WRONG_DTYPE for op in names.split()),
    *(BadCase(f"{op}/sizes", made(op, TWO.astype(dtype), THREE.astype(dtype)), ValueError,
              (f"{op} '", "cannot broadcast (2,) with (3,)", "the sizes 2 and 3 must be equal"))
      for names, dtype in ((BROADCAST, np.float32), (BROADCAST_INT, np.int32))
      for op in names.split()),
    *(BadCase(f"{op}/sizes_at_run", lambda x, y, f=op: op_def(f).build(x, y), InvalidArgumentError,
              (f"{op} '", "(2,)", "(3,)"), (TWO.astype(dtype), THREE.astype(dtype)), "run")
      for names, dtype in ((BROADCAST, np.float32), (BROADCAST_INT, np.int32))
      for op in names.split()),
    *(BadCase(f"{op}/mixed", made(op, TWO, TWO.astype(np.float64)), TypeError,
              (f"{op} '", "cannot mix float32 and float64", "tf.cast(..., tf.float64)"))
      for op in (BROADCAST + " " + SAME_SHAPE).split()
      if op != "FakeQuantWithMinMaxArgsGradient"),
    *(BadCase(f"{op}/sizes", made(op, TWO, THREE), ValueError,
              (f"{op} '", "of one shape, got (2,) and (3,)"))
      for op in SAME_SHAPE.split()),
    *(BadCase(f"{op}/no_such_axis",
              lambda f=function, d=op: f(TWO > 0 if d == "Any" else TWO, axis=1), ValueError,
              (f"{op} '", "has reduction axis 1, but its input has rank 1", "in [-1, 1)"))
      for op, function in REDUCTIONS.items()),
    *(BadCase(f"{op}/axis_at_run", function, InvalidArgumentError, (f"{op} '", "axis 1", "(2,)"),
              (TWO.astype(bool) if op == "Any" else TWO, np.int32(1)), "run")
      for op, function in REDUCTIONS.items()),
    *(BadCase(f"{op}/does_not_take_string", lambda f=function: f(["a"]), TypeError,
              (f"{op} '", "string"))
      for op, function in REDUCTIONS.items()),
    *(BadCase(f"{op}/uneven", lambda f=op: op_def(f).build([[1], [2, 3]]), ValueError,
              (f"{op} '", "uneven lengths")) for op in NO_TENSOR.split()),
    *(BadCase(f"{op}/none", lambda f=op: op_def(f).build(None), ValueError,
              (f"{op} '", "None values not supported")) for op in NO_TENSOR.split()),
    *(BadCase(f"{op}/not_a_variable", scattered(op, 0, [1.0], lambda: fg.constant(THREE)),
              TypeError, (f"{op} '", "needs a variable for 'ref'", "not its value"))
      for op in SCATTER.split()),
    *(BadCase(f"{op}/two_for_one", scattered(op, 0, TWO), ValueError,
              (f"{op} '", "cannot scatter updates of shape (2,)", "(3,)"))
      for op in SCATTER.split()),
    *(BadCase(f"{op}/float_index", scattered(op, 0.5, TWO[:1]), TypeError,
              (f"{op} '", "does not take float32 for 'indices'", "int32 or int64"))
      for op in SCATTER.split()),
    *(BadCase(f"{op}/outside", scattered_when_initialized(op, 7), InvalidArgumentError,
              (f"{op} '", "7", "[0, 3)"), phase="run") for op in SCATTER.split()),
    *(BadCase(f"{op}/no_value_yet", scattered(op, 0, TWO[:1]), fg.errors.FailedPreconditionError,
              ("uninitialized", "global_variables_initializer"), phase="run")
      for op in SCATTER.split()),
]
