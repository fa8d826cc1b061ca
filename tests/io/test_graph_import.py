"""tf.import_graph_def: graphs that TensorFlow wrote, its errors, names, maps; old op types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.io.graphs.graph_files import parse_graph
from flowgraph.io.graphs.graph_messages import FunctionDef, GraphDef
from flowgraph.io.graphs.op_table import names, signature
from flowgraph.io.importing.rules import rules
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY
from tests.cases.tables import CASES
from tests.test_cases import arrays_of, flat

ENTRIES = dict(np.load(Path(__file__).parent / "files" / "tf_graphs.npz"))
PROGRAMS = list(dict.fromkeys(key.partition("|")[0] for key in ENTRIES))


def node(name, op, *inputs, **attrs):
    made = tf.NodeDef(name=name, op=op, input=inputs)
    for key, value in attrs.items():
        made.attr[key].CopyFrom(value)
    return made


def graph_of(*nodes):
    return GraphDef(node=nodes)


TYPE = tf.AttrValue(type=tf.float32.as_datatype_enum)
INT = tf.AttrValue(type=tf.int32.as_datatype_enum)


def placeholder(name="x", dtype=TYPE):
    return node(name, "Placeholder", dtype=dtype)


def constant(name, value):
    message = tf.make_tensor_proto(value)
    return node(name, "Const", dtype=tf.AttrValue(type=message.dtype),
                value=tf.AttrValue(tensor=message))


# ---- what TensorFlow wrote -----------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_tensorflow_wrote_gives_tensorflows_numbers(name) -> None:
    feeds = {key.rpartition("|")[2]: array for key, array in ENTRIES.items()
             if key.startswith(f"{name}|feed|")}
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(GraphDef.FromString(ENTRIES[f"{name}|graph"].tobytes()), name="")
        for i, fetch in enumerate(ENTRIES[f"{name}|fetches"].tolist()):
            result = session.run(fetch if ":" in fetch else graph.get_operation_by_name(fetch),
                                 feeds)
            if result is None:
                continue
            want = ENTRIES[f"{name}|result|{i}"]
            if want.dtype.kind == "f":
                np.testing.assert_allclose(result, want, 1e-4, 1e-5, err_msg=fetch)
            else:
                np.testing.assert_array_equal(result, want, fetch)
            assert np.shape(result) == want.shape


# A generator is a Python object.
NOT_WRITTEN = {"GeneratorDataset"}


def _one_row_for_each_op():
    rows = {}
    for case in CASES:
        rows.setdefault(case.name.partition("/")[0], case)
    return [pytest.param(case, marks=[pytest.mark.slow] if i % 6 else [])
            for i, (name, case) in enumerate(rows.items()) if name not in NOT_WRITTEN]


@pytest.mark.parametrize("case", _one_row_for_each_op(), ids=lambda case: case.name)
def test_a_graph_written_and_read_computes_the_same(case) -> None:
    arrays = arrays_of(case)
    with tf.Graph().as_default() as graph:  # kept: it holds the functions of py_func
        xs = [tf.placeholder(tf.as_dtype(a.dtype), a.shape) for a in arrays]
        ys = flat(case.build(*xs))
        names_of = [getattr(y, "_variable", y).name for y in ys]
        init = tf.global_variables_initializer()
        feeds = dict(zip([x.name for x in xs], arrays, strict=True))
        written = graph.as_graph_def().SerializeToString()
        with tf.Session() as session:
            session.run(init)
            want = session.run(ys, feeds)
    with tf.Graph().as_default() as again, tf.Session() as session:
        tf.import_graph_def(GraphDef.FromString(written), name="")
        session.run(again.get_operation_by_name(init.name))
        got = session.run([again.as_graph_element(name) for name in names_of], feeds)
    for a, b in zip(want, got, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if case.expect is None:
            assert a.shape == b.shape
        elif a.dtype.kind in "fc":
            np.testing.assert_allclose(b, a, 1e-6)
        else:
            np.testing.assert_array_equal(b, a)


# ---- names, maps, elements -----------------------------------------------------------------------


def test_names_get_a_prefix_that_is_made_unique() -> None:
    graph_def = graph_of(placeholder())
    names_ = [tf.import_graph_def(graph_def, return_elements=["x:0"], name=name)[0].name
              for name in (None, None, "a", "", "")]
    assert names_ == ["import/x:0", "import_1/x:0", "a/x:0", "x:0", "x_1:0"]


def test_open_scopes_stand_before_the_prefix() -> None:
    with tf.name_scope("outer"):
        found, = tf.import_graph_def(graph_of(placeholder()), return_elements=["x"])
    assert found.name == "outer/import/x"


def test_without_return_elements_there_is_nothing_to_return() -> None:
    assert tf.import_graph_def(graph_of(placeholder())) is None


def test_a_map_puts_tensors_and_operations_in_the_place_of_nodes() -> None:
    graph_def = graph_of(placeholder(), node("wait", "NoOp"),
                         node("y", "Neg", "x", "^wait", T=TYPE))
    mine, other = tf.constant(2.0), tf.no_op()
    y, = tf.import_graph_def(graph_def, {"x": mine, "^wait": other}, ["y:0"])
    assert y.op.inputs[0] is mine and y.op.control_inputs == [other]
    y, = tf.import_graph_def(graph_def, {"x:0": 3.0}, ["y:0"])
    assert y.op.inputs[0].name == "import_1/_inputs/Const:0"


def test_control_inputs_around_do_not_reach_imported_ops() -> None:
    with tf.control_dependencies([tf.no_op()]):
        op, = tf.import_graph_def(graph_of(placeholder()), return_elements=["x"])
    assert op.control_inputs == []


def test_nodes_may_stand_in_any_order() -> None:
    y, = tf.import_graph_def(graph_of(node("y", "Neg", "x", T=TYPE), constant("x", 1.5)),
                             return_elements=["y:0"])
    assert tf.Session().run(y) == -1.5


def test_attributes_left_out_have_their_defaults() -> None:
    graph_def = graph_of(constant("a", [[1.0, 2.0]]), node("y", "MatMul", "a", "a", T=TYPE,
                                                            transpose_b=tf.AttrValue(b=True)))
    y, = tf.import_graph_def(graph_def, return_elements=["y:0"])
    assert y.op.get_attr("transpose_a") is False
    assert tf.Session().run(y).tolist() == [[5.0]]


def test_devices_and_colocation() -> None:
    x = placeholder()
    x.device = "/device:GPU:0"
    y = node("y", "Neg", "x", T=TYPE, _class=tf.AttrValue(
        list=tf.AttrValue.ListValue(s=[b"loc:@x"])))
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_of(x, y), name="")
        assert [op.device for op in graph.get_operations()] == ["/device:GPU:0"] * 2
        assert "loc:@x" in str(graph.as_graph_def())


def test_a_producers_unknown_default_is_left_out() -> None:
    from flowgraph.io.graphs.op_messages import OpList
    graph_def = graph_of(constant("x", 1.0), node("y", "Neg", "x", T=TYPE,
                                                  fancy=tf.AttrValue(i=3)))
    producer = OpList()
    attr = producer.op.add(name="Neg").attr.add(name="fancy", type="int")
    attr.default_value.i = 3
    with pytest.raises(ValueError, match="mentions attr 'fancy'"):
        tf.import_graph_def(graph_def)
    tf.import_graph_def(graph_def, producer_op_list=producer)


def test_before_version_24_an_empty_shape_was_an_unknown_one() -> None:
    graph_def = graph_of(node("x", "Placeholder", dtype=TYPE, shape=tf.AttrValue(
        shape=tf.TensorShape([]).as_proto())))
    assert tf.import_graph_def(graph_def, return_elements=["x:0"])[0].shape.ndims is None
    graph_def.versions.producer = 134
    assert tf.import_graph_def(graph_def, return_elements=["x:0"])[0].shape.ndims == 0


# ---- errors --------------------------------------------------------------------------------------

NEG = node("y", "Neg", "x", T=TYPE)
BAD = [
    ("not a GraphDef", lambda: tf.import_graph_def(3), TypeError, "GraphDef"),
    ("map", lambda: tf.import_graph_def(graph_of(), {1: 2}), TypeError, "input_map"),
    ("elements", lambda: tf.import_graph_def(graph_of(), return_elements=[1]), TypeError,
     "return_elements"),
    ("unused key", lambda: tf.import_graph_def(graph_of(), {"z:0": tf.constant(1)}), ValueError,
     "[z:0]"),
    ("values without a name", lambda: tf.import_graph_def(graph_of(), {"x": 1}, name=""),
     ValueError, "non-empty `name`"),
    ("missing element", lambda: tf.import_graph_def(graph_of(), return_elements=["q"]),
     ValueError, "'q' not found"),
    ("missing output", lambda: tf.import_graph_def(graph_of(placeholder()),
                                                   return_elements=["x:1"]),
     ValueError, "has 1 output"),
    ("unknown input", lambda: tf.import_graph_def(graph_of(NEG)), ValueError, "'y': Unknown input"),
    ("unknown op", lambda: tf.import_graph_def(graph_of(node("a", "Foo"), node("b", "Foo"),
                                                        node("c", "Bar"))),
     ValueError, "'Foo' (nodes 'a', 'b'), 'Bar' (node 'c')"),
    ("op that is not offered", lambda: tf.import_graph_def(graph_of(node("a", "Skipgram"))),
     tf.errors.UnimplementedError, "'Skipgram' (node 'a')"),
    ("dtypes", lambda: tf.import_graph_def(graph_of(placeholder(dtype=INT), NEG)), ValueError,
     "Input 0 of node import/y was passed int32 from import/x:0 incompatible with expected float"),
    ("too few inputs", lambda: tf.import_graph_def(graph_of(node("y", "Neg", T=TYPE))),
     ValueError, "do not match 0 inputs"),
    ("no attribute", lambda: tf.import_graph_def(graph_of(node("x", "Placeholder"))), ValueError,
     "'dtype'"),
    ("attribute's kind", lambda: tf.import_graph_def(graph_of(
        node("x", "Placeholder", dtype=tf.AttrValue(i=3)))), ValueError, "'dtype'"),
    ("twice the same name", lambda: tf.import_graph_def(graph_of(placeholder(), placeholder())),
     ValueError, "not unique"),
    ("cycle", lambda: tf.import_graph_def(graph_of(node("a", "Neg", "b", T=TYPE),
                                                   node("b", "Neg", "a", T=TYPE))),
     ValueError, "cycle"),
    ("shapes", lambda: tf.import_graph_def(graph_of(
        constant("a", [[1.0, 2.0]]), node("y", "MatMul", "a", "a", T=TYPE))), ValueError, "MatMul"),
    ("colocation", lambda: tf.import_graph_def(graph_of(node("a", "NoOp", _class=tf.AttrValue(
        list=tf.AttrValue.ListValue(s=[b"loc:@z"]))))), ValueError, "z in import/a"),
    ("function", lambda: tf.import_graph_def(graph_of(node("a", "PartitionedCall", f=tf.AttrValue(
        func=tf.NameAttrList(name="g")), Tin=tf.AttrValue(list=tf.AttrValue.ListValue()),
        Tout=tf.AttrValue(list=tf.AttrValue.ListValue())))), ValueError, "function 'g'"),
]


@pytest.mark.parametrize("call, error, words", [row[1:] for row in BAD],
                         ids=[row[0] for row in BAD])
def test_what_is_wrong_is_named(call, error, words) -> None:
    with tf.Graph().as_default(), pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


def function(name, *ops):
    made = FunctionDef()
    made.signature.name = name
    made.signature.input_arg.add(name="x", type=1)
    made.signature.output_arg.add(name="r", type=1)
    before = "x"
    for i, op in enumerate(ops):
        made.node_def.add(name=f"n{i}", op=op, input=[before])
        before = f"n{i}:r:0"
    made.ret["r"] = before
    return made


@pytest.mark.parametrize("functions, words", [
    ([function("f0", "f0")], "calls itself"),
    ([function(f"f{i}", f"f{i + 1}") for i in range(200)], "more than 40 deep"),
    ([function(f"f{i}", *[f"f{i + 1}"] * 40) for i in range(4)] + [function("f4")],
     "far more nodes"),
])
def test_functions_of_functions_are_bounded(functions, words) -> None:
    graph_def = graph_of(placeholder(), node("y", "f0", "x"))
    graph_def.library.function.extend(functions)
    with tf.Graph().as_default(), pytest.raises(
            (ValueError, tf.errors.UnimplementedError)) as caught:
        tf.import_graph_def(graph_def)
    assert words in str(caught.value)


def test_a_huge_constant_of_one_number_takes_no_memory() -> None:
    graph_def = parse_graph('''node { name: "c" op: "Const" attr { key: "dtype"
        value { type: DT_FLOAT } } attr { key: "value" value { tensor { dtype: DT_FLOAT
        tensor_shape { dim { size: 1048576 } dim { size: 1048576 } } float_val: 2 } } } }''')
    c, = tf.import_graph_def(graph_def, return_elements=["c:0"])
    assert c.shape.as_list() == [1048576, 1048576]
    assert tf.Session().run(c[5, 5:7]).tolist() == [2.0, 2.0]


# ---- old op types --------------------------------------------------------------------------------

A = np.array([[4.0, 1.0], [-2.5, 3.0]], np.float32)
OLD = [
    (node("y", "Inv", "a", T=TYPE), {"a": A}, 1 / A),
    (node("y", "Div", "a", "b", T=INT), {"a": np.int32([7, -7]), "b": np.int32([2, 2])}, [3, -3]),
    (node("y", "Div", "a", "a", T=TYPE), {"a": A}, np.ones((2, 2))),
    (node("y", "Mod", "a", "b", T=INT), {"a": np.int32([7, -7]), "b": np.int32([4, 4])}, [3, -3]),
    (node("y", "Concat", "n", "a", "a", T=TYPE, N=tf.AttrValue(i=2)),
     {"n": np.int32(1), "a": A}, np.concatenate([A, A], 1)),
    (node("y", "Gather", "a", "n", Tparams=TYPE, Tindices=INT),
     {"a": A, "n": np.int32([1, 0])}, A[[1, 0]]),
    (node("y", "TopK", "a", T=TYPE, k=tf.AttrValue(i=1)), {"a": A}, [[4.0], [3.0]]),
    (node("y", "Reverse", "a", "n", T=TYPE), {"a": A, "n": np.array([False, True])}, A[:, ::-1]),
    (node("y", "BatchMatMul", "a", "a", T=TYPE), {"a": A}, A @ A),
    (node("y", "BatchMatrixDeterminant", "a", T=TYPE), {"a": A}, np.linalg.det(A)),
    (node("y", "Bucketize", "a", T=TYPE, boundaries=tf.AttrValue(
        list=tf.AttrValue.ListValue(f=[0.0, 1.0, 3.5]))), {"a": A}, [[3, 2], [0, 2]]),
    (node("y", "ConcatOffset", "n", "s", "s", N=tf.AttrValue(i=2)),
     {"n": np.int32(1), "s": np.int32([2, 3])}, [0, 0]),
    (node("y", "InTopK", "a", "n", T=INT, k=tf.AttrValue(i=1)),
     {"a": A, "n": np.int32([0, 0])}, [True, False]),
    (node("y", "UniqueV2", "s", "n", T=INT, Taxis=INT),
     {"s": np.int32([3, 3, 1]), "n": np.int32([0])}, [3, 1]),
    (node("y", "AccumulateNV2", "a", "a", T=TYPE, N=tf.AttrValue(i=2), shape=tf.AttrValue(
        shape=tf.TensorShape([2, 2]).as_proto())), {"a": A}, A + A),
    (node("y", "ApproximateEqual", "a", "a", T=TYPE), {"a": A}, np.full((2, 2), True)),
    (node("y", "Snapshot", "a", T=TYPE), {"a": A}, A),
    (node("y", "SpaceToBatch", "a", "n", T=TYPE, Tpaddings=INT, block_size=tf.AttrValue(i=2)),
     {"a": A.reshape(1, 2, 2, 1), "n": np.int32([[0, 0], [0, 0]])}, A.reshape(4, 1, 1, 1)),
    (node("y", "BatchNormWithGlobalNormalization", "a", "m", "v", "m", "v", T=TYPE,
          variance_epsilon=tf.AttrValue(f=0.0), scale_after_normalization=tf.AttrValue(b=True)),
     {"a": A.reshape(1, 1, 2, 2), "m": np.float32([1, 2]), "v": np.float32([4, 4])},
     ((A - [1, 2]) / 2 * 4 + [1, 2]).reshape(1, 1, 2, 2)),
    (node("y", "SparseSegmentMeanGrad", "a", "i", "s", "n", T=TYPE, Tidx=INT),
     {"a": A, "i": np.int32([3, 0, 3]), "s": np.int32([0, 0, 1]), "n": np.int32(4)},
     [A[0] / 2, [0, 0], [0, 0], A[0] / 2 + A[1]]),
    (node("y", "SparseSegmentSqrtNGrad", "a", "i", "s", "n", T=TYPE, Tidx=INT,
          Tsegmentids=tf.AttrValue(type=9)),
     {"a": A, "i": np.int32([3, 0, 3]), "s": np.int64([0, 0, 1]), "n": np.int32(4)},
     [A[0] / 2 ** 0.5, [0, 0], [0, 0], A[0] / 2 ** 0.5 + A[1]]),
    (node("y", "Empty", "n", dtype=TYPE), {"n": np.int32([2])}, [0.0, 0.0]),
]


@pytest.mark.parametrize("made, arrays, want", OLD, ids=[row[0].op for row in OLD])
def test_old_op_types_become_todays(made, arrays, want) -> None:
    graph_def = graph_of(*[constant(name, array) for name, array in arrays.items()], made)
    with tf.Graph().as_default():
        y, = tf.import_graph_def(graph_def, return_elements=["y:0"])
        np.testing.assert_allclose(tf.Session().run(y), want, 1e-6)


def test_every_rule_is_of_an_op_type_that_tensorflow_has() -> None:
    known = {*names(), "ImageProjectiveTransform"}  # of tf.contrib, which has lists of its own
    listed = {op for op in rules() if not op.startswith("_")}  # TensorFlow does not list the others
    assert listed <= known


# ---- the registry --------------------------------------------------------------------------------


def test_our_op_types_have_the_inputs_and_attributes_of_tensorflows() -> None:
    """Inputs in the same number and order; attributes of the same names."""
    load_every_op()
    other_inputs = {"EmptyTensorList", "TensorListReserve", "TensorListStack", "TensorListGather",
                    "TensorListGetItem", "TensorListFromTensor", "SparseCross"}
    datasets = {name for name in REGISTRY if "Dataset" in name}  # one list for several of theirs
    other_attrs = {"PyFunc", "PyFuncStateless", "While"}
    for name, op_def in REGISTRY.items():
        row = signature(name)
        if row is None or name in other_inputs | datasets:
            continue
        assert len(row.inputs) == len(op_def.params), name
        several = [bool(arg.number_attr or arg.list_attr) for arg in row.inputs]
        assert several == [param in op_def.lists for param in op_def.params], name
        if name not in other_attrs and not name.startswith("TensorList"):
            assert set(op_def.attr_defaults) <= set(row.attrs), name


# ---- large constants -----------------------------------------------------------------------------


@pytest.mark.parametrize("array", [
    np.array([b"word %d" % i for i in range(70_000)], object), np.arange(70_000) % 3 == 0,
    np.arange(70_000, dtype=np.float32)], ids=["string", "bool", "float32"])
def test_a_constant_of_many_elements_is_read_back(array) -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(array, name="x")
    x, = tf.import_graph_def(graph.as_graph_def(), return_elements=["x:0"])
    np.testing.assert_array_equal(tf.Session().run(x), array)


def large_constant(size: int, held: int):
    graph_def = tf.GraphDef()
    node = graph_def.node.add(name="x", op="Const")
    node.attr["dtype"].type = tf.float32.as_datatype_enum
    tensor = node.attr["value"].tensor
    tensor.dtype = tf.float32.as_datatype_enum
    tensor.tensor_shape.dim.add(size=size)
    tensor.float_val.extend(float(i) for i in range(held))
    return graph_def


def test_the_last_element_stands_for_those_that_are_left_out() -> None:
    x, = tf.import_graph_def(large_constant(100_000, 500), return_elements=["x:0"])
    value = tf.Session().run(x)
    assert value.shape == (100_000,) and value[498] == 498 and (value[499:] == 499).all()


def test_a_few_elements_cannot_ask_for_much_memory() -> None:
    with pytest.raises(ValueError, match="its tensor of 1099511627776 elements holds 2"):
        tf.import_graph_def(large_constant(1 << 40, 2))
