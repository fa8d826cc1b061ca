"""Symbolic gradients: nodes of the same graph, built by walking it backwards."""
