"""What holds for every test: two replicas fit on any machine, and TensorFlow keeps quiet."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
import tensorflow as tf

# Only possible before TensorFlow is used, hence once, here, for virtual_replicas=2.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
tf.get_logger().setLevel("ERROR")


@pytest.fixture(scope="session")
def two_replicas() -> tf.distribute.Strategy:
    """The one strategy of two replicas.

    Each strategy numbers its collective operations from the same start: those of a second one
    with the same devices would be taken for those of the first.
    """
    from stargan_tf.config.train import TrainConfig
    from stargan_tf.training.runtime import make_strategy

    return make_strategy(TrainConfig(virtual_replicas=2))


@pytest.fixture(scope="session")
def two_domains_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of two domains, just large enough to train on."""
    from tests.data import makers

    root = tmp_path_factory.mktemp("two_domains")
    counts = {"train/cat": 5, "train/dog": 4, "val/cat": 2, "val/dog": 2}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"
