from stargan_tf.serving.publishing import next_version, versions


def test_versions_are_whole_numbers_alone(tmp_path):
    for name in ("1", "12", "3", "tflite", "onnx", ".4.partial.x", "x5", "-6", "７"):
        (tmp_path / name).mkdir()
    (tmp_path / "99").write_text("a file")
    assert versions(tmp_path) == [1, 3, 12]
    assert versions(tmp_path / "missing") == []


def test_next_version_counts_every_format(tmp_path):
    assert next_version(tmp_path / "new") == 1
    (tmp_path / "2").mkdir()
    assert next_version(tmp_path) == 3
    (tmp_path / "tflite" / "5").mkdir(parents=True)
    assert next_version(tmp_path) == 6
    (tmp_path / "onnx" / "8").mkdir(parents=True)
    assert next_version(tmp_path) == 9
