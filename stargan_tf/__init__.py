"""StarGAN v2 in TensorFlow and Keras: one generator, many domains, many styles.

Import it before TensorFlow: what it asks of TensorFlow is read when that is imported.
"""

import os
import platform

__version__ = "0.1.0"

if platform.machine().lower() in ("x86_64", "amd64"):
    # TensorFlow has oneDNN's convolutions on where the processor has AVX512_VNNI. Elsewhere it
    # takes Eigen's, whose gradients need up to three times as long as oneDNN's.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
