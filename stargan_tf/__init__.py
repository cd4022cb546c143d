"""StarGAN v2 in TensorFlow and Keras: one generator, many domains, many looks."""

__version__ = "0.1.0"
