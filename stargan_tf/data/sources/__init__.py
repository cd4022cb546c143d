"""Sources of images: one file each, all behind the same small interface."""

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.sources.base import Source


def make_source(config: PrepareDataConfig) -> Source:
    """Returns the source that the settings name.

    Raises:
      UserError: it is not there or cannot give at least two domains.
    """
    # Each import is its own: the portraits' packages and tensorflow-datasets are
    # loaded only by those who use them.
    if config.source == "folder":
        from stargan_tf.data.sources.folder import FolderSource

        return FolderSource(config)
    if config.source == "tfds":
        from stargan_tf.data.sources.tfds import TfdsSource

        return TfdsSource(config)
    from stargan_tf.data.sources.portraits import PortraitsSource

    return PortraitsSource(config)
