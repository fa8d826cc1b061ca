"""Philox against its published answers, and seeded ops against the numbers TensorFlow 1 draws."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import philox
from flowgraph.ops.distributions import normal, sine_and_cosine, truncated_normal, uniform
from flowgraph.ops.philox import PhiloxState
from flowgraph.ops.random_ops import get_seed

# counter, key, words: the known answers of philox4x32-10 published with Random123
ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


def number(words):
    return sum(word << 32 * i for i, word in enumerate(words))


@pytest.mark.parametrize(("counter", "key", "words"), ANSWERS)
def test_blocks_are_the_published_ones(counter, key, words) -> None:
    state = PhiloxState(number(key), number(counter))
    assert tuple(philox.bits(np, state, 4).tolist()) == words


@pytest.mark.parametrize("end", [1 << 32, 1 << 64, 1 << 128])
def test_the_counter_carries_over(end) -> None:
    across = philox.bits(np, PhiloxState(5, end - 3), 40)
    after = philox.bits(np, PhiloxState(5, end), 28)
    np.testing.assert_array_equal(across[12:], after)


def test_tiles_do_not_show_in_the_bits() -> None:
    state = PhiloxState(1, 2)
    np.testing.assert_array_equal(philox.bits(np, state, 103, tile=7), philox.bits(np, state, 103))


@pytest.mark.parametrize("draw", [uniform, normal])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_do_not_lie_in_memory_of_the_next_draw(draw, dtype) -> None:
    first = draw(np, PhiloxState(1, 0), 1000, dtype, philox.TILE)
    kept = first.copy()
    second = draw(np, PhiloxState(2, 0), 1000, dtype, philox.TILE)
    np.testing.assert_array_equal(first, kept)
    assert not (first == second).any()


def test_take_goes_on_where_the_last_run_stopped() -> None:
    state = PhiloxState(1, 0)
    whole = philox.bits(np, PhiloxState(1, 0), 24)
    parts = [philox.bits(np, state.take(3), 12), philox.bits(np, state.take(3), 12)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_sine_and_cosine_are_right_to_float32() -> None:
    angle = np.linspace(0, 2 * np.pi, 100001).astype(np.float32).astype(np.float64)
    sine, cosine = sine_and_cosine(np, angle)
    np.testing.assert_allclose(sine, np.sin(angle), rtol=2e-8, atol=1e-15)
    np.testing.assert_allclose(cosine, np.cos(angle), rtol=2e-8, atol=1e-15)


# ---- TensorFlow's numbers ------------------------------------------------------------------------

SEEDED = [
    ("random_uniform", None, lambda: fg.random_uniform([5], seed=1), [
        [0.2390374, 0.92039955, 0.050512433, 0.49574447, 0.8355223],
        [0.93370306, 0.7188417, 0.85377777, 0.77928996, 0.52497303],
        [0.7343507, 0.6610266, 0.15112495, 0.19309616, 0.65783775]]),
    ("random_normal", None, lambda: fg.random_normal([5], seed=1), [
        [-0.8113182, 1.4845988, 0.06532937, -2.4427042, 0.0992484],
        [-0.36332107, -0.07205155, -0.5527937, 0.10289733, -0.39558855],
        [-0.666205, -0.416783, 1.8211031, 0.680353, -0.26143482]]),
    ("truncated_normal", None, lambda: fg.truncated_normal([5], seed=1), [
        [-0.8113182, 1.4845988, 0.06532937, 0.0992484, 0.6396971],
        [-0.36332107, -0.07205155, -0.5527937, 0.10289733, -0.67590594],
        [-0.666205, -0.416783, 1.8211031, 0.680353, -0.49349836]]),
    ("random_uniform_int32", None, lambda: fg.random_uniform([7], -3, 11, fg.int32, seed=1), [
        [6, 0, 2, 7, 8, -3, 3],
        [2, 1, 7, 0, 5, 8, 2],
        [0, -2, -1, 3, 0, -2, 4]]),
    ("random_uniform_int64", None, lambda: fg.random_uniform([7], -3, 2 ** 40, fg.int64, seed=1), [
        [720089954135, 613922486482, 420883556409, 934748723182, 957347221010, 530423940269,
         86615532142],
        [844796825767, 589236524899, 949393145428, 1072344936659, 941821605130, 928341871371,
         718900270231],
        [932048616500, 200518326459, 694709273112, 890973898478, 254372615851, 792316344489,
         954721274474]]),
    ("random_uniform_float64", None,
     lambda: fg.random_uniform([7], -1.0, 2.5, fg.float64, seed=1), [
        [2.193049732076746, 0.41434911961686915, 1.3946267954868201, 1.4671678144453306,
         -0.4725006733430044, -0.01861276087892738, -0.24778775924879293],
        [0.077578295349507, 0.7687529162258144, 1.487329601862855, 0.7736112353829245,
         0.7038349199247587, 1.4334380454805826, 1.2191907502406298],
        [0.9463720629846062, 2.0766472906657683, -0.5471196455975927, -0.3059213864486975,
         1.3411215371736094, -0.48292844696163595, 0.7984124867645355]]),
    ("random_normal_float64", None, lambda: fg.random_normal([7], 1.0, 0.1, fg.float64, seed=1), [
        [1.0242827545985054, 0.9647001781890034, 0.9163492208509998, 0.9756430980286752,
         1.1910068289866316, 0.9630702768406504, 1.0360077334515287],
        [0.9948335186793598, 0.8465912559349882, 0.9964977696163521, 0.9174239742211119,
         0.8870353199502491, 0.9595449692071512, 0.9100395784039944],
        [0.9253673842009363, 1.0785231739339913, 1.191658957905047, 1.0645340945445751,
         1.0717957477294409, 1.0537403749440444, 0.8912747249397416]]),
    ("random_shuffle", None, lambda: fg.random_shuffle([0, 1, 2, 3, 4], seed=1), [
        [2, 4, 0, 3, 1],
        [2, 3, 0, 4, 1],
        [4, 3, 0, 2, 1]]),
    ("random_uniform", 42, lambda: fg.random_uniform([5], seed=7), [
        [0.8627677, 0.6567626, 0.99054587, 0.9031013, 0.7336807]]),
    ("random_normal", 42, lambda: fg.random_normal([5], seed=7), [
        [-0.45274156, -0.30040753, -0.07882862, 0.11306749, 0.5393324]]),
    ("truncated_normal", 42, lambda: fg.truncated_normal([5], seed=7), [
        [-0.45274156, -0.30040753, -0.07882862, 0.11306749, -1.4650041]]),
    ("random_normal", 0, lambda: fg.random_normal([5], seed=0), [
        [0.12391895, 2.798774, -1.7961729, 0.31075957, -1.3194942]]),
]


@pytest.mark.parametrize(("name", "graph_seed", "build", "runs"), SEEDED,
                         ids=[f"{row[0]}-{row[1]}" for row in SEEDED])
def test_seeded_ops_draw_tensorflows_numbers(name, graph_seed, build, runs) -> None:
    if graph_seed is not None:
        fg.set_random_seed(graph_seed)
    drawn = build()
    with fg.Session() as session:
        for want in runs:
            got = session.run(drawn)
            if got.dtype.kind == "f" and "normal" in name:
                np.testing.assert_array_max_ulp(got, np.array(want, got.dtype), 2)
            else:
                np.testing.assert_array_equal(got, np.array(want, got.dtype))


# ---- where the seeds come from -------------------------------------------------------------------


def draw(tensors):
    with fg.Session() as session:
        return [x.tolist() for x in session.run(tensors)]


def test_sessions_start_a_seeded_op_again() -> None:
    x = fg.random_normal([4], seed=1)
    assert draw([x]) == draw([x])


def test_without_a_seed_sessions_differ() -> None:
    x = fg.random_normal([4])
    assert draw([x]) != draw([x])


def test_ops_with_one_op_seed_draw_the_same() -> None:
    first, second = draw([fg.random_uniform([4], seed=1), fg.random_uniform([4], seed=1)])
    assert first == second


def test_with_a_graph_seed_ops_differ_by_name() -> None:
    fg.set_random_seed(3)
    first, second = draw([fg.random_uniform([4]), fg.random_uniform([4])])
    assert first != second


def test_with_a_graph_seed_another_op_changes_nothing() -> None:
    def build(more):
        with fg.Graph().as_default():
            fg.set_random_seed(3)
            if more:
                fg.random_normal([2], name="another")
            return draw([fg.random_uniform([4], name="x")])

    assert build(more=True) == build(more=False)


def test_the_graph_seed_counts_when_the_op_is_built() -> None:
    fg.set_random_seed(3)
    x = fg.random_uniform([4], name="x")
    fg.set_random_seed(4)
    again = draw([x])
    with fg.Graph().as_default():
        fg.set_random_seed(3)
        assert draw([fg.random_uniform([4], name="x")]) == again


def test_two_uses_in_one_run_are_one_draw() -> None:
    x = fg.random_uniform([4])
    first, second = draw([x + 0.0, x * 1.0])
    assert first == second


def test_get_seed_follows_tensorflow() -> None:
    assert get_seed(None) == (None, None)
    assert get_seed(5) == (87654321, 5)
    fg.set_random_seed(0)
    assert get_seed(0) == (0, 2 ** 31 - 1)
    fg.set_random_seed(7)
    assert get_seed(2 ** 31) == (7, 1)
    assert get_seed(None)[0] == 7


def test_names_are_tensorflows() -> None:
    for build in (fg.random_uniform, fg.random_normal, fg.truncated_normal):
        build([2])
    fg.random_uniform([2], maxval=3, dtype=fg.int32, name="die")
    names = {op.name for op in fg.get_default_graph().get_operations()}
    assert {"random_uniform/shape", "random_uniform/min", "random_uniform/max",
            "random_uniform/RandomUniform", "random_uniform/sub", "random_uniform/mul",
            "random_uniform", "random_normal/mean", "random_normal/stddev",
            "random_normal/RandomStandardNormal", "random_normal/mul", "random_normal",
            "truncated_normal/TruncatedNormal", "truncated_normal", "die", "die/min",
            "die/max"} <= names


@pytest.mark.parametrize("draw", [uniform, normal, truncated_normal])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_do_not_show_in_the_numbers(draw, dtype) -> None:
    state = PhiloxState(7, 8)
    in_threads = draw(np, state, 100_000, np.dtype(dtype), 1024)
    alone = draw(np, state, 100_000, np.dtype(dtype), 1 << 40)
    np.testing.assert_array_equal(in_threads, alone)


@pytest.mark.parametrize("seed", ["a", "7", [1, 2]])
def test_a_seed_that_is_no_number_is_told(seed) -> None:
    with pytest.raises(TypeError, match=r"test_philox.py:.*a seed must be an int, got"):
        fg.random_normal([3], seed=seed)
    with pytest.raises(TypeError, match="a seed must be an int"):
        fg.set_random_seed(seed)
