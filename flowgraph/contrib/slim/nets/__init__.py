"""`slim.nets`: well-known networks for images, with the variables that checkpoints name."""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.contrib.slim.nets", globals(), {
    name: f"flowgraph.contrib.slim.nets.{name}" for name in (
        "alexnet", "overfeat", "resnet_utils", "resnet_v1", "resnet_v2", "vgg")})
