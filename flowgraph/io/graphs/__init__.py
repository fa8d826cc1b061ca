"""Graphs as messages: GraphDefs, MetaGraphDefs and their files; what op types TensorFlow has."""
