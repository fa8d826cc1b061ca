"""Hello, graph: first build, then run.

You learn what a graph is, what a Session does with it, what feeding means, how to see the NumPy
program that a run becomes, and how to draw a graph. Needs no data.

Prints the graph's operations, the results of three runs and the stages of the first one. Writes
hello_graph.dot, hello_graph_graph.svg (the graph, where Graphviz is installed) and
hello_graph_line.png (the function that it computes, where matplotlib is installed).

    python examples/00_hello_graph.py
"""

import argparse

import flowgraph as fg


def build():
    """Describes a computation: every line adds operations to the graph, and computes nothing."""
    celsius = fg.placeholder(fg.float32, [None], name="celsius")  # [None]: as many as you like
    fahrenheit = fg.add(celsius * 1.8, 32.0, name="fahrenheit")
    warmest = fg.reduce_max(fahrenheit, name="warmest")
    return celsius, fahrenheit, warmest


def print_operations(graph):
    """One line per operation: what it is called, what kind it is, what it takes."""
    print("The graph:")
    for op in graph.get_operations():
        inputs = ", ".join(tensor.name for tensor in op.inputs)
        print(f"  {op.name:<14} = {op.type}({inputs})")


def draw_graph(graph):
    """Writes the graph as DOT text, which needs nothing, and as a picture, which needs Graphviz."""
    print("Wrote", graph.render("hello_graph.dot"))
    try:
        print("Wrote", graph.render("hello_graph_graph.svg"))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_line(path, celsius, fahrenheit):
    """The function that the graph computes, through the points that it computed."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the line: python -m pip install matplotlib")
        return
    figure, axes = plt.subplots(figsize=(5.5, 3.5), layout="constrained")
    axes.plot(celsius, fahrenheit, "o-", color="tab:blue")
    for x, y, what in zip(celsius, fahrenheit, ("ice melts", "a room", "a body", "water boils")):
        axes.annotate(f"{what}: {y:.4g} °F", (x, y), (9, -5), textcoords="offset points")
    axes.set(xlabel="celsius, as fed (°C)", ylabel="fahrenheit, as fetched (°F)",
             xlim=(-8, 150), ylim=(10, 230))
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)
    print("Wrote", path)


def main():
    parser = argparse.ArgumentParser(description="Hello, graph: first build, then run.")
    parser.add_argument("--short", action="store_true", help="accepted; this takes a second anyway")
    parser.parse_args()

    celsius, fahrenheit, warmest = build()
    print("A tensor is a promise, not a number:", fahrenheit)
    graph = fg.get_default_graph()
    print_operations(graph)

    degrees = [0, 20, 37, 100]
    with fg.Session() as session:
        converted = session.run(fahrenheit, {celsius: degrees})
        print("\nOne result:  ", converted)
        print("Two at once: ", session.run([fahrenheit, warmest], {celsius: [-40, 15]}))
        # Any tensor can be fed, not only placeholders: then nothing before it runs.
        print("Fed half-way:", session.run(warmest, {fahrenheit: [50, 70]}))

        print("\nWhat the first run did, stage by stage:\n")
        session.explain(fahrenheit, {celsius: degrees})

    print(f"result: water boils at = {converted[3]:.4g} °F")
    print(f"result: a body has = {converted[2]:.4g} °F")
    draw_graph(graph)
    draw_line("hello_graph_line.png", degrees, converted)


if __name__ == "__main__":
    main()
