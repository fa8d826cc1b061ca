"""Modules inside `tensorflow.contrib.*`: their names are found in the public part of contrib.

After `from tensorflow.contrib.layers.python.layers import layers`, `layers.batch_norm` is the
`batch_norm` of `tensorflow.contrib.layers`. A folder's names are found in the folder too.
"""

# package of contrib: {folder below it: modules in it}
_FOLDERS: dict[str, dict[str, str]] = {
    "crf": {"python.ops": "crf"},
    "cudnn_rnn": {"python.layers": "cudnn_rnn", "python.ops": "cudnn_rnn_ops"},
    "data": {"python.ops": "batching dataset_ops error_ops grouping interleave_ops iterator_ops "
                           "readers resampling scan_ops shuffle_ops sliding threadpool unique"},
    "distributions": {
        "python.ops": "bernoulli beta binomial categorical dirichlet distribution_util exponential "
                      "gamma geometric kullback_leibler laplace logistic mixture mvn_diag "
                      "mvn_tril mvn_full_covariance normal onehot_categorical poisson "
                      "relaxed_bernoulli relaxed_onehot_categorical student_t uniform bijectors",
    },
    "estimator": {"python.estimator": "early_stopping extenders head"},
    "factorization": {"python.ops": "clustering_ops factorization_ops gmm gmm_ops kmeans wals"},
    "framework": {
        "python.framework": "checkpoint_utils experimental graph_util tensor_util",
        "python.ops": "arg_scope audio_ops checkpoint_ops ops script_ops sort_ops variables",
    },
    "image": {"python.ops": "dense_image_warp distort_image_ops image_ops "
                            "interpolate_spline sparse_image_warp"},
    "layers": {
        "python.layers": "embedding_ops encoders feature_column feature_column_ops initializers "
                         "layers normalization optimizers regularizers summaries utils",
        "python.ops": "bucketization_op sparse_feature_cross_op sparse_ops",
    },
    "learn": {
        "python.learn": "basic_session_run_hooks evaluable experiment export_strategy "
                        "graph_actions learn_io learn_runner metric_spec monitors session_run_hook "
                        "summary_writer_cache trainable",
        "python.learn.estimators": "classifier composable_model constants debug dnn "
                                   "dnn_linear_combined dynamic_rnn_estimator estimator head "
                                   "kmeans linear logistic_regressor metric_key model_fn "
                                   "prediction_key rnn_common run_config svm tensor_signature "
                                   "test_data",
        "python.learn.learn_io": "data_feeder generator_io graph_io numpy_io pandas_io",
        "python.learn.ops": "embeddings_ops losses_ops seq2seq_ops",
        "python.learn.preprocessing": "categorical categorical_vocabulary text",
        "python.learn.utils": "checkpoints export gc input_fn_utils saved_model_export_utils",
    },
    "legacy_seq2seq": {"python.ops": "seq2seq"},
    "lookup": {"": "lookup_ops"},
    "losses": {"python.losses": "loss_ops", "python.metric_learning": "metric_loss_ops"},
    "metrics": {"python.metrics": "classification",
                "python.ops": "confusion_matrix_ops histogram_ops metric_ops set_ops"},
    "nn": {"python.ops": "alpha_dropout cross_entropy sampling_ops scaled_softplus"},
    "opt": {"python.training": "adamax addsign elastic_average_optimizer external_optimizer "
                               "lazy_adam_optimizer model_average_optimizer "
                               "moving_average_optimizer multitask_optimizer_wrapper "
                               "nadam_optimizer powersign reg_adagrad_optimizer shampoo "
                               "sign_decay variable_clipping_optimizer "
                               "weight_decay_optimizers ggt"},
    "predictor": {"": "core_estimator_predictor predictor_factories saved_model_predictor"},
    "rnn": {"python.ops": "core_rnn core_rnn_cell core_rnn_cell_impl fused_rnn_cell gru_ops "
                          "lstm_ops rnn rnn_cell"},
    "seq2seq": {"python.ops": "attention_wrapper basic_decoder beam_search_decoder beam_search_ops "
                              "decoder helper loss sampler"},
    "signal": {"python.ops": "mel_ops mfcc_ops reconstruction_ops shape_ops spectral_ops "
                             "window_ops"},
    "slim": {
        "python.slim": "evaluation learning model_analyzer queues summaries",
        "python.slim.data": "data_decoder data_provider dataset dataset_data_provider "
                            "parallel_reader prefetch_queue tfexample_decoder",
        "python.slim.nets": "alexnet inception inception_v1 inception_v2 inception_v3 overfeat "
                            "resnet_utils resnet_v1 resnet_v2 vgg",
    },
    "tensor_forest": {"python": "tensor_forest"},
    "training": {
        "python.training": "bucket_ops device_setter evaluation failure_tolerator "
                           "feeding_queue_runner hparam resample sampling_ops "
                           "sequence_queueing_state_saver training tensor_queue_dataset",
    },
    "util": {"": "loader"},
}

