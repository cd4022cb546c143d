"""Distances between images that look at them through the features of a network."""
