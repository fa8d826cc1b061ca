"""Optimizers on one surface: how batches, momentum, RMSProp and Adam walk down, and off a saddle.

You learn what each method does where a valley is steep one way and flat the other; how noisy the
steps of single examples and small batches are; what a schedule of the learning rate is for; and
that a point where the gradient is zero can be a saddle, whose Hessian has a negative eigenvalue.

The surface is f = 0.1 x1^2 + 2 x2^2, from (-5, -2), 20 steps, as in Dive into Deep Learning,
chapter 12, so that the ends can be compared; the batches are of 200 made-up points near a line.
Prints their ends. Writes optimizers_paths.png, optimizers_saddle.png and optimizers_graph.svg.

    python examples/09_optimizers.py
"""

import argparse

import numpy as np

import flowgraph as fg

METHODS = {
    "gradient descent, 0.4": lambda: fg.train.GradientDescentOptimizer(0.4),
    "momentum 0.5, 0.6": lambda: fg.train.MomentumOptimizer(0.6, momentum=0.5),
    "RMSProp 0.9, 0.4": lambda: fg.train.RMSPropOptimizer(0.4, decay=0.9, epsilon=1e-6),
    "Adam, 0.4": lambda: fg.train.AdamOptimizer(0.4),
}


def valley(x):  # a long one: 20 times steeper across than along
    return 0.1 * x[0] ** 2 + 2 * x[1] ** 2


def saddle(x):
    return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4


def walk(surface, start, optimizer_of, steps):
    """The path of an optimizer over a surface, of shape (steps + 1, 2), and the graph."""
    with fg.Graph().as_default() as graph, fg.Session() as session:
        x = fg.Variable(np.array(start, np.float64), name="x")
        with fg.name_scope("surface"):
            height = surface(fg.unstack(x))
        step = optimizer_of().minimize(height)
        session.run(fg.global_variables_initializer())
        path = [session.run(x)]
        for _ in range(steps):
            session.run(step)
            path.append(session.run(x))
        return np.array(path), graph


def walk_line(batch, steps, schedule=None):
    """Fits a line by batches of a size; returns the path of slope and bias."""
    random = np.random.RandomState(0)
    features = random.normal(size=200)
    labels = 2.0 * features - 1.0 + random.normal(scale=1.0, size=200)
    with fg.Graph().as_default(), fg.Session() as session:
        x, y = fg.placeholder(fg.float64, [None]), fg.placeholder(fg.float64, [None])
        weights = fg.Variable(np.array([-1.0, 2.0]))
        loss = fg.reduce_mean(fg.square(weights[0] * x + weights[1] - y)) / 2
        passed = fg.train.get_or_create_global_step()
        rate = 0.1 if schedule is None else schedule(passed)
        step = fg.train.GradientDescentOptimizer(rate).minimize(loss, global_step=passed)
        session.run(fg.global_variables_initializer())
        path = [session.run(weights)]
        for _ in range(steps):
            rows = random.choice(200, batch, replace=False)
            session.run(step, {x: features[rows], y: labels[rows]})
            path.append(session.run(weights))
    best = np.linalg.lstsq(np.stack([features, np.ones(200)], axis=1), labels, rcond=None)[0]
    return np.array(path), np.linalg.norm(np.array(path)[-50:] - best, axis=1).mean()


def eigenvalues(surface, where):
    """Of the Hessian: a negative one means that there is a way down."""
    with fg.Graph().as_default(), fg.Session() as session:
        x = fg.constant(np.array(where, np.float64))
        hessian, = fg.hessians(surface(fg.unstack(x)), x)
        return session.run(fg.self_adjoint_eigvals(hessian))


