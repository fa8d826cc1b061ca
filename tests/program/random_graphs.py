"""Random graphs for `tests.program.fuzz`: small ones, of the kinds of parts that programs are of.

Each part takes values made before and adds some. The sizes of all values are known here, also where
the graph is told less (a batch of unknown size, an unknown rank). What is not smooth (sign, max) is
kept: where it stands near a jump, `fuzz` finds out by changing the feeds a little.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import flowgraph as fg

LARGEST = 4096  # elements of a value


class Sized(NamedTuple):
    """A tensor, and the shape that it will have."""

    tensor: Any
    shape: tuple[int, ...]


class RandomGraph:
    """A graph made from a seed.

    Args:
        seed: of all choices.

    Attributes:
        graph, feed, fetches: what to run; the fetches are run several times.
        parts: the names of its parts, for people.
        is_cut: whether its parts stand on two processors in turn; one graph in three.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.dtype = self.random.choice([fg.float64] * 3 + [fg.float32] * 3 + [fg.float16])
        self.graph = fg.Graph()
        self.feed: dict[Any, Any] = {}
        self.parts: list[str] = []
        self.pool: list[Sized] = []
        self.depth = 0
        self.is_cut = seed % 3 == 2
        with self.graph.as_default():
            self.batch = self.random.choice([1, 2, 3, 5, 8, 8, 8, 0])
            self.rows = fg.placeholder(self.dtype, [None, 6])
            self.feed[self.rows] = self.normal(self.batch, 6)
            self.pool.append(Sized(self.rows, (self.batch, 6)))
            for _ in range(self.random.randint(1, 3)):
                self.given()
            for _ in range(self.random.randint(2, 8)):
                self.part()
            self.fetches = self.results()

    # ---- values ----------------------------------------------------------------------------------

    def normal(self, *shape: int) -> np.ndarray:
        """Normal numbers of the graph's dtype."""
        return self.numbers.normal(size=shape).astype(self.dtype.as_numpy_dtype)

    def given(self) -> Sized:
        """A placeholder, a variable or a constant of a random shape."""
        shape = self.random.choice([(), (4,), (6,), (5, 6), (1, 6), (5, 1), (3, 4, 2), (1, 1),
                                    (0, 3), (2, 6, 6, 3), (1, 8, 8, 2), (40,), (16, 17)])
        value = self.normal(*shape)
        kind = self.random.random()
        if kind < 0.5:
            told = self.random.choice([shape, shape, [None] * len(shape), None])
            tensor = fg.placeholder(self.dtype, told)
            self.feed[tensor] = value
        elif kind < 0.8:
            tensor = fg.Variable(value).value()
        else:
            tensor = fg.constant(value)
        return self.add(tensor, shape)

    def variable(self, *shape: int) -> Any:
        """A variable of small numbers."""
        return fg.Variable(self.normal(*shape) * self.dtype.as_numpy_dtype(0.4))

    def add(self, tensor: Any, shape: tuple[int, ...]) -> Sized:
        """Notes a value of the graph's dtype."""
        made = Sized(tensor, tuple(int(n) for n in shape))
        self.pool.append(made)
        return made

    def some(self, rank: int | None = None) -> Sized:
        """A value made before, the late ones more often; of a rank if one is given."""
        fits = [v for v in self.pool if rank is None or len(v.shape) == rank]
        if not fits:
            return self.reshaped(self.some(), rank or 0)
        return fits[-min(len(fits), 1 + int(self.random.expovariate(0.4)))]

    def reshaped(self, value: Sized, rank: int) -> Sized:
        """The same numbers with another rank; their sum for rank 0."""
        size = int(np.prod(value.shape))
        if rank == 0:
            return self.add(fg.reduce_sum(value.tensor), ())
        last = value.shape[-1] if value.shape and size else 1
        shape = (*(1,) * (rank - 2), size // last, last)[-rank:] if rank > 1 else (size,)
        return self.add(fg.reshape(value.tensor, shape), shape)

    # ---- parts -----------------------------------------------------------------------------------

    def part(self) -> None:
        """One more part; one that the values at hand do not fit adds nothing."""
        name = self.random.choice(PARTS)
        self.parts.append(name)
        with fg.device(f"/cpu:{len(self.parts) % 2}" if self.is_cut else None):
            getattr(self, name)()

    def unary(self) -> None:
        """A chain of functions of one value."""
        for _ in range(self.random.randint(1, 6)):
            value = self.some()
            self.add(self.random.choice(UNARY)(value.tensor), value.shape)

    def binary(self) -> None:
        """A chain of functions of two values, broadcast."""
        for _ in range(self.random.randint(1, 6)):
            a, b = self.some(), self.some()
            try:
                shape = np.broadcast_shapes(a.shape, b.shape)
            except ValueError:
                continue
            if np.prod(shape) <= LARGEST:
                self.add(self.random.choice(BINARY)(a.tensor, b.tensor), shape)

    def reduce(self) -> None:
        """A reduction."""
        value = self.some()
        axes = [i for i in range(len(value.shape)) if self.random.random() < 0.6]
        keep = self.random.random() < 0.5
        if 0 in value.shape:
            function = fg.reduce_sum
        else:
            function = self.random.choice([fg.reduce_sum, fg.reduce_mean, fg.reduce_max,
                                           fg.reduce_min, fg.reduce_mean, fg.reduce_sum])
        shape = [1 if i in axes else n for i, n in enumerate(value.shape) if keep or i not in axes]
        self.add(function(value.tensor, axes, keepdims=keep), tuple(shape))

    def dense(self) -> None:
        """A layer: product, bias, function."""
        x = self.some(2)
        units = self.random.choice([1, 3, 6, 20])
        y = fg.matmul(x.tensor, self.variable(x.shape[1], units)) + self.variable(units)
        self.add(self.random.choice(UNARY)(y), (x.shape[0], units))

    def products(self) -> None:
        """A chain of products, with transposes as attributes and as operations."""
        x = self.some(2)
        for _ in range(self.random.randint(1, 3)):
            at, bt = self.random.random() < 0.4, self.random.random() < 0.4
            m, k = x.shape[::-1] if at else x.shape
            n = self.random.choice([2, 6, 9])
            b = self.variable(*((n, k) if bt else (k, n)))
            if self.random.random() < 0.3:
                x = Sized(fg.transpose(x.tensor), x.shape[::-1])
                at = not at
            x = self.add(fg.matmul(x.tensor, b, transpose_a=at, transpose_b=bt), (m, n))

    def sum_of_products(self) -> None:
        """Products of transposed values, added up, as gradients of unrolled networks are."""
        a, b = self.some(2), self.some(2)
        if a.shape[0] == b.shape[0]:
            terms = [fg.matmul(fg.tanh(a.tensor * float(i)), b.tensor, transpose_a=True)
                     for i in range(self.random.randint(2, 5))]
            self.add(fg.add_n(terms), (a.shape[1], b.shape[1]))

    def move(self) -> None:
        """Joins, cuts, turns."""
        value = self.some()
        x, shape = value
        rank = len(shape)
        if not rank:
            self.add(fg.stack([x, x * 2.0]), (2,))
            return
        axis = self.random.randrange(rank)
        n = shape[axis]

        def along(size: int) -> tuple[int, ...]:
            return (*shape[:axis], size, *shape[axis + 1:])

        def stacked() -> None:
            self.add(fg.stack([x, x + 1.0], axis), (*shape[:axis], 2, *shape[axis:]))

        def cut() -> None:
            begin = [0] * rank
            sizes = [s if i != axis else max(s - 1, 0) for i, s in enumerate(shape)]
            begin[axis] = min(1, n)
            self.add(fg.slice(x, begin, sizes), tuple(sizes))

        def split() -> None:
            if n % 2 == 0:
                for piece in fg.split(x, 2, axis):
                    self.add(piece, along(n // 2))

        def turned() -> None:
            order = self.random.sample(range(rank), rank)
            self.add(fg.transpose(x, order), tuple(shape[i] for i in order))

        def padded() -> None:
            pads = [[0, 0]] * rank
            pads[axis] = [1, 2]
            self.add(fg.pad(x, pads), along(n + 3))

        def strided() -> None:
            self.add(x[(slice(None),) * axis + (slice(None, None, 2),)], along(-(-n // 2)))

        def gathered() -> None:
            if n:
                self.add(fg.gather(x, [0, n - 1, 0], axis=axis), along(3))

        def unstacked() -> None:
            if 0 < n <= 6:
                for piece in fg.unstack(x, num=n, axis=axis):
                    self.add(piece, (*shape[:axis], *shape[axis + 1:]))

        def tiled() -> None:
            if np.prod(shape) * 2 <= LARGEST:
                self.add(fg.tile(x, [2 if i == axis else 1 for i in range(rank)]), along(2 * n))

        moves: list[Callable[[], object]] = [
            lambda: self.add(fg.concat([x, x * 0.5, x], axis), along(3 * n)), stacked, cut, split,
            turned, padded, strided, gathered, unstacked, tiled,
            lambda: self.add(fg.expand_dims(x, axis), (*shape[:axis], 1, *shape[axis:])),
            lambda: self.add(fg.reverse(x, [axis]), shape),
            lambda: self.add(fg.cumsum(x, axis), shape),
            lambda: self.reshaped(value, self.random.randint(0, 3))]
        if np.prod(shape) * 3 <= LARGEST and rank < 5:
            self.random.choice(moves)()

    def normalised(self) -> None:
        """Softmax, layer normalisation, cross entropy, moments."""
        x = self.some(2)
        if 0 in x.shape:
            return
        rows, classes = x.shape

        def layer_norm() -> None:
            mean, variance = fg.nn.moments(x.tensor, [-1], keep_dims=True)
            self.add((x.tensor - mean) * fg.rsqrt(variance + 0.01) * self.variable(classes)
                     + self.variable(classes), x.shape)

        def batch_norm() -> None:
            mean, variance = fg.nn.moments(x.tensor, [0])
            self.add(fg.nn.batch_normalization(x.tensor, mean, variance, self.variable(classes),
                                               self.variable(classes), 0.01), x.shape)

        labels = self.numbers.integers(0, classes, rows)
        self.random.choice([
            lambda: self.add(fg.nn.softmax(x.tensor), x.shape),
            lambda: self.add(fg.nn.log_softmax(x.tensor), x.shape),
            layer_norm, batch_norm,
            lambda: self.add(fg.nn.sparse_softmax_cross_entropy_with_logits(
                labels=fg.constant(labels), logits=x.tensor), (rows,)),
            lambda: self.add(fg.nn.softmax_cross_entropy_with_logits_v2(
                labels=fg.one_hot(labels, classes, dtype=self.dtype), logits=x.tensor), (rows,)),
            lambda: self.add(fg.nn.sigmoid_cross_entropy_with_logits(
                labels=fg.sigmoid(x.tensor), logits=x.tensor), x.shape)])()

    def convolution(self) -> None:
        """Convolution, bias, relu, pooling."""
        x = self.some(4)
        if 0 in x.shape or x.shape[1] < 3 or x.shape[2] < 3 or np.prod(x.shape) > LARGEST:
            return
        stride, padding = self.random.choice([1, 1, 2]), self.random.choice(["SAME", "VALID"])
        kernel, filters = self.random.choice([1, 3]), self.random.choice([1, 4])
        n, *sizes, channels = x.shape
        tensor = x.tensor
        if self.random.random() < 0.5:  # four rows together, as the pass `winograd` has them
            stride, padding, kernel = 1, "SAME", 3
            tensor = fg.pad(tensor, [[0, 0], [0, -sizes[0] % 4], [0, -sizes[1] % 2], [0, 0]])
            sizes = [sizes[0] + -sizes[0] % 4, sizes[1] + sizes[1] % 2]
        out = [-(-(s - (kernel - 1 if padding == "VALID" else 0)) // stride) for s in sizes]
        y = fg.nn.conv2d(tensor, self.variable(kernel, kernel, channels, filters),
                         [1, stride, stride, 1], padding)
        y = fg.nn.relu(fg.nn.bias_add(y, self.variable(filters)))
        self.add(y, (n, *out, filters))
        if min(out) >= 2:
            pool = self.random.choice([fg.nn.max_pool, fg.nn.avg_pool])
            self.add(pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
                     (n, out[0] // 2, out[1] // 2, filters))

    def unrolled(self) -> None:
        """A recurrent cell over some steps, its weights shared."""
        x = self.some(2)
        rows, inputs = x.shape
        hidden = self.random.choice([2, 4])
        w, b = self.variable(inputs + hidden, 4 * hidden), self.variable(4 * hidden)
        h = c = fg.zeros([fg.shape(x.tensor)[0], hidden], self.dtype)
        outputs = []
        for step in range(self.random.randint(2, 5)):
            gates = fg.matmul(fg.concat([fg.sin(x.tensor + float(step)), h], 1), w) + b
            i, j, f, o = fg.split(gates, 4, 1)
            c = c * fg.sigmoid(f + 1.0) + fg.sigmoid(i) * fg.tanh(j)
            h = fg.tanh(c) * fg.sigmoid(o)
            outputs.append(h)
        self.add(fg.stack(outputs, 1), (rows, len(outputs), hidden))
        self.add(c, (rows, hidden))

    def branch(self) -> None:
        """A cond whose branches are chains."""
        x, shape = self.some()
        w = self.variable(*shape)
        decides = fg.reduce_sum(self.some().tensor) > self.random.choice([0.0, -1e4])
        ops = self.random.sample(UNARY, 4)
        self.add(fg.cond(decides, lambda: ops[0](ops[1](x)) * w, lambda: ops[2](x + w) - ops[3](x)),
                 shape)

    def loop(self) -> None:
        """A while loop; sometimes with a product, sometimes collecting what each round makes."""
        value = self.some(2)
        x, shape = fg.ensure_shape(value.tensor, [None, value.shape[1]]), value.shape
        rounds = self.random.randint(0, 5)
        w = self.variable(shape[1], shape[1])
        bias = self.variable(shape[1])
        op = self.random.choice(UNARY)

        def body(i: Any, h: Any) -> Any:
            y = fg.matmul(h, w) if self.random.random() < 0.5 else h * 0.7
            return i + 1, fg.tanh(op(y) + bias)

        if self.random.random() < 0.4:
            found = fg.scan(lambda h, row: fg.tanh(op(h) * 0.5 + row), x, fg.zeros([shape[1]],
                                                                                  self.dtype))
            self.add(found, shape)
        else:
            _, h = fg.while_loop(lambda i, h: i < rounds, body, [fg.constant(0), x])
            self.add(h, shape)

    # ---- what is fetched -------------------------------------------------------------------------

    def results(self) -> list[Any]:
        """The fetches: some values, gradients, a training step, assignments."""
        fetched = [v.tensor for v in self.random.sample(self.pool, min(len(self.pool), 3))]
        fetched.append(self.pool[-1].tensor)
        last = self.pool[-self.random.randint(1, 3):]
        loss = fg.add_n([fg.reduce_sum(fg.tanh(v.tensor)) * 0.1 for v in last])
        fetched.append(loss)
        variables = fg.trainable_variables()
        wishes = [*variables, *(t for t in self.feed if t.dtype.is_floating)]
        if self.random.random() < 0.7:
            gradients = [dx for dx in fg.gradients(loss, wishes) if dx is not None]
            fetched += [fg.convert_to_tensor(dx) for dx in gradients]
            if self.random.random() < 0.3 and gradients:
                again = fg.add_n([fg.reduce_sum(fg.square(dx)) for dx in gradients[:2]])
                with contextlib.suppress(LookupError):  # not every gradient has a gradient
                    fetched += [dx for dx in fg.gradients(again, wishes[:2]) if dx is not None]
        connected = [v for v, dx in zip(variables, fg.gradients(loss, variables), strict=True)
                     if dx is not None] if variables else []
        if connected and self.random.random() < 0.6:
            # A gradient that is 0 but for rounding (winograd: 3e-8) must not make a whole step.
            optimizer = self.random.choice([
                fg.train.GradientDescentOptimizer(0.1), fg.train.MomentumOptimizer(0.1, 0.9),
                fg.train.AdamOptimizer(0.01, epsilon=1e-3),
                fg.train.RMSPropOptimizer(0.01, epsilon=1e-3)])
            if self.random.random() < 0.5:  # more variables that are updated alike
                others = [self.variable(*self.random.choice([(4,), (3, 5), (16,), (2, 8)]))
                          for _ in range(self.random.randint(2, 5))]
                connected += others
                loss += fg.add_n([fg.nn.l2_loss(v) if self.random.random() < 0.8
                                  else fg.reduce_mean(fg.square(v - 1.0)) for v in others])
            pairs = optimizer.compute_gradients(loss, connected)
            if self.random.random() < 0.4:
                clipped, norm = fg.clip_by_global_norm([fg.convert_to_tensor(dx)
                                                        for dx, _ in pairs], 0.5)
                pairs = list(zip(clipped, connected, strict=True))
                fetched.append(norm)
            fetched.append(optimizer.apply_gradients(pairs))
        elif variables and self.random.random() < 0.4:
            variable = self.random.choice(variables)
            fetched.append(fg.assign(variable, fg.tanh(variable) * 0.5).op)
        return fetched


PARTS = ["unary", "binary", "binary", "reduce", "dense", "products", "sum_of_products", "move",
         "move", "normalised", "convolution", "unrolled", "branch", "loop", "given"]
UNARY: list[Callable[[Any], Any]] = [
    fg.tanh, fg.sigmoid, fg.square, fg.abs, fg.negative, fg.nn.relu, fg.sign, fg.identity, fg.sin,
    fg.nn.softplus, fg.nn.leaky_relu, fg.nn.elu, fg.stop_gradient, fg.floor,
    lambda x: fg.exp(-fg.abs(x)), lambda x: x + 1.0, lambda x: 0.5 * x, lambda x: x * 1.0,
    lambda x: x + 0.0, lambda x: fg.cast(fg.greater(x, 0.0), x.dtype), lambda x: fg.sqrt(x * x + 1),
    lambda x: fg.where(fg.greater(x, 0.1), x, -x), lambda x: fg.zeros_like(x) + x,
    lambda x: 1.0 / (1.0 + fg.square(x)), lambda x: fg.log(fg.abs(x) + 1.0),
    lambda x: fg.clip_by_value(x, -0.5, 0.5), lambda x: fg.negative(-x), lambda x: x ** 2.0,
    lambda x: fg.reshape(fg.reshape(x, [-1]), fg.shape(x))]
BINARY: list[Callable[[Any, Any], Any]] = [
    fg.add, fg.subtract, fg.multiply, fg.maximum, fg.minimum, fg.squared_difference,
    lambda a, b: a / (1.0 + fg.abs(b)), lambda a, b: a * b + a, lambda a, b: a - b * 0.5,
    lambda a, b: fg.cast(fg.less(a, b), a.dtype) * a]


def flat(found: Any) -> list[np.ndarray]:
    """The arrays among fetched values."""
    if isinstance(found, (list, tuple)):
        return list(itertools.chain.from_iterable(map(flat, found)))
    return [] if found is None else [np.asarray(found)]
