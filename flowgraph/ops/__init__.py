"""The op library: one subject per file, each op's class and its public function together.

`fg.add` and the rest are exported from `flowgraph/__init__.py` and `flowgraph/namespaces.py`.
"""
