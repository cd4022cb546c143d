"""A development server that speaks TensorFlow Serving's gRPC and REST for any SavedModel."""
