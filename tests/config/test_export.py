import pytest

from stargan_tf.config.export import ExportConfig
from stargan_tf.errors import UserError


@pytest.fixture
def config(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "file").write_text("")

    def make(**values):
        values = {"run_dir": "run", "out": "models/pets", **values}
        for name in ("run_dir", "out"):
            values[name] = values[name] and str(tmp_path / values[name])
        return ExportConfig(**values)

    return make


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"formats": ("tflite",), "tflite_types": ("int8",)},
        {"out": "run"},
        {"image_format": "jpeg"},
        {"formats": ("onnx",)},
        {"formats": ("saved_model", "tflite", "onnx")},
    ],
)
def test_settings_that_are_right(config, values):
    config(**values).validate()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"run_dir": ""}, "no --run_dir, expected"),
        ({"run_dir": "missing"}, "missing is not a folder"),
        ({"out": ""}, "no --out, expected"),
        ({"out": "file"}, "file is a file, expected a folder"),
        ({"formats": ()}, "--formats=, expected some of saved_model, tflite, onnx"),
        ({"formats": ("saved_model", "keras")}, "--formats=saved_model,keras, expected some of"),
        ({"tflite_types": ("int4",)}, "--tflite_types=int4, expected some of float32"),
        ({"calibration_images": 0}, "--calibration_images=0, expected at least 1"),
        ({"check_images": -1}, "--check_images=-1, expected at least 1"),
    ],
)
def test_settings_that_are_wrong(config, values, words):
    with pytest.raises(UserError, match=words):
        config(**values).validate()


def test_only_int8_needs_calibration(config):
    assert config().needs_calibration
    assert not config(tflite_types=("float16",)).needs_calibration
    assert not config(formats=("saved_model",)).needs_calibration
    assert not config(formats=("saved_model", "onnx")).needs_calibration


def test_onnx_is_written_on_request(config):
    assert config().formats == ("saved_model", "tflite")
