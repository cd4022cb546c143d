"""A small client of exported models in TensorFlow Serving, without TensorFlow.

The folder stands alone: apart from the standard library it needs requests (for http://) or
grpcio with protobuf (for grpc://), and Pillow to prepare images. It may be copied into an app.

    from stargan_tf.serving.client import Client, load_image

    with Client("http://localhost:8501", model="pets") as client:
        png = client.translate(load_image("photo.jpg"), "cat", seed=7, psi=0.7)
"""

from .client import Client
from .errors import (
    DeadlineError,
    ImageError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
)
from .images import load_image, prepare_image
from .results import ModelMetadata, Signature, TensorSpec, VersionStatus

__all__ = [
    "Client",
    "DeadlineError",
    "ImageError",
    "InvalidRequestError",
    "ModelMetadata",
    "NotFoundError",
    "ServingError",
    "Signature",
    "TensorSpec",
    "UnavailableError",
    "VersionStatus",
    "load_image",
    "prepare_image",
]
