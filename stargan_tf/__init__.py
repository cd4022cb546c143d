"""StarGAN v2 in TensorFlow and Keras: one generator, many domains, many styles."""

__version__ = "0.1.0"
