"""tf.train.Saver: its nodes, the checkpoints it writes and keeps, restoring, mistakes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.train import saver as saver_module

FILES = Path(__file__).parent.parent / "io" / "files"


def started(*values, names="abcdef"):
    """A session with variables a, b, ... of these values."""
    variables = [tf.Variable(value, name=name) for value, name in zip(values, names, strict=False)]
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess, variables


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


# ---- nodes ---------------------------------------------------------------------------------------


def test_the_nodes_are_those_of_tensorflow(graph) -> None:
    tf.Variable(1.0, name="b")
    tf.get_variable("a", [2])
    tf.get_variable("p", [5, 2], partitioner=tf.fixed_size_partitioner(2))
    saver = tf.train.Saver()
    ops = {op.name: op for op in graph.get_operations() if op.name.startswith("save/")}
    assert {name: op.type for name, op in ops.items()} == {
        "save/filename/input": "Const", "save/filename": "PlaceholderWithDefault",
        "save/Const": "PlaceholderWithDefault", "save/SaveV2/tensor_names": "Const",
        "save/SaveV2/shape_and_slices": "Const", "save/SaveV2": "SaveV2",
        "save/control_dependency": "Identity", "save/RestoreV2/tensor_names": "Const",
        "save/RestoreV2/shape_and_slices": "Const", "save/RestoreV2": "RestoreV2",
        "save/Assign": "Assign", "save/Assign_1": "Assign", "save/Assign_2": "Assign",
        "save/Assign_3": "Assign", "save/restore_all": "NoOp"}
    assert [t.name for t in ops["save/SaveV2"].inputs[3:]] == [
        "a:0", "b:0", "p/part_0/read:0", "p/part_1/read:0"]
    assert [t.get_shape() for t in ops["save/RestoreV2"].outputs[:2]] == [None, None]
    assert ops["save/RestoreV2"].outputs[2].shape.as_list() == [3, 2]
    assert str(saver.saver_def) == (
        'filename_tensor_name: "save/Const:0"\nsave_tensor_name: "save/control_dependency:0"\n'
        'restore_op_name: "save/restore_all"\nmax_to_keep: 5\n'
        'keep_checkpoint_every_n_hours: 10000\nversion: V2\n')
    assert tf.train.Saver(name="mine").saver_def.restore_op_name == "mine/restore_all"


def test_an_empty_graph_has_nothing_to_save(tmp_path) -> None:
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    saver = tf.train.Saver(allow_empty=True)
    assert saver.save(tf.Session(), str(tmp_path / "m")) is None
    saver.restore(tf.Session(), "/no/such")
    assert os.listdir(tmp_path) == ["m.meta"]


@pytest.mark.parametrize(("var_list", "error", "words"), [
    (lambda a: {"x": a, "y": a}, ValueError, "two names: y"),
    (lambda a: [a, a], ValueError, "same name: a"), (lambda a: 3, TypeError, "dict or a list"),
    (lambda a: {3: a}, TypeError, "not a string"),
    (lambda a: {"x": 3}, TypeError, "Not a variable"),
    (lambda a: [tf.constant(1.0)], TypeError, "Not a variable"),
    (lambda a: {"x": [tf.constant(1.0)]}, ValueError, "must all be Variables"),
    (lambda a: {"x": [a]}, ValueError, "must all be slices"),
], ids=["two_names", "same_name", "number", "key", "value", "tensor", "tensors", "parts"])
def test_wrong_lists_of_variables(var_list, error, words) -> None:
    with pytest.raises(error, match=words):
        tf.train.Saver(var_list(tf.Variable(1.0, name="a")))


def test_a_saver_is_made_from_its_description(tmp_path) -> None:
    sess, (a,) = started(1.0)
    described = tf.train.SaverDef.FromString(tf.train.Saver().to_proto().SerializeToString())
    path = tf.train.Saver.from_proto(described).save(sess, str(tmp_path / "m"))
    sess.run(a.assign(2.0))
    tf.train.Saver(saver_def=described).restore(sess, path)
    assert sess.run(a) == 1.0


def test_names_without_and_with_a_scope() -> None:
    tf.Variable(1.0, name="a")
    with tf.name_scope("outer"):
        saver = tf.train.Saver()
    assert saver.saver_def.restore_op_name == "outer/save/restore_all"
    assert saver.to_proto("outer").restore_op_name == "save/restore_all"
    assert saver.to_proto("other") is None


def test_building_may_be_deferred(tmp_path) -> None:
    saver = tf.train.Saver(defer_build=True)
    sess, _ = started(1.0)
    with pytest.raises(RuntimeError, match="build"):
        saver.save(sess, str(tmp_path / "m"))
    saver.build()
    assert saver.save(sess, str(tmp_path / "m"))
    with pytest.raises(ValueError, match="deferred"):
        tf.train.Saver([1], defer_build=True)


def test_a_builder_of_ones_own_is_asked(tmp_path) -> None:
    sess, _ = started(1.0)
    asked = []

    class Builder:
        def build(self, names_to_saveables, **options):
            asked.append((names_to_saveables, options["max_to_keep"]))
            return tf.train.Saver(names_to_saveables).saver_def

    saver = tf.train.Saver(builder=Builder(), max_to_keep=3)
    assert asked[0][1] == 3 and saver.save(sess, str(tmp_path / "m"))


# ---- saving and restoring ------------------------------------------------------------------------


def test_values_come_back(tmp_path) -> None:
    values = [np.float32([[1, 2]]), 7, [True, False], ["x", "\u00e9"], np.complex64(1j),
              np.zeros((0, 2))]
    sess, variables = started(*values)
    path = tf.train.Saver().save(sess, str(tmp_path / "model"), global_step=12)
    assert path == str(tmp_path / "model-12")
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "model-12.data-00000-of-00001",
                                            "model-12.index", "model-12.meta"]
    before = sess.run(variables)
    other = tf.Session()
    tf.train.Saver().restore(other, path)
    for one, two in zip(before, other.run(variables), strict=True):
        np.testing.assert_array_equal(one, two)


def test_names_of_ones_own(tmp_path) -> None:
    sess, (a, b) = started(1.0, 2.0)
    path = tf.train.Saver({"x": a, "y": b}).save(sess, str(tmp_path / "m"))
    assert tf.train.list_variables(path) == [("x", []), ("y", [])]
    tf.train.Saver({"y": a, "x": b}).restore(sess, path)
    assert sess.run([a, b]) == [2.0, 1.0]


@pytest.mark.parametrize("step", ["int", "numpy", "variable", "tensor", "name"])
def test_the_step_may_be_given_in_many_ways(tmp_path, step) -> None:
    sess, (a,) = started(7)
    given = {"int": 7, "numpy": np.int64(7), "variable": a, "tensor": a + 0, "name": "a:0"}[step]
    assert tf.train.Saver().save(sess, str(tmp_path / "m"), given) == str(tmp_path / "m-7")
    padded = tf.train.Saver(pad_step_number=True).save(sess, tmp_path / "m", given)
    assert padded == str(tmp_path / "m-00000007")


def test_restoring_is_all_or_nothing(tmp_path) -> None:
    sess, (a, b) = started(1.0, 2.0)
    path = tf.train.Saver([a]).save(sess, str(tmp_path / "m"))
    sess.run(a.assign(5.0))
    with pytest.raises(tf.errors.NotFoundError, match=r"(?s)Restoring from checkpoint "
                       r"failed.*Key b not found in checkpoint \S*m\n"):
        tf.train.Saver([a, b]).restore(sess, path)
    assert sess.run([a, b]) == [5.0, 2.0]


def test_another_shape_is_refused_or_given_the_variable_s(tmp_path) -> None:
    sess, (a,) = started([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    with tf.Graph().as_default(), tf.Session() as sess:
        a = tf.get_variable("a", [3, 2])
        with pytest.raises(tf.errors.InvalidArgumentError,
                           match=r"(?s)Restoring from checkpoint failed.*\(2, 3\).*'a'.*\(3, 2\)"):
            tf.train.Saver().restore(sess, path)
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(a)
        tf.train.Saver(reshape=True).restore(sess, path)
        assert sess.run(a).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_another_dtype_is_refused(tmp_path) -> None:
    sess, _ = started(1)
    path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("a", [])
        with pytest.raises(tf.errors.InvalidArgumentError, match="holds a as int32, not float32"):
            tf.train.Saver().restore(sess, path)


def test_a_variable_without_static_shape(tmp_path) -> None:
    a = tf.Variable([1.0], name="a", validate_shape=False)
    sess = tf.Session()
    sess.run(a.initializer)
    sess.run(tf.assign(a, [1.0, 2.0], validate_shape=False))
    saver = tf.train.Saver()
    path = saver.save(sess, str(tmp_path / "m"))
    sess.run(a.initializer)
    saver.restore(sess, path)
    assert sess.run(a).tolist() == [1, 2]


def test_variables_in_parts_are_saved_as_one_and_cut_anew(tmp_path) -> None:
    whole = np.arange(14, dtype=np.float32).reshape(7, 2)

    def table(parts):
        return tf.get_variable("t", [7, 2], initializer=tf.zeros_initializer(),
                               partitioner=tf.fixed_size_partitioner(parts) if parts else None)

    def value(t):
        return tf.convert_to_tensor(t)

    with tf.Session() as sess:
        t = table(3)
        sess.run(tf.global_variables_initializer())
        sess.run(t.assign(tf.constant(whole)))
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    assert tf.train.list_variables(path) == [("t", [7, 2])]
    for parts in (None, 2, 3, 7):
        with tf.Graph().as_default(), tf.Session() as sess:
            t = table(parts)
            tf.train.Saver({"t": t} if parts == 2 else None).restore(sess, path)
            np.testing.assert_array_equal(sess.run(value(t)), whole)
    np.testing.assert_array_equal(tf.train.load_variable(path, "t"), whole)


def test_a_checkpoint_of_tensorflow_is_restored() -> None:
    weights, count = tf.get_variable("weights", [2, 3]), tf.get_variable("count", [], tf.int64)
    table = tf.get_variable("table", [5, 2], partitioner=tf.fixed_size_partitioner(5))
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, FILES / "tf_whole")
        assert sess.run(weights).tolist() == [[0, 0.25, 0.5], [0.75, 1, 1.25]]
        assert sess.run(count) == 7
        assert sess.run(table.as_tensor()).reshape(-1).tolist() == list(range(10))


def test_a_checkpoint_of_objects_is_restored_by_the_variables_names(caplog) -> None:
    w, n = tf.get_variable("layer/w", [1, 2]), tf.get_variable("n", [], tf.int32)
    with tf.Session() as sess:
        saver = tf.train.Saver()
        saver.restore(sess, str(FILES / "tf_objects"))
        assert sess.run(w).tolist() == [[1, 2]] and sess.run(n) == 3
        assert "tf.train.Checkpoint" in caplog.text
        tf.get_variable("other", [])
        with pytest.raises(tf.errors.NotFoundError, match="Key"):
            tf.train.Saver().restore(sess, str(FILES / "tf_objects"))


def test_moving_averages_are_restored_into_their_variables(tmp_path) -> None:
    sess, (a,) = started(1.0)
    average = tf.train.ExponentialMovingAverage(0.5)
    update = average.apply([a])
    sess.run(tf.global_variables_initializer())
    sess.run(a.assign(3.0))
    sess.run(update)
    path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    shadow = sess.run(average.average(a))
    tf.train.Saver(average.variables_to_restore([a])).restore(sess, path)
    assert shadow == 2.0 and sess.run(a) == shadow


def test_optimizer_slots_are_saved_too(tmp_path) -> None:
    sess, (a,) = started([1.0, 2.0])
    train = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(a * a))
    sess.run(tf.global_variables_initializer())
    saver = tf.train.Saver()
    sess.run(train)
    path = saver.save(sess, str(tmp_path / "m"))
    sess.run(train)
    expected = sess.run(a)
    saver.restore(sess, path)
    sess.run(train)
    np.testing.assert_array_equal(sess.run(a), expected)


# ---- the checkpoints that are kept ---------------------------------------------------------------


def steps_in(folder) -> list[int]:
    return sorted(int(name[2:-6]) for name in os.listdir(folder) if name.endswith(".index"))


def test_the_latest_few_are_kept(tmp_path) -> None:
    sess, _ = started(1.0)
    saver = tf.train.Saver(max_to_keep=2)
    for step in range(4):
        saver.save(sess, str(tmp_path / "m"), step)
    assert steps_in(tmp_path) == [2, 3] and len(os.listdir(tmp_path)) == 7
    assert saver.last_checkpoints == [str(tmp_path / f"m-{i}") for i in (2, 3)]
    state = tf.train.get_checkpoint_state(tmp_path)
    assert state.model_checkpoint_path == str(tmp_path / "m-3")
    assert list(state.all_model_checkpoint_paths) == saver.last_checkpoints
    again = tf.train.Saver(max_to_keep=2)
    again.recover_last_checkpoints([*state.all_model_checkpoint_paths, "/no/such"])
    again.save(sess, str(tmp_path / "m"), 4)
    assert steps_in(tmp_path) == [3, 4]
    again.save(sess, str(tmp_path / "m"), 4)  # the same name does not count twice
    assert steps_in(tmp_path) == [3, 4]


@pytest.mark.parametrize("most", [None, 0])
def test_all_may_be_kept(tmp_path, most) -> None:
    sess, _ = started(1.0)
    saver = tf.train.Saver(max_to_keep=most)
    for step in range(7):
        saver.save(sess, str(tmp_path / "m"), step)
    assert steps_in(tmp_path) == list(range(7)) and saver.last_checkpoints == []
    assert len(tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths) == 1


def test_one_every_so_many_hours_is_kept_for_good(tmp_path, monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(saver_module.time, "time", lambda: now[0])
    sess, _ = started(1.0)
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1)
    for step in range(8):
        saver.save(sess, str(tmp_path / "m"), step)
        now[0] += 1500
    assert steps_in(tmp_path) == [3, 5, 7]


def test_checkpoints_without_time_are_never_removed(tmp_path) -> None:
    sess, _ = started(1.0)
    first = tf.train.Saver(max_to_keep=1)
    first.save(sess, str(tmp_path / "m"), 0)
    saver = tf.train.Saver(max_to_keep=1)
    saver.set_last_checkpoints(first.last_checkpoints)
    saver.save(sess, str(tmp_path / "m"), 1)
    assert steps_in(tmp_path) == [0, 1]
    with pytest.raises(AssertionError, match="list"):
        saver.set_last_checkpoints("m")


def test_without_state_nothing_is_noted(tmp_path) -> None:
    sess, _ = started(1.0)
    saver = tf.train.Saver(max_to_keep=1)
    for step in range(3):
        saver.save(sess, str(tmp_path / "m"), step, write_state=False)
    assert steps_in(tmp_path) == [0, 1, 2] and tf.train.latest_checkpoint(tmp_path) is None


@pytest.mark.parametrize("relative", [False, True])
def test_a_folder_may_be_moved(tmp_path, relative, monkeypatch) -> None:
    sess, _ = started(1.0)
    tf.train.Saver(save_relative_paths=relative).save(sess, str(tmp_path / "old" / "m"))
    os.rename(tmp_path / "old", tmp_path / "new")
    expected = str(tmp_path / "new" / "m") if relative else None
    assert tf.train.latest_checkpoint(str(tmp_path / "new")) == expected


def test_relative_names(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    sess, _ = started(1.0)
    saver = tf.train.Saver()
    assert saver.save(sess, "m") == "m"
    assert saver.save(sess, "./sub/m", 1) == "./sub/m-1"
    assert (tmp_path / "checkpoint").read_text().startswith('model_checkpoint_path: "m"\n')
    assert tf.train.latest_checkpoint(".") == "./m"
    assert tf.train.latest_checkpoint("sub") == "sub/m-1"
    saver.restore(sess, tf.train.latest_checkpoint("sub"))


# ---- mistakes ------------------------------------------------------------------------------------


def test_mistakes_in_calls(tmp_path) -> None:
    sess, _ = started(1.0)
    saver, folder = tf.train.Saver(), str(tmp_path)
    with pytest.raises(TypeError, match="must be a Session"):
        saver.save(3, folder + "/m")
    with pytest.raises(ValueError, match="Parent directory of /no/such/m doesn't exist"):
        saver.save(sess, "/no/such/m")
    with pytest.raises(ValueError, match="path components"):
        saver.save(sess, folder + "/m", latest_filename="a/b")
    with pytest.raises(ValueError, match=r"(?s)no name of a file.*Write .*model\.ckpt"):
        saver.save(sess, folder + "/")
    with pytest.raises(ValueError, match="collides"):
        saver.save(sess, folder + "/checkpoint")
    with pytest.raises(ValueError, match="not a valid checkpoint"):
        saver.restore(sess, folder + "/m")
    with pytest.raises(ValueError, match="None"):
        saver.restore(sess, None)
    with pytest.raises(NotImplementedError, match="V2"):
        tf.train.Saver(write_version=tf.train.SaverDef.V1)
    assert os.listdir(folder) == []


def test_a_variable_without_value_is_not_saved(tmp_path) -> None:
    tf.Variable(1.0, name="a")
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value a"):
        tf.train.Saver().save(tf.Session(), str(tmp_path / "m"))
    assert os.listdir(tmp_path) == []


def test_a_damaged_checkpoint_is_said_and_changes_nothing(tmp_path) -> None:
    sess, (a,) = started([1.0, 2.0])
    saver = tf.train.Saver()
    path = saver.save(sess, str(tmp_path / "m"))
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(b"\1" + data.read_bytes()[1:])
    sess.run(a.assign([5.0, 6.0]))
    with pytest.raises(tf.errors.DataLossError, match=r"m\.data-00000-of-00001.*checksum of a"):
        saver.restore(sess, path)
    assert sess.run(a).tolist() == [5, 6]


def test_a_value_whose_shape_only_the_run_tells_must_fit_the_variable() -> None:
    sess, (a,) = started([1.0, 2.0])
    mask = tf.placeholder(tf.bool, [3])
    assign = tf.assign(a, tf.boolean_mask([1.0, 2.0, 3.0], mask))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\(3,\).*'a'.*\(2,\)"):
        sess.run(assign, {mask: [True] * 3})
    assert sess.run(a).tolist() == [1, 2]
    assert sess.run(assign, {mask: [False, True, True]}).tolist() == [2, 3]


def test_threads_save_in_turn_so_that_the_latest_step_comes_last(tmp_path) -> None:
    step = tf.train.get_or_create_global_step()
    up, saver = step.assign_add(1), tf.train.Saver(max_to_keep=100)
    with tf.Session() as sess:
        sess.run(step.initializer)

        def work() -> None:
            for _ in range(5):
                sess.run(up)
                saver.save(sess, str(tmp_path / "m"), global_step=step, write_meta_graph=False)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    steps = [int(path.rpartition("-")[2]) for path in saver.last_checkpoints]
    assert steps == sorted(steps) and steps[-1] == 20
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "m-20")
