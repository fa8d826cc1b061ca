"""Embeddings: rows of a table that is trained, picked by number."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.variables import model_variable
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.nn import embedding
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.gather import gather
from flowgraph.ops.join import concat
from flowgraph.ops.reduce import reduce_mean, reduce_prod
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.unique import unique as unique_op
from flowgraph.ops.variable_scope import variable_scope


def embed_sequence(ids: Any, vocab_size: int | None = None, embed_dim: int | None = None,
                   unique: bool = False, initializer: Any = None, regularizer: Any = None,
                   trainable: bool = True, scope: Any = None, reuse: Any = None) -> Any:
    """Rows of a table that is trained, one for each id.

    Args:
        ids: integer tensor, as [batch, steps].
        vocab_size: number of rows.
        embed_dim: length of a row.
        unique: whether each row is looked up once only.
        initializer: first values of the table.
        regularizer: function from the table to a loss, or None.
        trainable: whether the table is trained.
        scope: the variable scope; default "EmbedSequence", made unique.
        reuse: True to find the table of an earlier call; the sizes may be left out then.

    Returns:
        A tensor of the ids' shape, and an axis of length `embed_dim`.

    Raises:
        ValueError: the sizes are missing.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.embed_sequence([[1, 2, 3]], vocab_size=10, embed_dim=4).shape.as_list()
        [1, 3, 4]
        >>> [v.name for v in fg.trainable_variables()]
        ['EmbedSequence/embeddings:0']
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(located("Must specify vocab size and embedding dimension when not "
                                 f"reusing. Got vocab_size={vocab_size} and "
                                 f"embed_dim={embed_dim}"))
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if (reuse and vocab_size is None) or embed_dim is None else [
            vocab_size, embed_dim]
        embeddings = model_variable("embeddings", shape, initializer=initializer,
                                    regularizer=regularizer, trainable=trainable)
        if unique:
            return embedding_lookup_unique(embeddings, ids)
        return embedding.embedding_lookup(embeddings, ids)


def bow_encoder(ids: Any, vocab_size: int, embed_dim: int, sparse_lookup: bool = True,
                initializer: Any = None, regularizer: Any = None, trainable: bool = True,
                scope: Any = None, reuse: Any = None) -> Any:
    """The mean of the rows of a table for the words of each text, whatever their order.

    Args:
        ids: [batch, words] integer tensor or SparseTensor.
        vocab_size, embed_dim, initializer, regularizer, trainable, reuse: as for
            `embed_sequence`.
        sparse_lookup: whether ids of 0 in a dense tensor are no words.
        scope: the variable scope; default "bow_encoder", made unique.

    Returns:
        A [batch, embed_dim] tensor.

    Raises:
        ValueError: the sizes are missing.
        TypeError: the ids are sparse and `sparse_lookup` is False.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.bow_encoder([[1, 2, 0], [3, 0, 0]], 10, 4, sparse_lookup=False).shape.as_list()
        [2, 4]
    """
    if not vocab_size or not embed_dim:
        raise ValueError(located("Must specify vocab size and embedding dimension"))
    with variable_scope(scope, "bow_encoder", [ids], reuse=reuse):
        embeddings = model_variable("embeddings", [vocab_size, embed_dim], initializer=initializer,
                                    regularizer=regularizer, trainable=trainable)
        sparse = isinstance(ids, SparseTensor)
        if sparse_lookup:
            return safe_embedding_lookup_sparse([embeddings], ids if sparse else _sparse(ids),
                                                combiner="mean", default_id=0)
        if sparse:
            raise TypeError(located(f"ids are expected to be dense Tensor, got: {ids}"))
        return reduce_mean(embedding.embedding_lookup(embeddings, ids), axis=1)


def _sparse(ids: Any) -> Any:
    """The ids that are not 0."""
    from flowgraph.contrib.layers.shaping import dense_to_sparse
    return dense_to_sparse(ids)


def embedding_lookup_unique(params: Any, ids: Any, partition_strategy: str = "mod",
                            name: str | None = None) -> Any:
    """`tf.nn.embedding_lookup` that looks each row up once only.

    Args:
        params: the table, or a list of its parts.
        ids: integer tensor.
        partition_strategy: "mod" or "div": how the rows are dealt out to the parts.
        name: name of the ops.

    Returns:
        A tensor of the ids' shape, and of a row's.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> rows = layers.embedding_lookup_unique(fg.constant([[1.0], [2.0]]), [1, 1, 0])
        >>> fg.Session().run(rows).ravel()
        array([2., 2., 1.], dtype=float32)
    """
    with name_scope(name, "EmbeddingLookupUnique", [params, ids]):
        ids = convert_to_tensor(ids)
        shape = shape_of(ids)
        uniques, places = unique_op(reshape(ids, reduce_prod(shape, keepdims=True)))
        rows = embedding.embedding_lookup(params, uniques, partition_strategy)
        found = reshape(gather(rows, places), concat([shape, shape_of(rows)[1:]], 0))
        found.set_shape(ids.shape.concatenate(rows.shape[1:]))
        return found


def safe_embedding_lookup_sparse(embedding_weights: Any, sparse_ids: Any,
                                 sparse_weights: Any = None, combiner: str | None = None,
                                 default_id: int | None = None, name: str | None = None,
                                 partition_strategy: str = "div",
                                 max_norm: float | None = None) -> Any:
    """`tf.nn.safe_embedding_lookup_sparse`: ids below 0 are left out, rows without ids allowed.

    Args:
        embedding_weights: the table, or a list of its parts.
        sparse_ids: SparseTensor of ids.
        sparse_weights: SparseTensor of their weights, or None.
        combiner: "mean" (the default), "sqrtn" or "sum".
        default_id: the id of rows without ids; None for a row of zeros.
        name: name of the ops.
        partition_strategy: "div" or "mod": how the rows are dealt out to the parts.
        max_norm: length that longer rows are scaled down to.

    Returns:
        A tensor of one row for each row of ids.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> ids = fg.SparseTensor([[0, 0], [0, 1]], fg.constant([0, 1], fg.int64), [2, 2])
        >>> found = layers.safe_embedding_lookup_sparse([fg.constant([[1.0], [3.0]])], ids)
        >>> fg.Session().run(found).ravel()
        array([2., 0.], dtype=float32)
    """
    return embedding.safe_embedding_lookup_sparse(
        embedding_weights, sparse_ids, sparse_weights, combiner or "mean", default_id, name,
        partition_strategy, max_norm)
