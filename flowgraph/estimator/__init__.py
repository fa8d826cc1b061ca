"""`tf.estimator`: training, evaluation and prediction of a model given as one function."""
