"""From a GraphDef to a Graph: what TensorFlow says in another way is built from the ops here."""
