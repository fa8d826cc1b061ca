"""SavedModel: a folder with graphs, variables and files, as TensorFlow and its servers load it.

The public names are in `namespaces/saved_model`; here are the modules that do the work.
"""