# Modules that are more than a part of their package's names.
_OWN: dict[str, str] = {
    "contrib.framework.python.ops.audio_ops": "flowgraph.ops.audio tf",
    "contrib.framework.python.ops.arg_scope": "tf.contrib.framework",
    "contrib.framework.python.ops.ops": "tf.contrib.framework tf",
    "contrib.layers.python.layers.utils": "flowgraph.contrib.layers.outputs tf.contrib.layers",
    **{f"contrib.keras.{inside}{part}": f"tf.keras{part}"
       for inside in ("api.keras", "python.keras") for part in (
           "", ".activations", ".backend", ".callbacks", ".datasets", ".initializers", ".layers",
           ".losses", ".models", ".optimizers", ".preprocessing", ".regularizers", ".utils")},
    "contrib.learn.python.learn.datasets": "tf.contrib.learn.datasets",
    "contrib.learn.python.learn.datasets.base": "tf.contrib.learn.datasets.base",
    "contrib.learn.python.learn.datasets.mnist": "tf.contrib.learn.datasets.mnist",
    "contrib.learn.python.learn.preprocessing": "tf.contrib.learn.preprocessing tf.contrib.learn",
    "contrib.learn.python.learn.utils": "tf.contrib.learn",
    "contrib.rnn.python.ops.core_rnn": "tf.contrib.rnn tf.nn",
    "contrib.rnn.python.ops.core_rnn_cell":
        "tf.contrib.rnn flowgraph.compat.inner.rnn_cell tf.nn.rnn_cell",
    "contrib.rnn.python.ops.core_rnn_cell_impl":
        "tf.contrib.rnn flowgraph.compat.inner.rnn_cell tf.nn.rnn_cell",
    "contrib.rnn.python.ops.rnn": "tf.contrib.rnn tf.nn",
    "contrib.rnn.python.ops.rnn_cell":
        "tf.contrib.rnn flowgraph.compat.inner.rnn_cell tf.nn.rnn_cell",
    **{f"contrib.seq2seq.python.ops.{module}": "tf.contrib.seq2seq flowgraph.compat.inner.seq2seq"
       for module in ("attention_wrapper", "basic_decoder", "beam_search_decoder", "decoder",
                      "helper")},
    "contrib.slim.python.slim.nets": "tf.contrib.slim.nets",
    **{f"contrib.slim.python.slim.nets.{module}": f"tf.contrib.slim.nets.{module}"
       for module in ("alexnet", "inception", "inception_v1", "inception_v2", "inception_v3",
                      "overfeat", "resnet_utils", "resnet_v1", "resnet_v2", "vgg")},
}
# Modules of slim whose names are not slim's own, too.
_OF_SLIM = ("data_decoder", "data_provider", "dataset", "dataset_data_provider", "evaluation",
            "learning", "model_analyzer", "parallel_reader", "prefetch_queue", "queues",
            "summaries", "tfexample_decoder")


def _paths() -> dict[str, str]:
    """From every path to its places."""
    paths = {}
    for package, folders in _FOLDERS.items():
        public = f"tf.contrib.{package}"
        for folder, modules in folders.items():
            parts = folder.split(".") if folder else []
            for i in range(len(parts)):
                paths[".".join(("contrib", package, *parts[:i + 1]))] = public
            for module in modules.split():
                path = ".".join(("contrib", package, *parts, module))
                is_own = package == "slim" and module in _OF_SLIM
                paths[path] = f"{public}.{module} {public}" if is_own else public
    return paths | _OWN


CONTRIB: dict[str, str] = _paths()
