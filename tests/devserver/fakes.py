"""Servables without TensorFlow."""


class FakeServable:
    """A version that can be lent and loaded, but not run."""

    def __init__(self, name, version, path):
        self.name, self.version, self.path = name, version, path
        self.signature_defs = {}
