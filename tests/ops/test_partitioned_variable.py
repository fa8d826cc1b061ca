"""Variables in parts: how they are cut, found again, read and written."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.partitioned_variable import PartitionedVariable, PartitionInfo

TABLE = np.arange(10.0).reshape(5, 2)
HALVES = fg.fixed_size_partitioner(2)


def make(name="w", **options):
    return fg.get_variable(name, **{"shape": [5, 2], "dtype": fg.float64, "initializer": TABLE,
                                    "partitioner": HALVES, **options})


def run(fetches):
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        return session.run(fetches)


def test_parts_are_variables_that_know_where_they_stand():
    whole = make()
    assert [part.name for part in whole] == ["w/part_0:0", "w/part_1:0"]
    assert fg.trainable_variables() == list(whole)
    info = list(whole)[1]._get_save_slice_info()
    assert (info.full_name, info.spec) == ("w", "5 2 3,2:0,2")


@pytest.mark.parametrize("axis", [0, 1])
def test_parts_make_up_the_whole(axis):
    whole = make(partitioner=fg.fixed_size_partitioner(2, axis))
    parts, tensor = run([list(whole), fg.convert_to_tensor(whole)])
    np.testing.assert_array_equal(tensor, TABLE)
    np.testing.assert_array_equal(np.concatenate(parts, axis), TABLE)
    assert fg.convert_to_tensor(whole).op.inputs[0].name.startswith("w/ConcatPartitions/")


def test_gradients_go_to_the_parts():
    whole = make()
    total = fg.reduce_sum(fg.matmul(fg.constant(np.arange(5.0)[None]), whole))
    gradients = run(fg.gradients(total, list(whole)))
    np.testing.assert_array_equal(np.concatenate(gradients), np.arange(5.0)[:, None] * np.ones(2))


@pytest.mark.parametrize(("method", "result"), [
    ("assign", TABLE * 2), ("assign_add", TABLE * 3), ("assign_sub", -TABLE)])
def test_the_whole_is_written_at_once(method, result):
    whole = make()
    written = [getattr(whole, method)(TABLE * 2),
               getattr(make("v"), method)([TABLE[:3] * 2, TABLE[3:] * 2])]
    for parts in run(written):
        np.testing.assert_array_equal(np.concatenate(parts), result)
    assert all(isinstance(op, fg.Operation) for op in whole.assign(whole, read_value=False))


def test_a_scope_can_have_a_partitioner_and_find_the_parts_again():
    with fg.variable_scope("a", partitioner=HALVES):
        whole = fg.get_variable("w", [5, 2])
        scalar = fg.get_variable("s", [])
    with fg.variable_scope("a", reuse=True):
        assert fg.get_variable("w") is whole and fg.get_variable("s") is scalar
        assert fg.get_variable("w", [5, 2], partitioner=HALVES) is whole
    assert isinstance(whole, PartitionedVariable) and isinstance(scalar, fg.Variable)


def test_initializers_know_the_whole_shape():
    identity = make("i", shape=[4, 4], initializer=fg.initializers.identity())
    np.testing.assert_array_equal(run(fg.convert_to_tensor(identity)), np.eye(4))
    scaled = fg.get_variable("v", [600, 10], partitioner=fg.fixed_size_partitioner(6),
                             initializer=fg.variance_scaling_initializer(seed=1))
    assert abs(run(list(scaled))[0].std() * np.sqrt(600) - 1) < 0.1


def test_each_part_is_regularised():
    make(regularizer=fg.nn.l2_loss)
    losses = run(fg.get_collection(fg.GraphKeys.REGULARIZATION_LOSSES))
    assert len(losses) == 2 and sum(losses) == (TABLE ** 2).sum() / 2


def test_the_old_form_gives_a_list():
    parts = fg.create_partitioned_variables([5, 2], [2, 1], fg.constant(TABLE), name="old")
    assert [part.name for part in parts] == ["old/part_0:0", "old/part_1:0"]
    np.testing.assert_array_equal(np.concatenate(run(parts)), TABLE)


@pytest.mark.parametrize(("partitioner", "dtype", "counts"), [
    (fg.fixed_size_partitioner(3), fg.float32, [3, 1]),
    (fg.fixed_size_partitioner(99, axis=1), fg.float32, [1, 7]),
    (fg.variable_axis_size_partitioner(64), fg.float32, [5, 1]),
    (fg.variable_axis_size_partitioner(64, max_shards=3), fg.float32, [3, 1]),
    (fg.variable_axis_size_partitioner(1), fg.string, [10, 1]),
    (fg.variable_axis_size_partitioner(9999, axis=1), fg.float64, [1, 1]),
    (fg.min_max_variable_partitioner(4, min_slice_size=100), fg.float32, [3, 1]),
    (fg.min_max_variable_partitioner(4, axis=1, min_slice_size=1), fg.string, [1, 4]),
    (fg.min_max_variable_partitioner(), fg.float32, [1, 1]),
])
def test_partitioners_count_parts(partitioner, dtype, counts):
    assert partitioner(shape=fg.TensorShape([10, 7]), dtype=dtype) == counts


@pytest.mark.parametrize(("build", "words"), [
    (lambda: make(partitioner=lambda shape, dtype: [2, 2]), "one dimension"),
    (lambda: make(partitioner=lambda shape, dtype: 3), "sequence"),
    (lambda: make(partitioner=lambda shape, dtype: [2]), "rank"),
    (lambda: make(shape=[None, 2], initializer=None), "fully defined"),
    (lambda: (make(), make()), "already exists"),
    (lambda: (make(), make(partitioner=None, shape=None)), "partitioned version"),
    (lambda: (make(partitioner=None, shape=None), make()), "unpartitioned version"),
    (lambda: fg.variable_axis_size_partitioner(0), "positive"),
    (lambda: fg.variable_axis_size_partitioner(9, max_shards=-1), "positive"),
    (lambda: fg.min_max_variable_partitioner(axis=2)(fg.TensorShape([2]), fg.float32), "axis 2"),
    (lambda: fg.create_partitioned_variables([2], [1, 1], fg.ones_initializer()), "length"),
    (lambda: fg.create_partitioned_variables([], [], fg.ones_initializer()), "rank at least 1"),
    (lambda: PartitionedVariable("w", [2], fg.float32, [], [1]), "empty"),
    (lambda: PartitionedVariable("w", [2], fg.float32, [fg.Variable([1.0])], [1]), "slice_info"),
    (lambda: PartitionInfo([2], [2]), "offset 2"),
])
def test_wrong_uses_say_what_is_wrong(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_a_part_knows_along_which_axis_it_was_cut():
    info = PartitionInfo([5, 2], [3, 0])
    assert info.single_slice_dim([2, 2]) == 0 and info.single_offset([2, 2]) == 3
    assert info.single_slice_dim([5, 2]) is None and info.single_offset([5, 2]) == 0
    with pytest.raises(ValueError, match="more than one axis"):
        info.single_slice_dim([2, 1])
