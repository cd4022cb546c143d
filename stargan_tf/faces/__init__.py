"""Faces: found in images, cropped as in CelebA-HQ. Only `wing` and `comparison` need TensorFlow."""