def draw_graph(graph, path):
    try:
        print("Wrote", graph.render(path, depth=1))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw(paths, lines, escapes):
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the paths: python -m pip install matplotlib")
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    grid = np.meshgrid(np.linspace(-6, 3, 90), np.linspace(-2.6, 2.6, 80))
    left.contour(*grid, valley(grid), levels=8, colors="lightgrey")
    for name, path in paths.items():
        left.plot(*path.T, ".-", linewidth=1, label=name)
    left.plot(0, 0, "k*", markersize=10)
    left.set(title="$0.1 x_1^2 + 2 x_2^2$, 20 steps", xlabel="$x_1$", ylabel="$x_2$", xlim=(-6, 2))
    left.legend(fontsize="small", loc="lower right")
    right.contour(*grid, (grid[0] - 2) ** 2 + (grid[1] + 1) ** 2, levels=8, colors="lightgrey")
    for name, (path, _) in lines.items():
        right.plot(*path.T, linewidth=1, label=name)
    right.plot(2, -1, "k*", markersize=10)
    right.set(title="a line through 200 points", xlabel="slope", ylabel="bias", xlim=(-1.5, 3))
    right.legend(fontsize="small")
    figure.savefig("optimizers_paths.png", dpi=75)
    figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
    grid = np.meshgrid(np.linspace(-1.6, 1.6, 80), np.linspace(-2.2, 2.2, 80))
    shades = axis.contourf(*grid, saddle(grid), levels=12, cmap="viridis")
    for (name, path), color, width in zip(escapes.items(), ("white", "red", "orange"), (6, 2, 1)):
        axis.plot(*path.T, "o-", color=color, linewidth=width, markersize=4, label=name)
    axis.plot([0, 0], [-(2 ** 0.5), 2 ** 0.5], "k*", markersize=11, label="minima")
    axis.set(title="$x_1^2 - x_2^2 + x_2^4 / 4$: a saddle at 0", xlabel="$x_1$", ylabel="$x_2$")
    axis.legend(title="start", facecolor="grey", fontsize="small", loc="lower left")
    figure.colorbar(shades, label="height")
    figure.savefig("optimizers_saddle.png", dpi=90)
    print("Wrote optimizers_paths.png and optimizers_saddle.png")


def main():
    parser = argparse.ArgumentParser(description="Optimizers on one surface.")
    parser.add_argument("--short", action="store_true", help="fewer steps for the line")
    steps, paths = 60 if parser.parse_args().short else 300, {}
    for name, optimizer_of in METHODS.items():
        paths[name], graph = walk(valley, [-5.0, -2.0], optimizer_of, 20)
        print(f"{name:<22} ends at {paths[name][-1].round(6)}")
    lines = {f"batches of {size}": walk_line(size, steps) for size in (1, 16, 200)}
    lines["of 1, rate 0.1 / (1 + t / 20)"] = walk_line(
        1, steps, lambda t: fg.train.inverse_time_decay(0.1, t, 20, 1.0))
    for name, (_, distance) in lines.items():
        print(f"{name:<30} mean distance of the last 50 steps to the best line: {distance:.3f}")
    low, high = eigenvalues(saddle, [0.0, 0.0])
    print(f"Hessian at the saddle: eigenvalues {low:.1f} and {high:.1f}, so there is a way down.")
    descent = METHODS["gradient descent, 0.4"]
    escapes = {"on the ridge": walk(saddle, [1.5, 0.0], descent, 30)[0],
               "beside it": walk(saddle, [1.5, 1e-3], descent, 30)[0],
               "beside it, by Adam": walk(saddle, [1.5, 1e-3], METHODS["Adam, 0.4"], 30)[0]}
    print(f"result: gradient descent ends at x1 = {paths['gradient descent, 0.4'][-1, 0]:.6f}")
    print(f"result: momentum ends at x1 = {paths['momentum 0.5, 0.6'][-1, 0]:.6f}")
    print(f"result: smaller eigenvalue at the saddle = {low:.4f}")
    print(f"result: descent from beside the ridge ends at x2 = {escapes['beside it'][-1, 1]:.4f}")
    draw(paths, lines, escapes)
    draw_graph(graph, "optimizers_graph.svg")


if __name__ == "__main__":
    main()
