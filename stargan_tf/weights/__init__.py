"""Weights files of other frameworks."""
