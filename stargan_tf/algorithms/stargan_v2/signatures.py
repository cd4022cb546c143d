"""What an exported StarGAN v2 offers; serving_default is translate_random."""

from stargan_tf.algorithms.signatures import signatures_of
from stargan_tf.algorithms.stargan_v2.codes import MODES

SIGNATURES = signatures_of(MODES)
