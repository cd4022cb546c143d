"""What an exported StarGAN (2018) offers; serving_default is translate_label."""

from stargan_tf.algorithms.signatures import label_signatures
from stargan_tf.algorithms.stargan.codes import LABEL_MODE

SIGNATURES = label_signatures(LABEL_MODE)
