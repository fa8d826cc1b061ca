"""`tf.feature_column`: how the columns of a table become the input of a model."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.feature_column.categorical import (
    categorical_column_with_hash_bucket,
    categorical_column_with_identity,
    categorical_column_with_vocabulary_file,
    categorical_column_with_vocabulary_list,
)
from flowgraph.feature_column.combined import crossed_column, weighted_categorical_column
from flowgraph.feature_column.dense import (
    embedding_column,
    indicator_column,
    shared_embedding_columns,
)
from flowgraph.feature_column.layers import input_layer, linear_model, make_parse_example_spec
from flowgraph.feature_column.numeric import bucketized_column, numeric_column

__getattr__ = _lazy("tf.feature_column", globals())
