"""The static graph a user builds: graphs, operations, tensors, names, scopes, collections."""
