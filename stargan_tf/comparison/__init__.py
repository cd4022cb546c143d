"""Runs of several algorithms, trained and measured alike and shown beside each other."""
