import pytest

from pipeline.config import MySQL, PipelineConfig
from stargan_tf.errors import UserError


def test_the_defaults_are_valid() -> None:
    PipelineConfig().validate()


def test_the_model_goes_beside_the_others() -> None:
    assert PipelineConfig(model_name="cats").model_dir == "saved_models/cats"
    assert PipelineConfig(model_name="cats", push_dir="/models").model_dir == "/models"


def test_mysql_is_taken_apart() -> None:
    config = PipelineConfig(mysql="me@db.example.org:3307/mlmd")
    config.validate()
    assert config.mysql_server == MySQL("me", "db.example.org", 3307, "mlmd")
    assert PipelineConfig().mysql_server is None


def test_a_password_in_the_flag_is_not_repeated() -> None:
    with pytest.raises(UserError, match="user@host:port/database") as raised:
        PipelineConfig(mysql="me:secret@host:3306/mlmd").validate()
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"pipeline_name": "my pipeline"}, "--pipeline_name=my pipeline, expected letters"),
        ({"model_name": "../up"}, "--model_name=../up, expected letters"),
        ({"pipeline_root": ""}, "an empty --pipeline_root"),
        ({"data_flags": "nowhere.flags"}, "--data_flags=nowhere.flags is not a file"),
        ({"train_flags": "nowhere.flags"}, "--train_flags=nowhere.flags is not a file"),
        ({"mysql": "host"}, "expected user@host:port/database"),
        ({"max_distance": -1.0}, "--max_distance=-1.0, expected 0 or more"),
        ({"min_diversity": -0.1}, "--min_diversity=-0.1, expected 0 or more"),
        ({"max_worsening": -0.1}, "--max_worsening=-0.1, expected 0 or more"),
        ({"min_domain_accuracy": 1.5}, r"--min_domain_accuracy=1.5, expected a value in \[0, 1\]"),
        ({"eval_outputs": 1}, "--eval_outputs=1, expected at least 2"),
        ({"eval_sources": 3}, "--eval_sources=3, expected 0 for all images or at least 4"),
        ({"eval_seed": -1}, "--eval_seed=-1, expected 0 or more"),
        ({"alexnet_weights": "a.pth"}, "expected both or neither"),
        ({"features": "inception"}, "Found no --inception_weights"),
        ({"inception_weights": "i.pth"}, "Found --inception_weights with --features=efficient"),
    ],
)
def test_a_mistake_is_explained(values: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        PipelineConfig(**values).validate()
