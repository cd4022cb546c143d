"""The feature networks by name, and what each needs: all that is known without TensorFlow.

A feature network is a file NAME.py beside this one and its row in FEATURES. Flags, their help
and their checks, and the loading of the network follow from the row.
"""

from typing import NamedTuple


class WeightsFile(NamedTuple):
    """A weights file that a network reads.

    Attributes:
      flag: that names the file, without dashes.
      content: what the file is, for people.
      url: where to get it.
      needed: whether there is no network without it.
    """

    flag: str
    content: str
    url: str
    needed: bool = True

    def __str__(self) -> str:
        """Such as torchvision's AlexNet (alexnet.pth)."""
        return f"{self.content} ({self.url.rpartition('/')[2]})"


class NetworkRow(NamedTuple):
    """A network that measures.

    Attributes:
      class_name: of its class, in the file of its name; the class has `load`.
      help: what to know before it is chosen, for people.
      weights: its files, in the order in which `load` takes their paths.
      published: the names in the paper of the metrics that it gives; metrics of other
        networks must not carry them.
    """

    class_name: str
    help: str
    weights: tuple[WeightsFile, ...] = ()
    published: dict[str, str] = {}


# The first is the default.
FEATURES: dict[str, NetworkRow] = {
    "efficientnet_lite0": NetworkRow("EfficientNetLite0", "comes with this package's requirements"),
    "inception": NetworkRow(
        "Inception",
        "is the published protocol (FID) and needs --inception_weights",
        (
            WeightsFile(
                "inception_weights",
                "torchvision's Inception-v3",
                "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
            ),
        ),
        {"FD": "FID", "KD": "KID"},
    ),
    "inception_keras": NetworkRow(
        "InceptionKeras",
        "downloads its weights, unless --inception_weights names them",
        (
            WeightsFile(
                "inception_weights",
                "Keras's Inception-v3 without its classifier",
                "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
                "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
                needed=False,
            ),
        ),
    ),
}
