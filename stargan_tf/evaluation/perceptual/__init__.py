"""Distances between images, in the features of a network."""
