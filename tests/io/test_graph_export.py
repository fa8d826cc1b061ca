"""Graph.as_graph_def: nodes, attributes and functions as TensorFlow has them."""

from __future__ import annotations

import pytest

import flowgraph as tf
from flowgraph.io.graphs.graph_messages import GraphDef
from flowgraph.io.graphs.op_table import names


def written(build, **options):
    with tf.Graph().as_default() as graph:
        build()
    graph_def = graph.as_graph_def(**options)
    assert GraphDef.FromString(graph_def.SerializeToString()) == graph_def
    return graph_def


def nodes(build):
    return {node.name: node for node in written(build).node}


def test_a_small_graph_as_text() -> None:
    def build():
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        with tf.control_dependencies([tf.no_op(name="first")]):
            tf.split(x, 2, axis=1, name="parts")

    assert str(written(build)) == """\
node {
  name: "x"
  op: "Placeholder"
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
  attr {
    key: "shape"
    value {
      shape {
        dim {
          size: -1
        }
        dim {
          size: 2
        }
      }
    }
  }
}
node {
  name: "first"
  op: "NoOp"
}
node {
  name: "parts/split_dim"
  op: "Const"
  input: "^first"
  attr {
    key: "dtype"
    value {
      type: DT_INT32
    }
  }
  attr {
    key: "value"
    value {
      tensor {
        dtype: DT_INT32
        tensor_shape {
        }
        int_val: 1
      }
    }
  }
}
node {
  name: "parts"
  op: "Split"
  input: "parts/split_dim"
  input: "x"
  attr {
    key: "T"
    value {
      type: DT_FLOAT
    }
  }
  attr {
    key: "num_split"
    value {
      i: 2
    }
  }
}
versions {
  producer: 134
}
"""


def test_second_outputs_are_named_with_their_number() -> None:
    made = nodes(lambda: tf.negative(tf.unstack(tf.zeros([2, 3]))[1], name="y"))
    assert list(made["y"].input) == ["unstack:1"]


def test_attributes_come_from_tensors_where_the_op_has_none() -> None:
    made = nodes(lambda: (tf.concat([tf.zeros([2]), tf.ones([3])], 0, name="c"),
                          tf.reduce_sum(tf.zeros([2, 2], tf.float64), tf.constant(1, tf.int64),
                                        name="s")))
    assert made["c"].attr["N"].i == 2
    assert made["c"].attr["Tidx"].type == tf.int32.as_datatype_enum
    assert made["s"].attr["T"].type == tf.float64.as_datatype_enum
    assert made["s"].attr["Tidx"].type == tf.int64.as_datatype_enum
    assert made["s"].attr["keep_dims"].WhichOneof("value") == "b"


def test_output_shapes_on_request() -> None:
    def build():
        tf.placeholder(tf.float32, name="x")
        tf.zeros([2, 3], name="z")

    made = {node.name: node for node in written(build, add_shapes=True).node}
    assert made["x"].attr["_output_shapes"].list.shape[0].unknown_rank
    assert [dim.size for dim in made["z"].attr["_output_shapes"].list.shape[0].dim] == [2, 3]


def test_devices_and_variables() -> None:
    def build():
        with tf.device("/gpu:0"):
            tf.Variable([1.0, 2.0], name="v")

    made = nodes(build)
    assert [made[name].op for name in ("v", "v/Assign", "v/read")] == ["VariableV2", "Assign",
                                                                      "Identity"]
    assert {node.device for node in made.values()} == {"/device:GPU:0"}
    assert list(made["v/Assign"].input) == ["v", "v/initial_value"]


def test_branches_and_loops_are_functions() -> None:
    def build():
        x = tf.placeholder(tf.float32, [], name="x")
        tf.cond(x > 0, lambda: x * 2.0, lambda: x)
        tf.while_loop(lambda i: i < 3.0, lambda i: i + x, [0.0])

    graph_def = written(build)
    ops = {node.op: node for node in graph_def.node}
    functions = {function.signature.name: function for function in graph_def.library.function}
    then = functions[ops["StatelessIf"].attr["then_branch"].func.name]
    assert then.signature.input_arg[0].type == tf.float32.as_datatype_enum
    assert {node.op for node in then.node_def} == {"Const", "Mul"}
    assert list(then.ret.values()) == ["cond/mul:z:0"]
    loop = ops["StatelessWhile"]
    assert len(loop.attr["T"].list.type) == len(loop.input) == 3  # i, the rounds, x
    assert list(functions[loop.attr["body"].func.name].ret) == ["result_0", "result_1", "result_2"]


