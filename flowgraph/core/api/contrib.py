"""Why packages of `tf.contrib` are missing: rows of `Reason`, for names that programs have used.

TensorFlow's listing of its public names leaves contrib out, so each row is a package or a part of
one. The last row is for all that has none of its own.
"""

# Reasons that rows of all parts have.
EAGER = "belongs to eager execution, which define-then-run has not"
CLUSTER = "is for clusters of machines; flowgraph runs in one process"

_TPU = "is for TPUs"
_COMPILED = "stands on code compiled for TensorFlow"
_SMALL = "makes models for small devices and other engines"

# (pattern, why, instead)
CONTRIB = (
    ("tf.contrib.eager*", EAGER, "Build the graph once, and run it with Session.run."),
    ("tf.contrib.autograph*", EAGER, "Use tf.cond and tf.while_loop."),
    ("tf.contrib.summary*", "writes files from inside the graph, for eager execution",
     "Use tf.summary with tf.summary.FileWriter."),
    ("tf.contrib.tpu*", _TPU, "Leave it out: the model itself needs no change."),
    ("tf.contrib.cluster_resolver*", CLUSTER, ""),
    ("tf.contrib.distribute*", CLUSTER, "Leave the strategy out."),
    ("tf.contrib.all_reduce*", CLUSTER, "Use tf.add_n over the parts."),
    ("tf.contrib.nccl*", "adds up over GPUs with NVIDIA's NCCL", "Use tf.add_n over the parts."),
    ("tf.contrib.mpi*", CLUSTER, ""),
    ("tf.contrib.boosted_trees.*", _COMPILED, "Use GradientBoostedDecisionTreeClassifier of "
     "estimator_batch.estimator, or tf.estimator.BoostedTreesClassifier."),
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
    ("tf.contrib.estimator.*", "is one of the rarely used parts of contrib.estimator",
     "Use tf.estimator, and what tf.contrib.estimator offers: heads, add_metrics, "
     "forward_features, clip_gradients_by_norm."),
    ("tf.contrib.predictor.*", "builds the graph of an estimator of tf.contrib.learn",
     "Use its export_savedmodel, and tf.contrib.predictor.from_saved_model."),
    ("tf.contrib.cudnn_rnn*", "converts cuDNN's own vector of weights; the layers have the cells' "
     "variables", "Use tf.train.Saver."),
    ("tf.contrib.bigtable*", "reads a service", "Read it outside of the graph, and feed."),
    ("tf.contrib.cloud*", "reads a service", "Read it outside of the graph, and feed."),
    ("tf.contrib.kafka*", "reads a service", "Read it outside of the graph, and feed."),
    ("tf.contrib.compiler*", "compiles graphs with XLA",
     "Leave it out: graphs are compiled anyway."),
    ("tf.contrib.memory_stats*", "measures TensorFlow's own memory",
     "Use flowgraph.profile, or Session.run with RunMetadata."),
    ("tf.contrib.staging*", "hides copies to a GPU behind a step", "Use tf.data and its prefetch."),
    ("tf.contrib.copy_graph*", "copies graphs op by op",
     "Use tf.train.export_meta_graph and tf.train.import_meta_graph."),
    ("tf.contrib.layers.*column*", "is the first form of feature columns",
     "Use tf.feature_column with tf.estimator."),
    ("tf.contrib.layers.*feature*", "is the first form of feature columns",
     "Use tf.feature_column with tf.estimator."),
    ("tf.contrib.layers.rev_block", "computes activations anew to save memory", "Call the layers."),
    ("tf.contrib.layers.recompute_grad", "computes activations anew to save memory",
     "Leave it out."),
    ("tf.contrib.training.rejection_sample", "draws examples through queues",
     "Use tf.data.experimental.rejection_resample."),
    ("tf.contrib.training.*equence*", "cuts sequences into pieces through queues",
     "Use tf.data.Dataset.padded_batch, and feed the state."),
    ("tf.contrib.training.*Strategy", "is for clusters of machines; flowgraph runs in one process",
     "Leave it out."),
    ("tf.contrib.losses.metric_learning*", "is a set of losses between pairs of embeddings",
     "Write the loss with tf.reduce_sum over differences of rows."),
    ("tf.contrib.metrics.*", "is one of the rarely used metrics", "Use tf.metrics."),
    ("tf.contrib.distributions.bijector*", "has moved into a library of its own",
     "Transform samples, and log_prob by the logarithm of the derivative."),
    ("tf.contrib.distributions.*", "has moved into a library of its own",
     "Offered are those of tf.distributions, MultivariateNormalDiag and Mixture."),
    ("tf.contrib.opt.*", "is one of the rarely used optimizers", "Use an optimizer of tf.train, or "
     "AdamWOptimizer, LazyAdamOptimizer, NadamOptimizer of tf.contrib.opt."),
    ("tf.contrib.image.*", "is one of the rarely used functions for images", "Use tf.image."),
    ("tf.contrib*", "is not among the parts of contrib that programs use most", ""),
)
