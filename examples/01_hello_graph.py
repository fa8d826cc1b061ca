"""Hello, graph: first build, then run.

You learn what a graph is, what a Session does with it, what feeding means, how to see the NumPy
program that a run becomes, and how to draw a graph. Needs no data.

Prints the graph's operations, the results of three runs and the stages of the first one, and writes
hello.dot, and hello.svg where Graphviz is installed.

    python examples/01_hello_graph.py
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


def draw(graph):
    """Writes the graph as DOT text, which needs nothing, and as a picture, which needs Graphviz."""
    print("Wrote", graph.render("hello.dot"))
    try:
        print("Wrote", graph.render("hello.svg"))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def main():
    parser = argparse.ArgumentParser(description="Hello, graph: first build, then run.")
    parser.add_argument("--short", action="store_true", help="accepted; this takes a second anyway")
    parser.parse_args()

    celsius, fahrenheit, warmest = build()
    print("A tensor is a promise, not a number:", fahrenheit)
    graph = fg.get_default_graph()
    print_operations(graph)

    with fg.Session() as session:
        print("\nOne result:  ", session.run(fahrenheit, {celsius: [0, 20, 37, 100]}))
        print("Two at once: ", session.run([fahrenheit, warmest], {celsius: [-40, 15]}))
        # Any tensor can be fed, not only placeholders: then nothing before it runs.
        print("Fed half-way:", session.run(warmest, {fahrenheit: [50, 70]}))

        print("\nWhat the first run did, stage by stage:\n")
        session.explain(fahrenheit, {celsius: [0, 20, 37, 100]})

    draw(graph)


if __name__ == "__main__":
    main()
