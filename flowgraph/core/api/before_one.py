"""Names of before TensorFlow 1.0 that 1.15 has not, and today's in their place.

Where the new name is no function (`tf.summary.scalar`), or the arguments have changed too, the text
says so. `flowgraph run --legacy` offers all of them.
"""

from __future__ import annotations

_RNN = "tf.nn.rnn_cell"

# From the old name to what to write today.
BEFORE_ONE: dict[str, str] = {
    "tf.audio_summary": "tf.summary.audio",
    "tf.histogram_summary": "tf.summary.histogram",
    "tf.image_summary": "tf.summary.image",
    "tf.merge_all_summaries": "tf.summary.merge_all",
    "tf.merge_summary": "tf.summary.merge",
    "tf.scalar_summary": "tf.summary.scalar",
    "tf.train.SummaryWriter": "tf.summary.FileWriter",
    "tf.image.per_image_whitening": "tf.image.per_image_standardization",
    "tf.nn.bidirectional_rnn": "tf.nn.static_bidirectional_rnn",
    "tf.nn.deconv2d": "tf.nn.conv2d_transpose",
    "tf.nn.rnn": "tf.nn.static_rnn",
    "tf.nn.seq2seq": "tf.contrib.legacy_seq2seq",
    "tf.nn.state_saving_rnn": "tf.nn.static_state_saving_rnn",
    f"{_RNN}.EmbeddingWrapper": "tf.contrib.rnn.EmbeddingWrapper",
    f"{_RNN}.InputProjectionWrapper": "tf.contrib.rnn.InputProjectionWrapper",
    f"{_RNN}.OutputProjectionWrapper": "tf.contrib.rnn.OutputProjectionWrapper",
    f"{_RNN}.linear": "tf.layers.dense",
    # names that flowgraph has, each with a line in the log
    "tf.batch_cholesky": "tf.cholesky",
    "tf.batch_cholesky_solve": "tf.cholesky_solve",
    "tf.batch_fft": "tf.fft",
    "tf.batch_fft2d": "tf.fft2d",
    "tf.batch_fft3d": "tf.fft3d",
    "tf.batch_ifft": "tf.ifft",
    "tf.batch_ifft2d": "tf.ifft2d",
    "tf.batch_ifft3d": "tf.ifft3d",
    "tf.batch_matmul": "tf.matmul",
    "tf.batch_matrix_band_part": "tf.matrix_band_part",
    "tf.batch_matrix_determinant": "tf.matrix_determinant",
    "tf.batch_matrix_diag": "tf.matrix_diag",
    "tf.batch_matrix_diag_part": "tf.matrix_diag_part",
    "tf.batch_matrix_inverse": "tf.matrix_inverse",
    "tf.batch_matrix_set_diag": "tf.matrix_set_diag",
    "tf.batch_matrix_solve": "tf.matrix_solve",
    "tf.batch_matrix_solve_ls": "tf.matrix_solve_ls",
    "tf.batch_matrix_transpose": "tf.matrix_transpose",
    "tf.batch_matrix_triangular_solve": "tf.matrix_triangular_solve",
    "tf.batch_self_adjoint_eig": "tf.self_adjoint_eig",
    "tf.batch_self_adjoint_eigvals": "tf.self_adjoint_eigvals",
    "tf.batch_svd": "tf.svd",
    "tf.complex_abs": "tf.abs",
    "tf.inv": "tf.reciprocal",
    "tf.listdiff": "tf.setdiff1d",
    "tf.mul": "tf.multiply",
    "tf.neg": "tf.negative",
    "tf.op_scope": "tf.name_scope",
    "tf.pack": "tf.stack",
    "tf.select": "tf.where",
    "tf.sub": "tf.subtract",
    "tf.unpack": "tf.unstack",
}

HOW = "`flowgraph run --legacy` runs programs of that time."


def before_one(name: str) -> str:
    """What to say of a name of before 1.0; "" of any other.

    Args:
        name: the full name, as `tf.scalar_summary`.

    Example:
        >>> before_one("tf.train.SummaryWriter").partition(" Write ")[2][:21]
        'tf.summary.FileWriter'
    """
    for old, new in BEFORE_ONE.items():
        if name == old or name.startswith(old + "."):
            return f"{name} is a name of before TensorFlow 1.0. Write {new}; {HOW}"
    return ""
