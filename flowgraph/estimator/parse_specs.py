"""What premade models parse from Examples: the features of their columns, and the labels."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.feature_column.layers import make_parse_example_spec
from flowgraph.feature_column.numeric import NumericColumn, numeric_column
from flowgraph.ops.parse_features import FixedLenFeature


def classifier_parse_example_spec(feature_columns: Any, label_key: str,
                                  label_dtype: Any = dt.int64, label_default: Any = None,
                                  weight_column: Any = None) -> dict[str, Any]:
    """The features to parse for a premade classifier, with its labels.

    Args:
        feature_columns: list of columns.
        label_key: the labels' name.
        label_dtype: their dtype; string if the classifier has a vocabulary.
        label_default: label of Examples without one.
        weight_column: name of the feature with the examples' weights, or a numeric column.

    Returns:
        Dict of features as for `tf.io.parse_example`.

    Raises:
        ValueError: labels or weights are called as a feature.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> sorted(fg.estimator.classifier_parse_example_spec([x], "label"))
        ['label', 'x']
    """
    label = FixedLenFeature((1,), label_dtype, label_default)
    return _with_more(feature_columns, label_key, label, weight_column)


def regressor_parse_example_spec(feature_columns: Any, label_key: str,
                                 label_dtype: Any = dt.float32, label_default: Any = None,
                                 label_dimension: int = 1,
                                 weight_column: Any = None) -> dict[str, Any]:
    """The features to parse for a premade regressor, with its labels.

    Args:
        feature_columns: list of columns.
        label_key: the labels' name.
        label_dtype: their dtype.
        label_default: label of Examples without one.
        label_dimension: how many numbers a label has.
        weight_column: name of the feature with the examples' weights, or a numeric column.

    Returns:
        Dict of features as for `tf.io.parse_example`.

    Raises:
        ValueError: labels or weights are called as a feature.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> fg.estimator.regressor_parse_example_spec([x], "y", label_dimension=2)["y"].shape
        (2,)
    """
    label = FixedLenFeature((label_dimension,), label_dtype, label_default)
    return _with_more(feature_columns, label_key, label, weight_column)


def _with_more(columns: Any, label_key: str, label: Any, weight_column: Any) -> dict[str, Any]:
    spec = make_parse_example_spec(columns)
    if label_key in spec:
        raise ValueError(located(f"label should not be used as feature. label_key: {label_key}, "
                                 f"features: {sorted(spec)}"))
    spec[label_key] = label
    if weight_column is None:
        return spec
    if isinstance(weight_column, str):
        weight_column = numeric_column(weight_column)
    if not isinstance(weight_column, NumericColumn):
        raise ValueError(located("weight_column should be an instance of NumericColumn. Given type:"
                                 f" {type(weight_column)}"))
    if weight_column.key in spec:
        raise ValueError(located("weight_column should not be used as feature. weight_column: "
                                 f"{weight_column.key}, features: {sorted(spec)}"))
    return {**spec, **weight_column.parse_example_spec}
