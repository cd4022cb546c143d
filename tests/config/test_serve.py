import pytest

from stargan_tf.config.serve import ServeConfig
from stargan_tf.errors import UserError


@pytest.fixture
def models(tmp_path):
    for name in ("m/1", "n/1"):
        (tmp_path / "models" / name).mkdir(parents=True)
    (tmp_path / "some.config").write_text("")
    return tmp_path / "models"


def config(models, **values):
    paths = {"file": str(models.parent / "some.config"), "n": str(models / "n")}
    values = {name: paths.get(value, value) for name, value in values.items()}
    return ServeConfig(**{"models_dir": str(models), **values})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"port": 0, "rest_api_port": 0},
        {"model_name": "m"},
        {"model_name": "other", "model_base_path": "n"},
        {"model_base_path": "n", "models_dir": "missing"},
        {"model_config_file": "file", "models_dir": "missing"},
        {"file_system_poll_wait_seconds": 0},
    ],
)
def test_settings_that_are_right(models, values):
    config(models, **values).validate()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"models_dir": "missing"}, "--models_dir=missing"),
        ({"model_name": "other"}, "--model_name=other"),
        ({"model_base_path": "missing"}, "--model_base_path=missing"),
        ({"model_config_file": "missing"}, "--model_config_file=missing"),
        ({"model_config_file": "file", "model_name": "m"}, "--model_name"),
        ({"model_config_file": "file", "model_base_path": "n"}, "--model_base_path"),
        ({"port": -1}, "--port=-1"),
        ({"rest_api_port": 65536}, "--rest_api_port=65536"),
        ({"port": 9000, "rest_api_port": 9000}, "two different ports"),
        ({"host": ""}, "--host"),
        ({"file_system_poll_wait_seconds": -1}, "--file_system_poll_wait_seconds=-1"),
    ],
)
def test_settings_that_are_wrong(models, values, words):
    with pytest.raises(UserError) as caught:
        config(models, **values).validate()
    assert words in str(caught.value)
