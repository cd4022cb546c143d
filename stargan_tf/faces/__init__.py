"""Faces: found in images, and cropped as in CelebA-HQ. Nothing but `wing` needs TensorFlow."""
