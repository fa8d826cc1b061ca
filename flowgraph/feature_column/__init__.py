"""`tf.feature_column`: how the columns of a table become the input of a model."""
