import dataclasses
import shlex

import pytest

from stargan_tf.data.report import summary
from tests.data.infos import INFO, sized


@pytest.mark.parametrize(
    ("info", "img_size"),
    [
        (sized(64, 64, 64, 64), 64),
        (sized(128, 128, 128, 128), 128),  # portraits by default
        (sized(512, 512, 512, 512), 512),
        (sized(300, 300, 300, 300), 256),
        (sized(16, 16, 16, 16), 32),
        (sized(0, 64, 90, 900), 64),
        (sized(0, 64, 700, 900), 256),
    ],
)
def test_the_next_command_trains_at_the_size_of_the_images(info, img_size):
    command = summary(info, "my data").rpartition("Next: ")[2]
    words = ["--data_dir=my data", "--run_dir=runs/first", f"--img_size={img_size}"]
    assert shlex.split(command) == ["python", "-m", "stargan_tf.train", *words]


def test_an_older_data_set_trains_at_the_default():
    info = dataclasses.replace(INFO, img_size=0)
    assert summary(info, "data").endswith("--img_size=256")
