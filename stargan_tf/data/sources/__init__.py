"""Sources of images: one file each, all behind the same small interface."""

import importlib

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.attributes import check_attributes
from stargan_tf.data.sources.base import Source

# The class of each source in config.prepare_data.SOURCES. A module is imported when its
# source is chosen, so that nobody waits for the packages of the others.
_CLASSES = {
    "folder": "stargan_tf.data.sources.folder.FolderSource",
    "tfds": "stargan_tf.data.sources.tfds.TfdsSource",
    "portraits": "stargan_tf.data.sources.portraits.PortraitsSource",
}


def source_class(name: str) -> type[Source]:
    """Returns the class of a source.

    Raises:
      UserError: there is no such source.
    """
    check(
        name in _CLASSES,
        f"Found --source={name}, expected one of {', '.join(_CLASSES)}: choose one of them.",
    )
    module, _, class_name = _CLASSES[name].rpartition(".")
    return getattr(importlib.import_module(module), class_name)


def validate(config: PrepareDataConfig) -> None:
    """Checks the settings of the source that they name and of attributes, before any work.

    Raises:
      UserError: a setting is missing, out of range or contradicts another.
    """
    check_attributes(config)
    source_class(config.source).validate(config)


def make_source(config: PrepareDataConfig) -> Source:
    """Returns the source that the settings name.

    Raises:
      UserError: its settings are wrong, it is not there, or it can give neither attributes
        nor at least two domains.
    """
    validate(config)
    source = source_class(config.source)(config)
    check(
        bool(source.attributes) or not config.attributes,
        f"Found --attributes={','.join(config.attributes)} for --source={config.source}, which has "
        "none: leave --attributes out.",
    )
    return source
