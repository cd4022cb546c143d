from stargan_tf.benchmarking.exports import export_works, formats_of
from stargan_tf.config.benchmark import ExportedModelConfig


def test_every_file_is_called(onnx_export):
    config = ExportedModelConfig(model=str(onnx_export.base), signature="all", num_threads=1)
    assert formats_of(config) == ("onnx",)
    works = {work.what: work for work in export_works(config, ["onnx"])}
    files = (onnx_export.base / "onnx" / "1").glob("*.onnx")
    assert {*works} == {f"onnx {file.stem}_float" for file in files}
    for work in works.values():
        assert work.run() > 0 and work.details["size_mb"] > 0
