"""Why packages of `tf.contrib` are missing: rows of `Reason`, for names that programs have used.

TensorFlow's listing of its public names leaves contrib out, so each row is a package or a part of
one. The last row is for all that has none of its own.
"""

_CLUSTER = "is for clusters of machines; flowgraph runs in one process"
_TPU = "is for TPUs"
_EAGER = "belongs to eager execution, which define-then-run has not"
_COMPILED = "stands on code compiled for TensorFlow"
_SMALL = "makes models for small devices and other engines"

# (pattern, why, instead)
CONTRIB = (
    ("tf.contrib.eager*", _EAGER, "Build the graph once, and run it with Session.run."),
    ("tf.contrib.autograph*", _EAGER, "Use tf.cond and tf.while_loop."),
    ("tf.contrib.summary*", "writes files from inside the graph, for eager execution",
     "Use tf.summary with tf.summary.FileWriter."),
    ("tf.contrib.tpu*", _TPU, "Leave it out: the model itself needs no change."),
    ("tf.contrib.cluster_resolver*", _CLUSTER, ""),
    ("tf.contrib.distribute*", _CLUSTER, "Leave the strategy out."),
    ("tf.contrib.all_reduce*", _CLUSTER, "Use tf.add_n over the parts."),
    ("tf.contrib.nccl*", "adds up over GPUs with NVIDIA's NCCL", "Use tf.add_n over the parts."),
    ("tf.contrib.mpi*", _CLUSTER, ""),
    ("tf.contrib.boosted_trees*", _COMPILED, "Use scikit-learn's gradient boosting, or LightGBM."),
    ("tf.contrib.tensor_forest.*", _COMPILED, "Use RandomForestGraphs or TensorForestEstimator."),
    ("tf.contrib.factorization.*", _COMPILED, "Use KMeans or KMeansClustering; scikit-learn has "
     "GaussianMixture and NMF."),
    ("tf.contrib.linear_optimizer*", _COMPILED, "Use tf.train.FtrlOptimizer."),
    ("tf.contrib.kernel_methods*", _COMPILED, "Map the inputs with tf.cos(tf.matmul(x, w) + b)."),
    ("tf.contrib.nearest_neighbor*", _COMPILED, "Use tf.nn.top_k of the distances."),
    ("tf.contrib.ffmpeg*", "needs the program ffmpeg", "Decode outside of the graph, and feed."),
    ("tf.contrib.lite*", _SMALL, "Freeze the graph with tf.graph_util."
     "convert_variables_to_constants; TensorFlow's own converter takes the file."),
    ("tf.contrib.tensorrt*", _SMALL, "Freeze the graph with tf.graph_util."
     "convert_variables_to_constants; other tools take the file."),
    ("tf.contrib.quantize*", _SMALL, "Use tf.quantization.fake_quant_with_min_max_vars."),
    ("tf.contrib.quantization*", _SMALL, "Use tf.quantization."),
    ("tf.contrib.model_pruning*", _SMALL, "Multiply the weights by a mask variable."),
    ("tf.contrib.graph_editor*", "changes graphs that are built; graphs only grow here",
     "Build the other graph with tf.import_graph_def(..., input_map=...)."),
    ("tf.contrib.gan*", "is a library of its own", "Build the two losses, and minimize each with "
     "var_list=."),
    ("tf.contrib.timeseries*", "is a library of its own", "Use tf.nn.dynamic_rnn."),
    ("tf.contrib.labeled_tensor*", "is a library of its own", "Use axes by their numbers."),
    ("tf.contrib.bayesflow*", "has moved into a library of its own",
     "Use tf.distributions."),
    ("tf.contrib.predictor*", "loads exported models", "Use tf.saved_model.loader.load and "
     "Session.run."),
    ("tf.contrib.cudnn_rnn*", "runs on NVIDIA's cuDNN alone",
     "Use tf.nn.dynamic_rnn with tf.nn.rnn_cell.LSTMCell or GRUCell."),
    ("tf.contrib.bigtable*", "reads a service", "Read it outside of the graph, and feed."),
    ("tf.contrib.cloud*", "reads a service", "Read it outside of the graph, and feed."),
    ("tf.contrib.kafka*", "reads a service", "Read it outside of the graph, and feed."),
    ("tf.contrib*", "is one of the rarely used parts of contrib", ""),
)
