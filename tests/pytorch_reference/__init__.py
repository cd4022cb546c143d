"""StarGAN v2 in plain PyTorch, and a benchmark of ours against it: see docs/performance.md.

PyTorch is in an environment of its own, `make test-torch`'s. Of stargan_tf, the files that import
it use only what needs neither TensorFlow nor any other package than numpy.
"""
