"""Networks that turn images into feature vectors, which distances then compare."""
