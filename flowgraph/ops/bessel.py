"""The modified Bessel functions I0 and I1 of the first kind, plain and scaled by e^(-|x|).

The scaled ones are ops: Chebyshev series (the way of Clenshaw, 1962) in x/4 - 1 up to 8, and of
sqrt(x) times the function in 16/x - 1 beyond. The plain ones are built from them.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.families import Unary
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.approximation import chebyshev, in_double
from flowgraph.ops.exponential import exp
from flowgraph.ops.select import SelectV2
from flowgraph.ops.unary import abs as absolute
from flowgraph.ops.unary import sign

_I0_SMALL = (
    0.33839763720473804, -0.3046826723431984, 0.17162090152220878, -9.4901097048047644e-2,
    4.9305284239670708e-2, -2.3737414805899469e-2, 1.0546460394594998e-2, -4.3243099950505759e-3,
    1.6394756169413358e-3, -5.7637557453858237e-4, 1.8850288509584166e-4, -5.7541950100821037e-5,
    1.6448448070728897e-5, -4.4167383584587506e-6, 1.1173875391201037e-6, -2.6707938539406117e-7,
    6.0469950225419189e-8, -1.300025009986248e-8, 2.6598237246823867e-9, -5.1897956016352629e-10,
    9.6758090353732369e-11, -1.7268262914415557e-11, 2.9550526631296398e-12,
    -4.8564467831119295e-13, 7.6761854986049356e-14, -1.1685332877993452e-14,
    1.715391285555133e-15, -2.4312798465479547e-16, 3.3307945188222381e-17)
_I0_LARGE = (
    0.40224520550705442, 3.3691164782556941e-3, 6.889758346916824e-5, 2.8913705208347565e-6,
    2.0489185894690637e-7, 2.2666689904981781e-8, 3.3962320257083863e-9, 4.9406023882249696e-10,
    1.1889147107846438e-11, -3.1499165279632414e-11, -1.3215811840447713e-11,
    -1.7941785315068061e-12, 7.1801244513836662e-13, 3.8527783827421427e-13,
    1.5400862175214098e-14, -4.1505693472872221e-14, -9.5548466988283076e-15,
    3.8116806693526224e-15, 1.7725601330565264e-15, -3.4254856196772191e-16,
    -2.8276239805165835e-16, 3.4612228676974611e-17, 4.46562142029676e-17)
_I1_OVER_X_SMALL = (
    0.12629359322181683, -0.17641651835783406, 0.1026436586898471, -5.2945981208094991e-2,
    2.4726449030626517e-2, -1.0564084894626198e-2, 4.1564229443128882e-3, -1.5135724506312531e-3,
    5.1228595616857577e-4, -1.6176081582589675e-4, 4.7815651075500542e-5, -1.3273163656039436e-5,
    3.4702513081376785e-6, -8.5687202646954547e-7, 2.0032947535521353e-7, -4.4450591287963281e-8,
    9.3815373864957718e-9, -1.8872497517228293e-9, 3.625590281552117e-10, -6.6634897235020277e-11,
    1.1736186298890902e-11, -1.9839743977649437e-12, 3.2237933659455747e-13,
    -5.0421855047279117e-14, 7.6006842947354069e-15, -1.1055969477353863e-15,
    1.5536319577362005e-16, -2.1114212143581661e-17, 2.7779141127610464e-18)
_I1_LARGE = (
    0.38928811750914006, -9.7610974913614684e-3, -1.1058893876262372e-4, -3.8825648088776904e-6,
    -2.5122362378702089e-7, -2.6314688468895195e-8, -3.835380385964237e-9,
    -5.5897434621965838e-10, -1.8974958123505412e-11, 3.2526035830154882e-11,
    1.4125807436613781e-11, 2.0356285441470895e-12, -7.1985517762459085e-13,
    -4.0835511110921973e-13, -2.1015418426727643e-14, 4.2724400167119514e-14,
    1.0420276984128803e-14, -3.8144030724370078e-15, -1.8803547755107824e-15,
    3.3082023109209283e-16, 2.9626289976459501e-16, -3.209525921993424e-17,
    -4.6503053684893583e-17)


def _pieces(xp, size, small, large):
    """(the series for |x| <= 8, the one beyond), each computed where it holds."""
    near, far = xp.minimum(size, 8.0), xp.maximum(size, 8.0)
    return chebyshev(near / 4 - 1, small), chebyshev(16 / far - 1, large) / xp.sqrt(far)


def _i0e(xp, x):
    size = abs(x)
    near, far = _pieces(xp, size, _I0_SMALL, _I0_LARGE)
    return xp.where(size <= 8, near, far)


def _i1e(xp, x):
    size = abs(x)
    near, far = _pieces(xp, size, _I1_OVER_X_SMALL, _I1_LARGE)
    return xp.where(size <= 8, x * near, xp.copysign(far, x))


class BesselI0e(Unary):
    """y = e^(-|x|) I0(x)."""

    T = dt.FLOAT
    maps_values = True

    def kernel(self, xp, x):
        return in_double(xp, _i0e, x)

    def grad(self, op, dy):
        x = op.inputs[0]
        return dy * (bessel_i1e(x) - sign(x) * op.outputs[0])


def bessel_i0e(x, name=None):
    """Computes e^(-|x|) I0(x), the scaled modified Bessel function of order 0.

    Args:
        x: floating tensor; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.bessel_i0e([0.0, 1.0]))
        array([1.       , 0.4657596], dtype=float32)
    """
    with name_scope(name, "bessel_i0e", [x]):
        return BesselI0e.build(x)


class BesselI1e(Unary):
    """y = e^(-|x|) I1(x)."""

    T = dt.FLOAT
    maps_values = True

    def kernel(self, xp, x):
        return in_double(xp, _i1e, x)

    def grad(self, op, dy):
        x, y = op.inputs[0], op.outputs[0]
        # I1(x) / x tends to 1/2 at 0, where the formula would divide by 0
        zero = op_def("Equal").build(x, op_def("ZerosLike").build(x))
        safe = SelectV2.build(zero, op_def("OnesLike").build(x), x)
        slope = bessel_i0e(safe) - y * (sign(safe) + 1 / safe)
        half = op_def("OnesLike").build(x) * 0.5
        return dy * SelectV2.build(zero, half, slope)


def bessel_i1e(x, name=None):
    """Computes e^(-|x|) I1(x), the scaled modified Bessel function of order 1.

    Args:
        x: floating tensor; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.bessel_i1e([0.0, 1.0]))
        array([0.        , 0.20791042], dtype=float32)
    """
    with name_scope(name, "bessel_i1e", [x]):
        return BesselI1e.build(x)


def bessel_i0(x, name=None):
    """Computes I0(x), the modified Bessel function of the first kind of order 0.

    Args:
        x: floating tensor.
        name: name of the scope of the nodes.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.bessel_i0([0.0, 1.0]))
        array([1.      , 1.266066], dtype=float32)
    """
    with name_scope(name, "bessel_i0", [x]):
        x = convert_to_tensor(x, name="x")
        return exp(absolute(x)) * bessel_i0e(x)


def bessel_i1(x, name=None):
    """Computes I1(x), the modified Bessel function of the first kind of order 1.

    Args:
        x: floating tensor.
        name: name of the scope of the nodes.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.bessel_i1([0.0, 1.0]))
        array([0.        , 0.56515914], dtype=float32)
    """
    with name_scope(name, "bessel_i1", [x]):
        x = convert_to_tensor(x, name="x")
        return exp(absolute(x)) * bessel_i1e(x)
