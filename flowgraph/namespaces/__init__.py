"""The faces of TensorFlow's namespaces: `tf.math`, `tf.random`, ... each lists its names.

Nothing is computed here. A namespace that holds code of its own (`nn`, `train`, `layers`) is a
package beside this one.
"""
