"""`tf.contrib.learn.preprocessing`: texts and categories as numbers."""

from flowgraph.contrib.learn.preprocessing.categorical import CategoricalProcessor
from flowgraph.contrib.learn.preprocessing.categorical_vocabulary import CategoricalVocabulary
from flowgraph.contrib.learn.preprocessing.text import (
    ByteProcessor,
    VocabularyProcessor,
    tokenizer,
)

__all__ = ["ByteProcessor", "CategoricalProcessor", "CategoricalVocabulary",
           "VocabularyProcessor", "tokenizer"]
