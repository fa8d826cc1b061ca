"""Graphs as messages: GraphDefs, MetaGraphDefs and their files, and what TensorFlow's op types are."""
