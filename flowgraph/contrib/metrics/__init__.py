"""`tf.contrib.metrics`: metrics over many batches, and of one batch."""

from flowgraph.contrib.metrics.aggregate import (
    accuracy,
    aggregate_metric_map,
    aggregate_metrics,
    confusion_matrix,
    count,
    streaming_recall_at_k,
)
from flowgraph.contrib.metrics.streaming import (
    streaming_accuracy,
    streaming_false_negatives,
    streaming_false_positives,
    streaming_mean,
    streaming_mean_absolute_error,
    streaming_mean_cosine_distance,
    streaming_mean_relative_error,
    streaming_mean_squared_error,
    streaming_mean_tensor,
    streaming_percentage_less,
    streaming_precision,
    streaming_recall,
    streaming_root_mean_squared_error,
    streaming_true_negatives,
    streaming_true_positives,
)
from flowgraph.contrib.metrics.streaming_at import (
    sparse_recall_at_top_k,
    streaming_auc,
    streaming_mean_iou,
    streaming_precision_at_thresholds,
    streaming_recall_at_thresholds,
    streaming_sensitivity_at_specificity,
    streaming_sparse_average_precision_at_k,
    streaming_sparse_precision_at_k,
    streaming_sparse_recall_at_k,
    streaming_specificity_at_sensitivity,
)
from flowgraph.core.lazy import lazy as _lazy

_SETS = "flowgraph.ops.set_ops:"
__getattr__ = _lazy("tf.contrib.metrics", globals(), {
    name: _SETS + name for name in ("set_difference", "set_intersection", "set_size",
                                    "set_union")})
