"""`tf.linalg.LinearOperator` and its kinds: matrices known by what they do, not by their entries.

    base                    the interface, with defaults that go through the dense matrix
    hints, batches          what the kinds share: what is known of a matrix; batches that broadcast
    identity, zeros, diag, full_matrix, triangular, householder, circulant, toeplitz
                            matrices that few numbers describe
    derived, composition, block_diag, kronecker, low_rank_update
                            matrices made of other operators
    products                products and solutions of two operators

Each is a composition of public ops: an operator is no node of the graph, its methods add nodes.
"""
