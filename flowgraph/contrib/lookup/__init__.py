"""`tf.contrib.lookup`: tables from words to ids and back, under their first names."""

from flowgraph.core.lazy import lazy as _lazy

_INITIALIZERS = "flowgraph.ops.lookup_initializers:"
_TABLES = "flowgraph.contrib.lookup.vocabularies:"
_VOCABULARY = "flowgraph.ops.lookup_vocabulary:"
_LAZY = {
    "FastHashSpec": _VOCABULARY + "FastHashSpec",
    "HashTable": "flowgraph.ops.lookup_static:HashTable",
    "HasherSpec": _VOCABULARY + "HasherSpec",
    "IdTableWithHashBuckets": _VOCABULARY + "IdTableWithHashBuckets",
    "KeyValueTensorInitializer": _INITIALIZERS + "KeyValueTensorInitializer",
    "LookupInterface": "flowgraph.ops.lookup_static:LookupInterface",
    "MutableDenseHashTable": "flowgraph.ops.lookup_mutable:DenseHashTable",
    "MutableHashTable": "flowgraph.ops.lookup_mutable:MutableHashTable",
    "StrongHashSpec": _VOCABULARY + "StrongHashSpec",
    "TableInitializerBase": _INITIALIZERS + "TableInitializerBase",
    "TextFileIdTableInitializer": _INITIALIZERS + "TextFileIdTableInitializer",
    "TextFileIndex": _INITIALIZERS + "TextFileIndex",
    "TextFileInitializer": _INITIALIZERS + "TextFileInitializer",
    "TextFileStringTableInitializer": _INITIALIZERS + "TextFileStringTableInitializer",
    "index_table_from_file": _VOCABULARY + "index_table_from_file",
    "index_table_from_tensor": _TABLES + "index_table_from_tensor",
    "index_to_string": _TABLES + "index_to_string",
    "index_to_string_table_from_file": _VOCABULARY + "index_to_string_table_from_file",
    "index_to_string_table_from_tensor": _TABLES + "index_to_string_table_from_tensor",
    "string_to_index": _TABLES + "string_to_index",
    "string_to_index_table_from_file": _VOCABULARY + "index_table_from_file",
    "string_to_index_table_from_tensor": _TABLES + "string_to_index_table_from_tensor",
}

__getattr__ = _lazy("tf.contrib.lookup", globals(), _LAZY)
