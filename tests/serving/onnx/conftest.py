from pathlib import Path

import pytest

from tests.serving.exports import Export, export_toy, make_export


@pytest.fixture(scope="session")
def onnx_export(tmp_path_factory: pytest.TempPathFactory, three_domains_dir: Path) -> Export:
    """A model as ONNX files alone, exported once."""
    models_dir = tmp_path_factory.mktemp("onnx_models")
    return make_export(models_dir, formats=("onnx",), data_dir=str(three_domains_dir))


@pytest.fixture(scope="session")
def onnx_toy(tmp_path_factory: pytest.TempPathFactory, three_domains_dir: Path) -> Export:
    """A model of an algorithm that is not the product's, as ONNX files alone."""
    models_dir = tmp_path_factory.mktemp("onnx_toys")
    return export_toy(models_dir, formats=("onnx",), data_dir=str(three_domains_dir))
