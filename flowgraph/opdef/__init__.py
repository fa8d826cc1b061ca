"""The contract of ops: what a class under `OpDef` declares, and how nodes are built from it."""
