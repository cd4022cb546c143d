"""A small client of exported models in TensorFlow Serving, without TensorFlow.

The folder stands alone: apart from the standard library it needs requests (for http://) or
grpcio with protobuf (for grpc://), and Pillow to prepare photos. It may be copied into an app.

    from stargan_tf.serving.client import Client, load_photo

    with Client("http://localhost:8501", model="pets") as client:
        png = client.translate(load_photo("photo.jpg"), "cat", seed=7, psi=0.7)
"""

from .client import Client
from .errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    PhotoError,
    ServingError,
    UnavailableError,
)
from .photos import load_photo, prepare_photo
from .results import ModelMetadata, Signature, TensorSpec, VersionStatus

__all__ = [
    "Client",
    "DeadlineError",
    "InvalidRequestError",
    "ModelMetadata",
    "NotFoundError",
    "PhotoError",
    "ServingError",
    "Signature",
    "TensorSpec",
    "UnavailableError",
    "VersionStatus",
    "load_photo",
    "prepare_photo",
]
