"""What holds for every test: two replicas fit on any machine, and TensorFlow keeps quiet."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

# Only possible before TensorFlow is used, hence once, here, for virtual_replicas=2.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
tf.get_logger().setLevel("ERROR")
