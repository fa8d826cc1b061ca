"""From a Graph to a GraphDef that TensorFlow runs."""
