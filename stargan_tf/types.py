"""Types that pass between the parts."""

from typing import NamedTuple

import tensorflow as tf

# What one training iteration consumes: tensors of N rows, by the names of the draws.
Batch = dict[str, tf.Tensor]

# Kinds of draws.
IMAGE = "image"  # [R, R, 3] float32 in [-1, 1], augmented
LABEL = "label"  # of the stream's images: a domain, [] int32, or attributes, [A] float32
NORMAL = "normal"  # [size] float32 from the standard normal distribution
UNIFORM = "uniform"  # [size] float32 in [0, 1)
# Streams of images. Each draws a domain for every example, uniformly whatever the class
# sizes; all images and labels that an example has of one stream are of that domain. Where
# labels are attributes, there are no domains, and each image has attributes of its own.
SOURCE = "source"
TARGET = "target"
STREAMS = (SOURCE, TARGET)


class Draw(NamedTuple):
    """One part of a training example.

    Attributes:
      name: in the batch, such as x_real.
      kind: IMAGE, LABEL, NORMAL or UNIFORM.
      stream: of images and labels, SOURCE or TARGET.
      size: of random numbers, how many.
      data_set: which of a run's data sets it is of: 0, or 1 for the second of two.
    """

    name: str
    kind: str
    stream: str = ""
    size: int = 0
    data_set: int = 0
