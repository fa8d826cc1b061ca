"""Cases of einsum; NumPy's own is the oracle."""

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.einsum import Einsum, einsum
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(5)
SIZES = {"i": 2, "j": 3, "k": 4, "l": 2, "b": 2, "m": 1}


def case(name, equation, shapes=None, **options):
    terms = equation.split("->")[0].split(",")
    shapes = shapes or [tuple(SIZES[c] for c in term) for term in terms]
    arrays = tuple(RNG.normal(size=s) for s in shapes)
    options.setdefault("grad", True)
    return Case(f"Einsum/{name}", lambda *xs: einsum(equation, *xs), arrays,
                np.einsum(equation, *arrays), **options)


C = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))

CASES = [
    case("matmul", "ij,jk->ik"),
    case("matmul_turned", "ji,kj->ki"),
    case("stack", "bij,bjk->bik"),
    case("stack_inside", "ibj,kbj->kib"),
    case("outer", "i,j->ij"),
    case("elementwise", "ij,ij->ij"),
    case("elementwise_turned", "ij,ji->ji"),
    case("inner", "ij,ij->"),
    case("row_by_row", "ij,ij->i"),
    case("total", "ij->"),
    case("sum", "ijk->ki"),
    case("transpose", "ijk->kij"),
    case("alone_summed", "ij,k->i"),
    case("three", "ij,jk,kl->il"),
    case("four", "ij,j,k,ik->i"),
    case("trace", "ii->", [(3, 3)]),
    case("diagonal", "ii->i", [(3, 3)]),
    case("diagonal_inside", "iji,j->ij", [(2, 3, 2), (3,)]),
    case("implicit", "ij,jk"),
    case("implicit_transpose", "ba", [(2, 3)]),
    case("ellipsis", "...ij,...jk->...ik", [(2, 3, 4), (4, 5)], unknown_shapes=False),
    case("ellipsis_stretched", "...i,...i->...", [(3, 1, 2), (1, 4, 2)], unknown_shapes=False),
    case("ellipsis_summed_letter", "b...->...", [(3, 2)], unknown_shapes=False),
    case("ellipsis_implicit", "...ij", [(2, 3, 4)], unknown_shapes=False),
    case("empty", "ij,jk->ik", [(2, 0), (0, 3)], grad=False),
    case("scalars", ",i->i", [(), (3,)]),
    Case("Einsum/spaces", lambda x, y: einsum("ij, jk -> ik", x, y),
         (np.array([[1, 2]], np.int32), np.array([[3], [4]], np.int32)), np.array([[11]])),
    Case("Einsum/float32", lambda x: einsum("ij,kj->ik", x, [[1.0, 2.0, 3.0]]),
         (np.ones((2, 3), np.float32),), np.full((2, 1), 6.0)),
    Case("Einsum/complex", lambda x, y: einsum("ij,ij->i", x, y), (C, C), np.square(C).sum(1)),
    Case("Einsum/onto_a_diagonal", lambda x: Einsum.build([x], equation="ij->jij"),
         (np.arange(6.0).reshape(2, 3),),
         np.einsum("ij,jk->jik", np.arange(6.0).reshape(2, 3), np.eye(3)), grad=True),
]

Z = np.zeros((2, 3))
BAD = [
    BadCase("Einsum/sizes", lambda: einsum("ij,jk->ik", Z, Z), ValueError, ("3 and 2", "'j'")),
    BadCase("Einsum/sizes_run", lambda x: einsum("ij,jk->ik", x, x), InvalidArgumentError,
            ("3 and 2",), (Z,), "run"),
    BadCase("Einsum/rank", lambda: einsum("ijk->k", Z), ValueError, ("(2, 3)", "'ijk'")),
    BadCase("Einsum/count", lambda: einsum("ij,jk->ik", Z), ValueError, ("1 inputs",)),
    BadCase("Einsum/unknown_letter", lambda: einsum("ij->ik", Z), ValueError, ("'k'",)),
    BadCase("Einsum/twice", lambda: einsum("ij->ii", Z), ValueError, ("twice",)),
    BadCase("Einsum/characters", lambda: einsum("i1->i", Z), ValueError, ("letters",)),
    BadCase("Einsum/keyword", lambda: einsum("ij->i", Z, optimize=True), TypeError, ("optimize",)),
    BadCase("Einsum/dtypes", lambda x, y: einsum("i,i->i", x, y), TypeError,
            ("float64", "float32"),
            (Z[0], Z[0].astype(np.float32))),
    BadCase("Einsum/ellipsis_rank", lambda x: einsum("...i->...", x), ValueError, ("known rank",),
            (Z,)),
    BadCase("Einsum/ellipsis_lost", lambda: einsum("...i->i", Z), ValueError, ("'...' too",)),
]
