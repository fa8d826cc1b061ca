"""Small real data sets that come with flowgraph, and readers of the full ones."""
