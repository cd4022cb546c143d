"""Tiny runs of StarGAN (2018), and what is in them."""

import dataclasses

import tensorflow as tf

from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training_run import train_run

TINY = StarGANSettings(
    algorithm="stargan",
    img_size=16,
    batch_size=4,
    g_conv_dim=4,
    d_conv_dim=4,
    g_repeat_num=1,
    d_repeat_num=2,
    n_critic=2,
    lr=1e-3,
    total_iters=4,
    num_iters_decay=2,
    log_every=1,
    sample_every=4,
    save_every=100,
    eval_every=0,
)
OF_D = {"D/real", "D/fake", "D/gp", "D/cls"}
OF_G = {"G/adv", "G/cls", "G/rec"}


def trained(data_dir, root, **changes) -> RunDir:
    places = {"data_dir": str(data_dir), "run_dir": str(root)}
    assert train_run(dataclasses.replace(TINY, **places, **changes)) == 0
    return RunDir(root)


def tensors(run):
    reader = tf.train.load_checkpoint(str(run.checkpoints))
    names = [n for n in reader.get_variable_to_shape_map() if n.startswith("state/")]
    return {name: reader.get_tensor(name) for name in names}
