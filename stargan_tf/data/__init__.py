"""Data: TFRecord shards from many sources, and the tf.data input of training."""
