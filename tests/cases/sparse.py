"""Rows for the ops on sparse tensors; dense NumPy arrays are the oracle where there is one."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.sparse_arithmetic import sparse_dense_cwise_add
from flowgraph.ops.sparse_serialize import deserialize_sparse
from flowgraph.ops.sparse_tensor import sparse_parts
from flowgraph.testing import BadCase, Case

INVALID = fg.errors.InvalidArgumentError
I = np.array([[0, 1], [0, 3], [1, 0], [2, 2], [2, 3]])  # noqa: E741 - indices
V = np.array([1.5, -2.0, 3.0, 0.5, -1.25])
S = np.array([3, 4])
J = np.array([[0, 0], [0, 3], [2, 2]])
W = np.array([4.0, 2.5, -3.0])
MIXED = np.array([3, 0, 4, 2, 1])  # an order that is not sorted
D = np.arange(1.0, 13.0).reshape(3, 4) / 4
CUBE = np.array([[0, 0, 1], [0, 2, 0], [0, 2, 1], [1, 0, 1], [1, 2, 1]])
CUBE_SHAPE = np.array([2, 3, 2])


def sparse(indices, values, dense_shape):
    return fg.SparseTensor(indices, values, dense_shape)


def parts(tensor):
    return list(sparse_parts(tensor))


def dense(indices, values, sizes):
    result = np.zeros(sizes, values.dtype)
    np.add.at(result, tuple(indices.T), values)
    return result


def on_parts(function, *args, **kwargs):
    """Builds function(sparse, ...) of three placeholders and gives its parts."""
    return lambda i, v, s: parts(function(sparse(i, v, s), *args, **kwargs))


def squares(function, count):
    """The squares of the entries of function(sparse), of which there are `count`."""
    return lambda i, v, s, *more: fg.square(fg.reshape(function(sparse(i, v, s), *more).values,
                                                       [count]))


UNION = np.array([[0, 0], [0, 1], [0, 3], [1, 0], [2, 2], [2, 3]])
SUM = np.array([4.0, 1.5, 0.5, 3.0, -2.5, -1.25])


def add(a, b, c, d, e, f, threshold=None):
    return parts(fg.sparse_add(sparse(a, b, c), sparse(d, e, f), threshold))


CASES = [
    Case("SparseAdd/sorted", add, (I, V, S, J, W, S), [UNION, SUM, S]),
    Case("SparseAdd/threshold", lambda *t: add(*t, threshold=1.0), (I, V, S, J, W, S),
         [UNION[[0, 1, 3, 4, 5]], SUM[[0, 1, 3, 4, 5]], S]),
    Case("SparseAdd/threshold_nothing_met", lambda *t: add(*t, threshold=9.0),
         (I[:1], V[:1], S, J[:1], W[:1], S), [UNION[:2], SUM[:2], S]),
    Case("SparseAdd/repeated_rows_meet_in_turn", add,
         (I[[0, 0, 1]], V[:3], S, I[[0, 1, 1]], V[2:], S),
         [I[[0, 0, 1, 1]], np.array([4.5, -2.0, 3.5, -1.25]), S]),
    Case("SparseAdd/nothing", add, (I[:0], V[:0], S, J[:0], W[:0], S), [I[:0], V[:0], S]),
    Case("SparseAdd/complex", add, (I, V * (1 + 2j), S, J, W.astype(complex), S),
         [UNION, np.array([4, 1.5 + 3j, 0.5 - 4j, 3 + 6j, -2.5 + 1j, -1.25 - 2.5j]), S]),
    Case("SparseAdd/indices_too_far_apart_to_number", add,
         (np.array([[0, 2**62], [2**40, 5]]), V[:2], np.array([2**41, 2**62 + 1]),
          np.array([[1, 0], [2**40, 5]]), W[:2], np.array([2**41, 2**62 + 1])),
         [np.array([[0, 2**62], [1, 0], [2**40, 5]]), np.array([1.5, 4.0, 0.5]),
          np.array([2**41, 2**62 + 1])]),
    Case("SparseAdd/gradient", lambda v, w: fg.square(fg.reshape(
        fg.sparse_add(sparse(I, v, S), sparse(J, w, S)).values, [6])), (V, W), SUM**2, grad=True),
    Case("SparseTensorDenseAdd/matrix", lambda i, v, s, d: fg.sparse_add(sparse(i, v, s), d),
         (I, V, S, D), lambda i, v, s, d: d + dense(i, v, s), grad=True),
    Case("SparseTensorDenseAdd/repeated_out_of_order",
         lambda i, v, s, d: fg.sparse_add(d, sparse(i, v, s)),
         (I[[3, 0, 3, 3, 1]], V, S, D), lambda i, v, s, d: d + dense(i, v, s)),
    Case("SparseTensorDenseAdd/cube", lambda i, v, s, d: fg.sparse_add(d, sparse(i, v, s)),
         (CUBE, V.astype(np.float32), CUBE_SHAPE, D.astype(np.float32).reshape(2, 3, 2)),
         lambda i, v, s, d: d + dense(i, v, s)),
    Case("SparseSparseMaximum/one_side_is_0", lambda *t: parts(
        fg.sparse_maximum(sparse(*t[:3]), sparse(*t[3:]))), (I, V, S, J, W, S),
         [UNION, np.array([4.0, 1.5, 2.5, 3.0, 0.5, 0.0]), S]),
    Case("SparseSparseMinimum/one_side_is_0", lambda *t: parts(
        fg.sparse_minimum(sparse(*t[:3]), sparse(*t[3:]))), (I, V, S, J, W, S),
         [UNION, np.array([0.0, 0.0, -2.0, 0.0, -3.0, -1.25]), S]),
    Case("SparseSparseMinimum/int32", lambda *t: parts(
        fg.sparse_minimum(sparse(*t[:3]), sparse(*t[3:]))),
         (I, np.arange(5, dtype=np.int32), S, J, np.int32([1, -1, 9]), S),
         [UNION, np.int32([0, 0, -1, 0, 3, 0]), S]),
    *[Case(f"SparseDenseCwiseMul/{name}",
           lambda i, v, s, d: fg.square((sparse(i, v, s) * d).values),
           (I, V, S, d), lambda i, v, s, d: (v * np.broadcast_to(d, s)[tuple(i.T)])**2, grad=True)
      for name, d in (("matrix", D), ("row", D[:1]), ("column", D[:, :1]), ("vector", D[0]),
                      ("scalar", D[1, 2]))],
    Case("SparseDenseCwiseMul/dense_on_the_left", lambda i, v, s, d: (d * sparse(i, v, s)).values,
         (I, V, S, D), lambda i, v, s, d: v * d[tuple(i.T)]),
    *[Case(f"SparseDenseCwiseDiv/{name}", lambda i, v, s, d: (sparse(i, v, s) / d).values,
           (I, V, S, d), lambda i, v, s, d: v / np.broadcast_to(d, s)[tuple(i.T)], grad=True)
      for name, d in (("matrix", D), ("column", D[:, :1]), ("vector", D[0]))],
    Case("SparseDenseCwiseDiv/integers_become_floats", lambda i, v, s: (sparse(i, v, s) / 4).values,
         (I, np.arange(-2, 3, dtype=np.int32), S), np.arange(-2, 3) / 4),
    Case("SparseDenseCwiseAdd/row", lambda i, v, s, d: fg.square(
        sparse_dense_cwise_add(sparse(i, v, s), d).values), (I, V, S, D[:1]),
         lambda i, v, s, d: (v + d[0, i[:, 1]])**2, grad=True),
    Case("SparseReorder/mixed", on_parts(fg.sparse_reorder), (I[MIXED], V[MIXED], S), [I, V, S]),
    Case("SparseReorder/repeated_rows_stay_in_turn", on_parts(fg.sparse_reorder),
         (np.array([[2], [0], [2], [0]]), np.int64([1, 2, 3, 4]), np.array([3])),
         [np.array([[0], [0], [2], [2]]), np.int64([2, 4, 1, 3]), np.array([3])]),
    Case("SparseReorder/text", on_parts(fg.sparse_reorder),
         (I[[1, 0]], np.array([b"b", b"a"], object), S),
         [I[:2], np.array([b"a", b"b"], object), S]),
    Case("SparseReorder/gradient", squares(fg.sparse_reorder, 5), (I[MIXED], V[MIXED], S), V**2,
         grad=True),
    Case("SparseReshape/cube", on_parts(fg.sparse_reshape, [2, 3, 2]), (I, V, S),
         [np.array([[0, 0, 1], [0, 1, 1], [0, 2, 0], [1, 2, 0], [1, 2, 1]]), V,
          np.array([2, 3, 2])]),
    Case("SparseReshape/inferred", lambda i, v, s, n: parts(fg.sparse_reshape(sparse(i, v, s), n)),
         (I, V, S, np.array([-1, 6])),
         [np.array([[0, 1], [0, 3], [0, 4], [1, 4], [1, 5]]), V, np.array([2, 6])]),
    Case("SparseReshape/scalar", on_parts(fg.sparse_reshape, []),
         (np.array([[0, 0]]), V[:1], np.array([1, 1])),
         [np.zeros((1, 0), np.int64), V[:1], np.zeros(0, np.int64)], unknown_shapes=False),
    Case("SparseReshape/empty", on_parts(fg.sparse_reshape, [0, 7]),
         (I[:0], V[:0], np.array([3, 0])), [I[:0], V[:0], np.array([0, 7])]),
    Case("sparse_transpose/reverse", on_parts(fg.sparse_transpose), (I, V, S),
         [np.array([[0, 1], [1, 0], [2, 2], [3, 0], [3, 2]]), V[[2, 0, 3, 1, 4]], S[::-1]]),
    Case("sparse_transpose/perm", on_parts(fg.sparse_transpose, [1, 2, 0]), (CUBE, V, CUBE_SHAPE),
         [np.array([[0, 1, 0], [0, 1, 1], [2, 0, 0], [2, 1, 0], [2, 1, 1]]), V[[0, 3, 1, 2, 4]],
          CUBE_SHAPE[[1, 2, 0]]]),
    *[Case(f"sparse_expand_dims/{axis}", on_parts(fg.sparse.expand_dims, axis), (I, V, S),
           lambda i, v, s, at=at: [np.insert(i, at, 0, axis=1), v, np.insert(s, at, 1)])
      for axis, at in ((None, 2), (0, 0), (1, 1), (-1, 2), (-3, 0), (2, 2))],
    Case("sparse_reset_shape/smallest", on_parts(fg.sparse_reset_shape), (I, V, np.array([9, 9])),
         [I, V, S]),
    Case("sparse_reset_shape/larger", lambda i, v, s, n: parts(
        fg.sparse_reset_shape(sparse(i, v, s), n)), (I, V, S, np.array([3, 9])),
         [I, V, np.array([3, 9])]),
    *[Case(f"SparseConcat/axis_{axis}", lambda *t, a=axis: parts(
        fg.sparse_concat(a, [sparse(*t[:3]), sparse(*t[3:])])), (I, V, S, J, W, S),
           [i, np.concatenate((V, W))[order], s])
      for axis, i, order, s in (
          (0, np.concatenate((I, J + [3, 0])), np.arange(8), np.array([6, 4])),
          (-1, np.array([[0, 1], [0, 3], [0, 4], [0, 7], [1, 0], [2, 2], [2, 3], [2, 6]]),
           [0, 1, 5, 6, 2, 3, 4, 7], np.array([3, 8])))],
    Case("SparseConcat/other_sizes_expand", lambda *t: parts(
        fg.sparse_concat(1, [sparse(*t[:3]), sparse(*t[3:])], expand_nonconcat_dim=True)),
         (I, V, S, np.array([[4, 0]]), W[:1], np.array([5, 1])),
         [np.concatenate((I, [[4, 4]])), np.append(V, 4.0), np.array([5, 5])]),
    Case("SparseSplit/uneven", lambda i, v, s: [p for one in fg.sparse_split(
        sp_input=sparse(i, v, s), num_split=3, axis=1) for p in parts(one)], (I, V, S),
         [np.array([[0, 1], [1, 0]]), V[[0, 2]], np.array([3, 2]), np.array([[2, 0]]), V[[3]],
          np.array([3, 1]), np.array([[0, 0], [2, 0]]), V[[1, 4]], np.array([3, 1])]),
    Case("SparseSlice/box", on_parts(fg.sparse_slice, [0, 1], [3, 2]), (I, V, S),
         [np.array([[0, 0], [2, 1]]), V[[0, 3]], np.array([3, 2])]),
    Case("SparseSlice/beyond_the_end", lambda i, v, s, b, n: parts(
        fg.sparse_slice(sparse(i, v, s), b, n)), (I, V, S, np.array([1, 2]), np.array([9, 9])),
         [np.array([[1, 0], [1, 1]]), V[3:], np.array([2, 2])]),
    Case("SparseSlice/gradient", squares(lambda t: fg.sparse_slice(t, [0, 1], [3, 2]), 2),
         (I, V, S), V[[0, 3]]**2, grad=True),
    Case("sparse_retain/some", lambda i, v, s, keep: parts(fg.sparse_retain(sparse(i, v, s), keep)),
         (I, V, S, np.array([True, False, True, False, True])), [I[::2], V[::2], S]),
    Case("SparseFillEmptyRows/two", lambda i, v, s: [
        t for one in fg.sparse_fill_empty_rows(sparse(i, v, s), 9.0)
        for t in (parts(one) if isinstance(one, fg.SparseTensor) else [one])],
         (I[[0, 1, 3]], V[[0, 1, 3]], np.array([5, 4])),
         [np.array([[0, 1], [0, 3], [1, 0], [2, 2], [3, 0], [4, 0]]),
          np.array([1.5, -2.0, 9.0, 0.5, 9.0, 9.0]), np.array([5, 4]),
          np.array([False, True, False, True, True])]),
    Case("SparseFillEmptyRows/out_of_order", lambda i, v, s, d: parts(
        fg.sparse_fill_empty_rows(sparse(i, v, s), d)[0]),
         (np.array([[2, 3], [0, 3], [2, 1]]), np.array([b"a", b"b", b"c"], object), S,
          np.array(b"-", object)),
         [np.array([[0, 3], [1, 0], [2, 3], [2, 1]]), np.array([b"b", b"-", b"a", b"c"], object),
          S]),
    Case("SparseFillEmptyRows/gradient", lambda v, d: fg.square(fg.reshape(
        fg.sparse_fill_empty_rows(sparse(I[:2], v, [4, 4]), d)[0].values, [5])),
         (V[:2], np.float64(0.7)), lambda v, d: np.array([*v, d, d, d])**2, grad=True),
    *[Case(f"SparseReduceSum/{axis}_{keep}", lambda i, v, s, a=axis, k=keep: fg.square(
        fg.sparse_reduce_sum(sparse(i, v, s), a, k)), (CUBE, V, CUBE_SHAPE),
           lambda i, v, s, a=axis, k=keep: dense(i, v, s).sum(
               tuple(a) if isinstance(a, list) else a, keepdims=k)**2, grad=True)
      for axis, keep in ((None, False), (0, True), (-1, False), ([0, 2], False), ([1, -1], True))],
    Case("SparseReduceSum/axes_are_fed", lambda i, v, s, a: fg.sparse_reduce_sum(
        sparse(i, v, s), a), (CUBE, V, CUBE_SHAPE, np.int32([1, 2])),
         lambda i, v, s, a: dense(i, v, s).sum((1, 2)), grad=True),
    Case("SparseReduceMax/only_entries_count", lambda i, v, s: fg.sparse_reduce_max(
        sparse(i, v, s), 1), (I[1:], -abs(V[1:]), np.array([4, 4])),
         np.array([-2.0, -3.0, -0.5, 0.0])),
    Case("SparseReduceMax/keep", lambda i, v, s: fg.sparse_reduce_max(
        sparse(i, v, s), [0], keepdims=True), (I, V, S), np.array([[3.0, 1.5, 0.5, -1.25]])),
    Case("SparseReduceSumSparse/rows", on_parts(fg.sparse_reduce_sum_sparse, -1),
         (I[[0, 1, 3, 4]], V[[0, 1, 3, 4]], S),
         [np.array([[0], [2]]), np.array([-0.5, -0.75]), np.array([3])]),
    Case("SparseReduceSumSparse/all", on_parts(fg.sparse_reduce_sum_sparse), (I, V, S),
         [np.zeros((1, 0), np.int64), np.array([1.75]), np.zeros(0, np.int64)]),
    Case("SparseReduceMaxSparse/keep", on_parts(fg.sparse_reduce_max_sparse, 1, True),
         (I[[0, 1, 3, 4]], V[[0, 1, 3, 4]], S),
         [np.array([[0, 0], [2, 0]]), np.array([1.5, 0.5]), np.array([3, 1])]),
    Case("SparseSoftmax/rows", squares(fg.sparse_softmax, 5), (I, V, S), lambda i, v, s: np.array([
        (np.exp(v[k]) / np.exp(v[i[:, 0] == i[k, 0]]).sum())**2 for k in range(5)]), grad=True),
    Case("SparseSoftmax/large_numbers", lambda i, v, s: fg.sparse_softmax(sparse(i, v, s)).values,
         (CUBE, np.float32([1000, 1000, 1001, -1000, 0]), CUBE_SHAPE),
         np.float32([1, 0.26894143, 0.7310586, 1, 1])),
    *[Case(f"SparseTensorDenseMatMul/{a}_{b}", lambda i, v, s, m, a=a, b=b:
           fg.sparse_tensor_dense_matmul(sparse(i, v, s), m, a, b), (I, V, S, m),
           lambda i, v, s, m, a=a, b=b: (dense(i, v, s).T if a else dense(i, v, s))
           @ (m.T if b else m), grad=True)
      for a, b, m in ((False, False, D[:, :2].repeat(2, 0)[:4]), (True, False, D[:, :2]),
                      (False, True, D[:2]), (True, True, D[:, :3]))],
    Case("SparseTensorDenseMatMul/adjoint_of_complex", lambda i, v, s, m:
         fg.sparse_tensor_dense_matmul(sparse(i, v, s), m, True, True),
         (I, V * (1 + 2j), S, D[:, :3] * (2 - 1j)),
         lambda i, v, s, m: dense(i, v, s).conj().T @ m.conj().T),
    Case("SparseTensorDenseMatMul/repeated_out_of_order", lambda i, v, s, m:
         fg.sparse_tensor_dense_matmul(sparse(i, v, s), m),
         (I[[4, 0, 4, 1, 0]], np.int32([1, 2, 3, 4, 5]), S, np.arange(8, dtype=np.int32)
          .reshape(4, 2)), lambda i, v, s, m: dense(i, v, s) @ m),
    *[Case(f"SparseMatMul/{a}_{b}", lambda x, y, a=a, b=b: fg.sparse_matmul(
        x, y, a, b, a_is_sparse=True), (D.T if a else D, D if b else D.T),
           lambda x, y, a=a, b=b: (x.T if a else x) @ (y.T if b else y), grad=True)
      for a in (False, True) for b in (False, True)],
    Case("SparseToDense/matrix", lambda i, s, v, d: fg.square(fg.sparse_to_dense(i, s, v, d)),
         (I, S, V, np.float64(0.3)), lambda i, s, v, d: np.where(
             dense(i, v, s) == 0, d, dense(i, v, s))**2, grad=True),
    Case("SparseToDense/vector_of_places", lambda i, v: fg.sparse_to_dense(i, [6], v, 7.5),
         (np.int32([1, 2, 5]), V[:3]), np.array([7.5, 1.5, -2.0, 7.5, 7.5, 3.0]), grad=True),
    Case("SparseToDense/one_value", lambda i, v: fg.sparse_to_dense(i, [6], v),
         (np.int32([1, 4]), np.float64(2.5)), np.array([0, 2.5, 0, 0, 2.5, 0]), grad=True),
    Case("SparseToDense/one_place", lambda i: fg.sparse_to_dense(i, [4], True, False),
         (np.int32(2),), np.array([False, False, True, False])),
    Case("SparseToDense/last_of_repeated", lambda i, v, s: fg.sparse.to_dense(
        sparse(i, v, s), validate_indices=False), (I[[3, 0, 3]], np.int32([1, 2, 3]), S),
         np.int32([[0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 3, 0]])),
    Case("SparseToDense/text", lambda i, v, s: fg.sparse.to_dense(sparse(i, v, s)),
         (np.array([[0], [2]]), np.array([b"a", b"b"], object), np.array([3])),
         np.array([b"a", b"", b"b"], object)),
    Case("from_dense/matrix", lambda d: parts(fg.sparse.from_dense(d)), (dense(I, V, S),),
         [I, V, S]),
    Case("from_dense/text", lambda d: parts(fg.sparse.from_dense(d)),
         (np.array([[b"", b"x"], [b"y", b""]], object),),
         [np.array([[0, 1], [1, 0]]), np.array([b"x", b"y"], object), np.array([2, 2])]),
    Case("sparse_eye/wide", lambda n: parts(fg.sparse.eye(2, n, fg.int32)), (np.int32(3),),
         [np.array([[0, 0], [1, 1]]), np.int32([1, 1]), np.array([2, 3])]),
    Case("sparse_merge/ids", lambda i, k, v, s: parts(fg.sparse_merge(
        sparse(i, k, s), sparse(i, v, s), 7)), (I, np.int32([6, 2, 0, 5, 1]), V, S),
         [np.array([[0, 2], [0, 6], [1, 0], [2, 1], [2, 5]]), V[[1, 0, 2, 4, 3]],
          np.array([3, 7])]),
    Case("sparse_merge/two_ids", lambda i, k, v, s: parts(fg.sparse_merge(
        [sparse(i, k, s), sparse(i, k, s)], sparse(i, v, s), [7, 8], already_sorted=True)),
         (I[:2], np.int64([2, 6]), V[:2], S),
         [np.array([[0, 2, 2], [0, 6, 6]]), V[:2], np.array([3, 7, 8])]),
    Case("sparse_to_indicator/ids", lambda i, k, s: fg.sparse_to_indicator(sparse(i, k, s), 4),
         (I, np.int64([3, 1, 0, 2, 2]), S), np.array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]],
                                                     bool)),
    Case("sparse_mask/rows", lambda v, i, m: [x for t in [fg.sparse_mask(
        fg.IndexedSlices(v, i), m)] for x in (t.values, t.indices)],
         (D, np.int32([5, 3, 8]), np.int32([3])), [D[[0, 2]], np.int32([5, 8])]),
    Case("sparse_shape/all", lambda i, v, s: [fg.shape(sparse(i, v, s)), fg.size(sparse(i, v, s)),
                                              fg.rank(sparse(i, v, s))], (CUBE, V, CUBE_SHAPE),
         [np.int32([2, 3, 2]), np.int32(12), np.int32(3)]),
    *[Case(f"sparse_elementwise/{name}", on_parts(function), (I, abs(V), S),
           lambda i, v, s, f=oracle: [i, f(v), s])
      for name, function, oracle in (
          ("abs", fg.abs, abs), ("negative", fg.negative, np.negative), ("sign", fg.sign, np.sign),
          ("square", fg.square, np.square), ("sqrt", fg.sqrt, np.sqrt),
          ("tanh", fg.tanh, np.tanh), ("cast", lambda t: fg.cast(t, fg.int32), np.trunc))],
    Case("sparse_elementwise/erf", on_parts(fg.erf), (I[:2], np.array([0.0, 0.5]), S),
         [I[:2], np.array([0.0, 0.5204998778130465]), S]),
    Case("SparseCross/text_and_numbers", lambda i, v, s, d: parts(
        fg.sparse.cross([d, sparse(i, v, s)])),
         (np.array([[0, 0], [0, 2], [2, 1]]), np.array([b"a", b"b", b"c"], object), S,
          np.int32([[1, 2], [3, 4], [5, -6]])),
         [np.array([[0, 0], [0, 1], [0, 2], [0, 3], [2, 0], [2, 1]]),
          np.array([b"a_X_1", b"a_X_2", b"b_X_1", b"b_X_2", b"c_X_5", b"c_X_-6"], object),
          np.array([3, 4])]),
    Case("SparseCross/hashed_numbers", lambda d, e: parts(fg.sparse.cross_hashed([d, e], 1000)),
         (np.int64([[1, 2], [3, -4]]), np.int64([[7], [8]])),
         [np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.int64([889, 607, 356, 578]),
          np.array([2, 2])]),
    Case("SparseCross/hashed_text", lambda d, e: parts(fg.sparse.cross_hashed([d, e])),
         (np.array([[b"a"], [b"long text " * 9]], object), np.array([[b"b"], [b""]], object)),
         [np.array([[0, 0], [1, 0]]), np.int64([5527121959452899179, 8973439578482596679]),
          np.array([2, 1])]),
    Case("SerializeSparse/text", lambda i, v, s: fg.serialize_sparse(sparse(i, v, s)),
         (np.array([[0, 0], [1, 5]]), np.float32([1, 2]), np.array([2, 3])),
         np.array([b'\x08\t\x12\x08\x12\x02\x08\x02\x12\x02\x08\x02" ' + bytes(16)
                   + b"\x01" + bytes(7) + b"\x05" + bytes(7),
                   b'\x08\x01\x12\x04\x12\x02\x08\x02"\x08\x00\x00\x80?\x00\x00\x00@',
                   b'\x08\t\x12\x04\x12\x02\x08\x02"\x10\x02' + bytes(7) + b"\x03" + bytes(7)],
                  object)),
    Case("SerializeManySparse/and_back", lambda i, v, s: parts(fg.deserialize_many_sparse(
        fg.serialize_many_sparse(sparse(i, v, s)), v.dtype)), (CUBE, V, CUBE_SHAPE),
         [CUBE, V, CUBE_SHAPE]),
    Case("DeserializeManySparse/text_and_empty_rows", lambda i, v, s: parts(
        fg.deserialize_many_sparse(fg.serialize_many_sparse(sparse(i, v, s)), fg.string, 2)),
         (I[1:3], np.array([b"x" * 200, b""], object), S),
         [I[1:3], np.array([b"x" * 200, b""], object), S]),
    Case("DeserializeSparse/variant", lambda i, v, s: parts(deserialize_sparse(
        fg.serialize_sparse(sparse(i, v, s), out_type=fg.variant), fg.float64)), (I, V, S),
         [I, V, S]),
    Case("DeserializeSparse/matrix_of_them", lambda i, v, s: parts(deserialize_sparse(
        fg.stack([fg.serialize_sparse(sparse(i, v, s)), fg.serialize_sparse(sparse(i, -v, s))]),
        fg.float64, 3)), (I[:2], V[:2], S),
         [np.array([[0, 0, 1], [0, 0, 3], [1, 0, 1], [1, 0, 3]]), np.array([1.5, -2, -1.5, 2]),
          np.array([2, 3, 4])]),
]

OUT = np.array([[0, 0], [1, 4]])
NEGATIVE = np.array([[0, 0], [-1, 0]])


def run_bad(name, build, inputs, *words):
    return BadCase(name, build, INVALID, words, inputs, phase="run")


BAD = [
    BadCase("SparseCross/no_list", lambda: fg.sparse.cross(fg.constant([[1]])), TypeError,
            ("list",)),
    run_bad("SparseCross/rows", lambda d, e: parts(fg.sparse.cross([d, e])),
            (np.int64([[1]]), np.int64([[1], [2]])), "[1, 2]"),
    *[run_bad(f"SparseToDense/{name}", lambda i, v, s: fg.sparse.to_dense(sparse(i, v, s)),
              (i, V[:2], S), words)
      for name, i, words in (("outside", OUT, "out of bounds"), ("negative", NEGATIVE, "[-1, 0]"),
                             ("unsorted", I[[1, 0]], "out of order"),
                             ("repeated", I[[1, 1]], "repeated"))],
    run_bad("SparseToDense/lengths", fg.sparse_to_dense, (I, S, V[:2]), "(5, 2)", "(2,)"),
    BadCase("SparseToDense/dense_input", lambda: fg.sparse.to_dense(fg.constant([1.0])), TypeError,
            ("SparseTensor",)),
    BadCase("SparseToDense/default_vector", lambda: fg.sparse_to_dense([0], [2], [1], [0]),
            ValueError, ("default_value", "rank 0")),
    run_bad("SparseAdd/shapes", add, (I, V, S, J, W, S + 1), "[3, 4]", "[4, 5]"),
    BadCase("SparseAdd/static_shapes", lambda: fg.sparse_add(sparse(I, V, S), sparse(J, W, S + 1)),
            ValueError, ("(3, 4)", "(4, 5)")),
    BadCase("SparseAdd/no_sparse", lambda: fg.sparse_add([1.0], [2.0]), TypeError, ("tf.add",)),
    BadCase("SparseAdd/dtypes", lambda: fg.sparse_add(sparse(I, V, S), sparse(J, [1, 2, 3], S)),
            TypeError, ("float64", "int32")),
    BadCase("SparseAdd/both_names", lambda: fg.sparse_add(sparse(I, V, S), D, 1.0, thresh=2.0),
            ValueError, ("thresh", "threshold")),
    run_bad("SparseTensorDenseAdd/outside", lambda i, v, s, d: fg.sparse_add(sparse(i, v, s), d),
            (OUT, V[:2], S, D), "[1, 4]", "out of bounds"),
    run_bad("SparseTensorDenseAdd/shapes", lambda i, v, s, d: fg.sparse_add(sparse(i, v, s), d),
            (I, V, S, D[:, :3]), "[3, 4]", "[3, 3]"),
    run_bad("SparseDenseCwiseMul/sparse_does_not_broadcast",
            lambda i, v, s, d: (sparse(i, v, s) * d).values,
            (I[:1], V[:1], np.array([3, 1]), D), "[3, 4]", "[3, 1]"),
    run_bad("SparseDenseCwiseDiv/outside", lambda i, v, s, d: (sparse(i, v, s) / d).values,
            (OUT, V[:2], S, D), "out of bounds"),
    run_bad("SparseDenseCwiseAdd/rank", lambda i, v, s, d: sparse_dense_cwise_add(
        sparse(i, v, s), d).values, (I, V, S, D[None]), "(1, 3, 4)"),
    run_bad("SparseSparseMaximum/shapes", lambda *t: parts(
        fg.sparse_maximum(sparse(*t[:3]), sparse(*t[3:]))), (I, V, S, J, W, S + 1), "shapes"),
    run_bad("SparseSparseMinimum/outside", lambda *t: parts(
        fg.sparse_minimum(sparse(*t[:3]), sparse(*t[3:]))), (I, V, S, OUT, W[:2], S), "bounds"),
    run_bad("SparseReorder/lengths", on_parts(fg.sparse_reorder), (I, V[:2], S), "(5, 2)", "(2,)"),
    run_bad("SparseReshape/count", lambda i, v, s, n: parts(fg.sparse_reshape(sparse(i, v, s), n)),
            (I, V, S, np.array([5, 2])), "12 elements", "[5, 2]"),
    run_bad("SparseReshape/two_inferred", lambda i, v, s, n: parts(
        fg.sparse_reshape(sparse(i, v, s), n)), (I, V, S, np.array([-1, -1])), "At most one"),
    BadCase("SparseReshape/static_count", lambda: fg.sparse_reshape(sparse(I, V, S), [5, -1]),
            ValueError, ("12 elements",)),
    run_bad("SparseConcat/sizes", lambda *t: parts(
        fg.sparse_concat(1, [sparse(*t[:3]), sparse(*t[3:])])), (I, V, S, J, W, S + 1), "[4, 5]"),
    run_bad("SparseConcat/axis", lambda *t: parts(
        fg.sparse_concat(2, [sparse(*t[:3]), sparse(*t[3:])])), (I, V, S, J, W, S), "axis 2"),
    BadCase("SparseConcat/no_list", lambda: fg.sparse_concat(0, sparse(I, V, S)), TypeError,
            ("list",)),
    run_bad("SparseSplit/too_many", lambda i, v, s: [part.values for part in fg.sparse_split(
        sp_input=sparse(i, v, s), num_split=5, axis=1)], (I, V, S), "size 4", "5 parts"),
    BadCase("SparseSplit/by_place", lambda: fg.sparse_split(sparse(I, V, S), 2, 0), ValueError,
            ("Keyword",)),
    BadCase("SparseSplit/no_axis", lambda: fg.sparse_split(sp_input=sparse(I, V, S), num_split=2),
            ValueError, ("axis",)),
    run_bad("SparseSlice/negative_start", lambda i, v, s, b: parts(
        fg.sparse_slice(sparse(i, v, s), b, [1, 1])), (I, V, S, np.array([-1, 0])), "[-1, 0]"),
    BadCase("SparseSlice/length", lambda: fg.sparse_slice(sparse(I, V, S), [0], [1, 1]),
            ValueError, ("length 2",)),
    BadCase("sparse_retain/length", lambda: fg.sparse_retain(sparse(I, V, S), [True]), ValueError,
            ("(5,)", "(1,)")),
    run_bad("SparseFillEmptyRows/outside", lambda i, v, s: parts(
        fg.sparse_fill_empty_rows(sparse(i, v, s), 0.0)[0]), (I, V, np.array([2, 4])), "bounds"),
    BadCase("SparseFillEmptyRows/default_vector", lambda: fg.sparse_fill_empty_rows(
        sparse(I, V, S), [1.0, 2.0]), ValueError, ("default_value",)),
    run_bad("SparseReduceSum/axis", lambda i, v, s, a: fg.sparse_reduce_sum(sparse(i, v, s), a),
            (I, V, S, np.int32(2)), "[2]"),
    run_bad("SparseReduceMax/outside", lambda i, v, s: fg.sparse_reduce_max(sparse(i, v, s), 0),
            (OUT, V[:2], S), "bounds"),
    run_bad("SparseReduceSumSparse/axis", lambda i, v, s, a: parts(
        fg.sparse_reduce_sum_sparse(sparse(i, v, s), a)), (I, V, S, np.int32(-3)), "[-3]"),
    run_bad("SparseReduceMaxSparse/axis", lambda i, v, s, a: parts(
        fg.sparse_reduce_max_sparse(sparse(i, v, s), a)), (I, V, S, np.int32(-3)), "[-3]"),
    BadCase("SparseSoftmax/rank", lambda: fg.sparse_softmax(sparse([[0]], [1.0], [2])), ValueError,
            ("rank 2",)),
    run_bad("SparseTensorDenseMatMul/outside", lambda i, v, s, m: fg.sparse_tensor_dense_matmul(
        sparse(i, v, s), m), (OUT, V[:2], S, D.T), "bounds"),
    run_bad("SparseTensorDenseMatMul/inner", lambda i, v, s, m: fg.sparse_tensor_dense_matmul(
        sparse(i, v, s), m), (I, V, S, D), "inner"),
    BadCase("SparseTensorDenseMatMul/static_inner", lambda: fg.sparse_tensor_dense_matmul(
        sparse(I, V, S), D), ValueError, ("(3, 4)",)),
    BadCase("SparseMatMul/inner", lambda: fg.sparse_matmul(D, D), ValueError, ("inner",)),
    BadCase("sparse_merge/lengths", lambda: fg.sparse_merge(
        [sparse(J, [1, 2, 3], S)], sparse(J, W, S), [3, 4]), ValueError, ("1 and 2",)),
    BadCase("sparse_merge/vocab_size", lambda: fg.sparse_merge(
        sparse(J, [1, 2, 3], S), sparse(J, W, S), "3"), TypeError, ("vocab_size",)),
    BadCase("sparse_reset_shape/smaller", lambda: fg.sparse_reset_shape(sparse(I, V, S), [3, 3]),
            ValueError, ("[3, 3]",)),
    run_bad("sparse_reset_shape/smaller_in_the_run", lambda i, v, s, n: parts(
        fg.sparse_reset_shape(sparse(i, v, s), n)), (I, V, S, np.array([3, 3])), "smaller"),
    run_bad("SerializeManySparse/unsorted", lambda i, v, s: fg.serialize_many_sparse(
        sparse(i, v, s)), (I[MIXED], V, S), "out of order"),
    BadCase("SerializeManySparse/rank", lambda: fg.serialize_many_sparse(sparse([[0]], [1], [2])),
            ValueError, ("rank 2",)),
    run_bad("DeserializeManySparse/no_tensor", lambda t: parts(
        fg.deserialize_many_sparse(t, fg.float32)), (np.array([[b"a", b"b", b"c"]], object),),
            "serialized"),
    run_bad("DeserializeManySparse/dtype", lambda i, v, s: parts(fg.deserialize_many_sparse(
        fg.serialize_many_sparse(sparse(i, v, s)), fg.float32)), (I, V, S), "float64", "float32"),
    BadCase("SerializeSparse/indices",
            lambda: op_def("SerializeSparse").build([0, 0], [1.0, 2.0], [3]), ValueError,
            ("SerializeSparse '", "(2,)")),
    BadCase("SerializeSparse/values",
            lambda: op_def("SerializeSparse").build([[0]], [1.0, 2.0], [3]), ValueError,
            ("SerializeSparse '", "cannot pair indices of (1, 1) with values of (2,)")),
    BadCase("DeserializeSparse/dtype",
            lambda: op_def("DeserializeSparse").build([1.0, 2.0, 3.0], dtype=fg.float32),
            TypeError, ("DeserializeSparse '", "float32")),
    BadCase("DeserializeSparse/two_texts",
            lambda: op_def("DeserializeSparse").build(["a", "b"], dtype=fg.float32), ValueError,
            ("DeserializeSparse '", "(2,)")),
    BadCase("DeserializeSparse/garbage",
            lambda: list(op_def("DeserializeSparse").build(["a", "b", "c"], dtype=fg.float32)),
            fg.errors.InvalidArgumentError, ("DeserializeSparse '", "serialized tensor"),
            phase="run"),
]
