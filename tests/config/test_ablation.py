import dataclasses

import pytest

from stargan_tf.config.ablation import AblationConfig
from stargan_tf.errors import UserError


def test_the_defaults_are_valid():
    AblationConfig().validate()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"rows": ("a", "g")},
            "Found --rows=a,g, expected some of a,b,c,d,e,f,preprint, each once",
        ),
        ({"rows": ()}, "Found --rows=, expected some of"),
        ({"rows": ("a", "a")}, "Found --rows=a,a, expected some of"),
        ({"seeds": ()}, "Found --seeds=, expected numbers from 0"),
        ({"seeds": ("1", "x")}, "Found --seeds=1,x, expected numbers from 0"),
        ({"seeds": ("1", "01")}, "Found --seeds=1,01, expected numbers from 0 .*, each once"),
        ({"seeds": (str(2**32),)}, "Found --seeds=4294967296, expected numbers from 0"),
        ({"total_iters": -1}, "Found --total_iters=-1, expected 0 or more"),
        ({"num_outputs": 6}, "Found --num_outputs=6, expected at least 8"),
        ({"num_outputs": 9}, "Found --num_outputs=9, expected an even number"),
        ({"out": ""}, "Found --out=, expected a folder"),
        ({"out": __file__}, "Found --out=.*test_ablation.py, expected a folder"),
    ],
)
def test_wrong_settings_are_said(changes, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(AblationConfig(), **changes).validate()
