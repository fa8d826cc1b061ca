"""`slim.nets`: well-known networks for images, with the variables that checkpoints name."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.slim.nets", globals(), {
    name: f"flowgraph.contrib.slim.nets.{name}" for name in (
        "alexnet", "inception", "inception_v1", "inception_v2", "inception_v3", "overfeat",
        "resnet_utils", "resnet_v1", "resnet_v2", "vgg")})
