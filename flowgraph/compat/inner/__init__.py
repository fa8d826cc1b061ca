"""What TensorFlow's inner modules have, programs use, and no public namespace offers.

A file each, named as TensorFlow's module; the tables of `flowgraph.compat` say which module finds
its names here. Names that are public elsewhere are not repeated.
"""
