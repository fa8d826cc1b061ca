"""What TensorBoard's projector, which shows embeddings in three dimensions, is told.

    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = table.name
    embedding.metadata_path = "labels.tsv"
    projector.visualize_embeddings(writer, config)

writes `projector_config.pbtxt` beside the event files.
"""

from __future__ import annotations

import os
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part, Parts
from flowgraph.core.message_scalar import INT, TEXT, Repeated, Scalar


class SpriteMetadata(Message):
    """Small images that stand for points, all in one image.

    Example:
        >>> from flowgraph.contrib.tensorboard.plugins import projector
        >>> str(projector.SpriteMetadata(image_path="a.png", single_image_dim=[28, 28]))
        'image_path: "a.png"\\nsingle_image_dim: 28\\nsingle_image_dim: 28\\n'
    """

    image_path = Scalar(1, TEXT)
    single_image_dim = Repeated(2, INT)


class EmbeddingInfo(Message):
    """One table of embeddings and what belongs to it.

    Example:
        >>> from flowgraph.contrib.tensorboard.plugins import projector
        >>> str(projector.EmbeddingInfo(tensor_name="table:0", metadata_path="labels.tsv"))
        'tensor_name: "table:0"\\nmetadata_path: "labels.tsv"\\n'
    """

    tensor_name = Scalar(1, TEXT)
    metadata_path = Scalar(2, TEXT)
    bookmarks_path = Scalar(3, TEXT)
    tensor_shape = Repeated(4, INT)
    sprite = Part(5, SpriteMetadata)
    tensor_path = Scalar(6, TEXT)


class ProjectorConfig(Message):
    """The tables that the projector shows.

    Example:
        >>> from flowgraph.contrib.tensorboard.plugins import projector
        >>> config = projector.ProjectorConfig()
        >>> config.embeddings.add().tensor_name = "table:0"
        >>> print(config)
        embeddings {
          tensor_name: "table:0"
        }
        <BLANKLINE>
    """

    model_checkpoint_path = Scalar(1, TEXT)
    embeddings = Parts(2, EmbeddingInfo)
    model_checkpoint_dir = Scalar(3, TEXT)


def visualize_embeddings(summary_writer: Any, config: Any) -> None:
    """Writes what the projector is told, in the folder of an event file.

    Args:
        summary_writer: the FileWriter.
        config: the ProjectorConfig.

    Raises:
        ValueError: the writer has no folder.

    Example:
        >>> import flowgraph as fg
        >>> import os, tempfile
        >>> from flowgraph.contrib.tensorboard.plugins import projector
        >>> folder = tempfile.mkdtemp()
        >>> with fg.summary.FileWriter(folder) as writer:
        ...     projector.visualize_embeddings(writer, projector.ProjectorConfig())
        >>> "projector_config.pbtxt" in os.listdir(folder)
        True
    """
    logdir = summary_writer.get_logdir()
    if logdir is None:
        raise ValueError(located("Summary writer must have a logdir"))
    with open(os.path.join(logdir, "projector_config.pbtxt"), "w", encoding="utf-8") as file:
        file.write(str(config))
