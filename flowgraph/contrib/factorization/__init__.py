"""`tf.contrib.factorization`: k-means clustering, in a graph of one's own or as an estimator."""

from flowgraph.core.lazy import lazy as _lazy

_KMEANS = "flowgraph.contrib.factorization.kmeans:"
__getattr__ = _lazy("tf.contrib.factorization", globals(), {
    **{name: _KMEANS + name for name in (
        "COSINE_DISTANCE", "KMC2_INIT", "KMEANS_PLUS_PLUS_INIT", "KMeans", "RANDOM_INIT",
        "SQUARED_EUCLIDEAN_DISTANCE")},
    "KMeansClustering": "flowgraph.contrib.factorization.kmeans_clustering:KMeansClustering",
})
