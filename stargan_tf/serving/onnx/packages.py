"""Whether the packages are there that ONNX files are made and checked with."""

from stargan_tf.errors import UserError


def check_installed(flag: str = "--formats=onnx") -> None:
    """Imports them.

    Args:
      flag: that asks for them, for the error.

    Raises:
      UserError: one is missing, or does not go with the others.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"Found no working onnx, onnxruntime and tf2onnx ({error}), expected them for "
            f"{flag}: install the versions in requirements.txt, or leave onnx out."
        ) from error