def test_a_branch_that_does_something_makes_a_stateful_op() -> None:
    def build():
        v = tf.Variable(1.0)
        tf.cond(tf.constant(True), lambda: tf.random_uniform([]), lambda: v + 0.0)

    assert "If" in {node.op for node in written(build).node}


def types_in(graph_def):
    nodes_ = [*graph_def.node, *(node for function in graph_def.library.function
                                 for node in function.node_def)]
    return {node.op for node in nodes_}


def test_gradients_of_loops_are_written_with_tensorflows_op_types() -> None:
    def build():
        x = tf.placeholder(tf.float32, [4, 2], name="x")
        tf.gradients(tf.map_fn(lambda row: row * row, x), x)
        tf.gradients(tf.scan(lambda a, row: a * row, x), x)
        rows = tf.TensorArray(tf.float32, 4, clear_after_read=False)
        tf.gradients(rows.unstack(x).concat(), x)
        pieces = tf.TensorArray(tf.float32, 4).split(x, [1, 1, 1, 1])
        tf.gradients(pieces.read(2), x)

    assert types_in(written(build)) <= set(names())


def test_op_types_of_our_own_are_written_under_their_names() -> None:
    def build():
        x = tf.placeholder(tf.float32, [1, 4, 4, 1], name="x")
        tf.gradients(tf.image.extract_patches(x, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1],
                                              "VALID"), x)

    graph_def = written(build)
    assert types_in(graph_def) - set(names()) == {"ExtractImagePatchesGrad"}
    with tf.Graph().as_default() as again:
        tf.import_graph_def(graph_def, name="")
        assert "ExtractImagePatchesGrad" in {op.type for op in again.get_operations()}


def test_node_def_and_versions() -> None:
    with tf.Graph().as_default() as graph:
        op = tf.square(2.0, name="y").op
    assert (op.node_def.name, op.node_def.op, list(op.node_def.input)) == ("y", "Square", ["y/x"])
    assert graph.graph_def_versions.producer == 134
    assert tf.Session(graph=graph).graph_def == graph.as_graph_def()


def test_a_function_of_python_is_found_again_in_the_same_process() -> None:
    with tf.Graph().as_default() as graph:
        tf.py_func(lambda x: x + 1.0, [tf.constant(2.0)], tf.float32, name="f")
        graph_def = graph.as_graph_def()
        with tf.Graph().as_default():
            y, = tf.import_graph_def(graph_def, return_elements=["f:0"])
            assert tf.Session().run(y) == 3.0
    token = next(node for node in graph_def.node if node.name == "f").attr["token"]
    token.s = b"pyfunc_of_another_process"
    with tf.Graph().as_default():
        y, = tf.import_graph_def(graph_def, return_elements=["f:0"])
        with pytest.raises(ValueError, match="is not found"):
            tf.Session().run(y)


def test_attributes_are_told_as_tensorflow_does() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    assert [dim.size for dim in x.op.get_attr("shape").dim] == [-1, 2]
    pool = tf.nn.avg_pool(tf.zeros([1, 4, 4, 1]), [1, 2, 2, 1], [1, 1, 1, 1], "SAME").op
    assert pool.get_attr("ksize") == [1, 2, 2, 1] and pool.get_attr("padding") == "SAME"
    value = tf.constant([1, 2]).op
    assert value.get_attr("dtype") is tf.int32
    assert tf.make_ndarray(value.get_attr("value")).tolist() == [1, 2]
    assert tf.concat([x, x], 0).op.get_attr("Tidx") is tf.int32
    branch = tf.cond(tf.constant(True), lambda: x, lambda: x + 1.0).op.inputs[0].op
    with pytest.raises(ValueError, match="has no attribute 'foo'"):
        branch.get_attr("foo")
