"""What an input pipeline costs: python benchmarks/input_pipeline.py

A small network is trained on the same random images three times: on batches fed by hand, which are
prepared before the clock starts and are thus free; on batches that are cut and scaled by hand in
the loop; and on a pipeline that shuffles, scales in two threads and makes batches ahead. All three
in one process and in turns, so that the ratios do not depend on how busy the machine is. Below,
what the steps of a pipeline cost per element.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

import flowgraph as fg

IMAGES, SIZE, CLASSES, BATCH = 6000, 784, 10, 128
ROUNDS, STEPS = 7, 40


def network(images: fg.Tensor, labels: fg.Tensor) -> fg.Operation:
    """The training step of a network with one hidden layer."""
    hidden = fg.layers.dense(images, 256, fg.nn.relu)
    logits = fg.layers.dense(hidden, CLASSES)
    loss = fg.losses.sparse_softmax_cross_entropy(labels, logits)
    return fg.train.GradientDescentOptimizer(0.01).minimize(loss)


def data() -> tuple[np.ndarray, np.ndarray]:
    """Random images as bytes, and labels."""
    rng = np.random.default_rng(0)
    return (rng.integers(0, 256, (IMAGES, SIZE), np.uint8),
            rng.integers(0, CLASSES, IMAGES).astype(np.int32))


def fed(prepared: bool) -> Callable[[], None]:
    """A function that trains one step on a batch that is fed."""
    images, labels = data()
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [BATCH, SIZE])
        y = fg.placeholder(fg.int32, [BATCH])
        train, init = network(x, y), fg.global_variables_initializer()
    session = fg.Session(graph=graph)
    session.run(init)

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        order = np.random.default_rng(1)
        while True:
            rows = order.permutation(IMAGES)[:BATCH]
            yield images[rows] / np.float32(255), labels[rows]

    source = batches()
    ready = [next(source) for _ in range(8)]
    number = iter(range(10**9))

    def step() -> None:
        rows, classes = ready[next(number) % 8] if prepared else next(source)
        session.run(train, {x: rows, y: classes})

    return step


def piped() -> Callable[[], None]:
    """A function that trains one step on the next batch of a pipeline."""
    images, labels = data()
    with fg.Graph().as_default() as graph:
        dataset = fg.data.Dataset.from_tensor_slices((images, labels)).shuffle(IMAGES).repeat()
        dataset = dataset.batch(BATCH, drop_remainder=True).map(
            lambda x, y: (fg.cast(x, fg.float32) / 255.0, y), num_parallel_calls=2).prefetch(2)
        x, y = dataset.make_one_shot_iterator().get_next()
        train, init = network(x, y), fg.global_variables_initializer()
    session = fg.Session(graph=graph)
    session.run(init)
    return lambda: session.run(train)


def seconds(step: Callable[[], None]) -> float:
    """The time of one step, the mean of many."""
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - start) / STEPS


def per_element(make: Callable[[fg.data.Dataset], fg.data.Dataset], elements: int) -> float:
    """Microseconds that a pipeline takes per element, when nothing else is done."""
    images, labels = data()
    with fg.Graph().as_default() as graph:
        dataset = fg.data.Dataset.from_tensor_slices((images, labels))
        element = make(dataset.shuffle(IMAGES).repeat()).make_one_shot_iterator().get_next()
    with fg.Session(graph=graph) as session:
        session.run(element)
        return min(seconds(lambda: session.run(element)) for _ in range(3)) / elements * 1e6


def main() -> None:
    """Prints the time of a step of each kind, as ratios, and what elements cost."""
    steps = {"fed, prepared before": fed(True), "fed, cut in the loop": fed(False),
             "pipeline": piped()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        seconds(step)
    for _ in range(ROUNDS):
        for name, step in steps.items():
            times[name].append(seconds(step))
    first = statistics.median(times["fed, prepared before"])
    for name, found in times.items():
        middle = statistics.median(found)
        print(f"{name:<28}{middle * 1e3:8.2f} ms a step{middle / first:8.2f} of the first")
    scaled = {
        "batch": lambda d: d.batch(BATCH),
        "batch, map": lambda d: d.batch(BATCH).map(lambda x, y: (fg.cast(x, fg.float32), y)),
        "map, batch": lambda d: d.map(lambda x, y: (fg.cast(x, fg.float32), y)).batch(BATCH),
    }
    for name, make in scaled.items():
        print(f"shuffle, repeat, {name:<11}{per_element(make, BATCH):8.2f} us an element")


if __name__ == "__main__":
    main()
