import json
import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from stargan_tf.errors import UserError
from stargan_tf.locks import LOCK, exclusive_lock
from stargan_tf.serving import formats
from stargan_tf.serving.export_parity import Agreement
from tests.serving.exports import DOMAINS, export_toy, make_export

# What a summary says of a model that rounds nothing.
NEAR = r"(within \de-0\d of|equal to) the trained networks"


def files_of(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_files(exported):
    assert files_of(exported.base) == {
        "1/saved_model.pb",
        "1/fingerprint.pb",
        "1/variables/variables.index",
        "1/variables/variables.data-00000-of-00001",
        "1/assets/domains.txt",
        "1/assets/model.json",
        "1/assets.extra/README.md",
        "1/assets.extra/tf_serving_warmup_requests",
        *(f"tflite/1/{t}.tflite" for t in ("float32", "float16", "dynamic", "int8")),
    }
    assert (exported.base / "1/assets/domains.txt").read_text() == "cat\ndog\nwild\n"


def test_model_json(exported):
    values = json.loads((exported.base / "1/assets/model.json").read_text())
    assert values["name"] == "pets" and values["version"] == 1
    assert values["domains"] == list(DOMAINS) and values["step"] == 7
    assert (values["img_size"], values["latent_dim"], values["style_dim"]) == (32, 16, 64)
    assert values["value_range"] == [-1, 1] and values["channels"] == "RGB"
    assert values["licence"] and exported.info.domains == DOMAINS


def test_only_what_serving_needs_is_saved(exported):
    saved = tf.train.list_variables(str(exported.base / "1/variables/variables"))
    numbers = sum(np.prod(shape) for name, shape in saved if "OBJECT_GRAPH" not in name)
    used = 0
    for network in exported.networks.values():
        for v in network.trainable_variables:
            shape = list(v.shape)
            # 3x3 kernels beside a resampling are saved as the 4x4 ones that they amount to.
            folded = "sampling_conv2d" in v.name and "kernel" in v.name
            used += np.prod([4, 4, *shape[2:]] if folded else shape)
    assert numbers == used
    text = (exported.base / "1/saved_model.pb").read_bytes()
    assert b"discriminator" not in text and b"Adam" not in text


def test_each_network_stands_once_in_the_file(exported):
    """And not in each signature that draws, which would double the file and the time to make it."""
    loaded = tf.saved_model.load(str(exported.base / "1"))
    with_convolutions = {
        function.signature.name
        for signature in loaded.signatures.values()
        for function in signature.graph.as_graph_def().library.function
        if any("Conv2D" in node.op for node in function.node_def)
    }
    assert len(with_convolutions) == len(("generator", "style encoder"))


def test_summary_says_what_where_and_how_near(exported):
    lines = exported.said.summary.splitlines()
    assert lines[0] == "Exported pets version 1:"
    assert len([line for line in lines if " MB " in line]) == 5
    assert re.search(rf"pets/1 .* MB  {NEAR}", lines[1])
    assert all(re.search(rf"float16|dynamic|int8|{NEAR}", line) for line in lines[1:6])
    assert "serve" in lines[-1]


@pytest.fixture(scope="module")
def in_bfloat16(tmp_path_factory):
    """The model of `exported`, whose SavedModel computes in fewer bits."""
    folder = tmp_path_factory.mktemp("bfloat16")
    settings = {"formats": ("saved_model",), "saved_model_type": "bfloat16", "check_images": 2}
    return make_export(folder, **settings)


@pytest.mark.slow
def test_a_saved_model_in_bfloat16_draws_nearly_the_same(exported, in_bfloat16):
    image = np.random.default_rng(0).uniform(-1, 1, [2, 32, 32, 3]).astype(np.float32)
    results, kinds = [], []
    for export in (exported, in_bfloat16):
        loaded = tf.saved_model.load(str(export.base / "1"))
        draw = loaded.signatures["translate_style_float"]
        (result,) = draw(image=tf.constant(image), style_code=tf.ones([2, 64])).values()
        results.append(result.numpy())
        library = draw.graph.as_graph_def().library.function
        kinds.append(
            {n.attr["T"].type for f in library for n in f.node_def if n.op.startswith("Conv2D")}
        )
    assert kinds == [{tf.float32.as_datatype_enum}, {tf.bfloat16.as_datatype_enum}]
    assert [result.dtype for result in results] == [np.float32] * 2
    assert 0 < np.abs(results[1] - results[0]).max() < 0.2
    assert re.search(r"pets/1 .* MB  bfloat16, PSNR \d\d\.\d dB", in_bfloat16.said.summary)
    card = (in_bfloat16.base / "1/assets.extra/README.md").read_text()
    assert "It computes in bfloat16." in card


@pytest.mark.slow
def test_a_saved_model_in_bfloat16_that_is_too_far_is_rejected(monkeypatch, tmp_path):
    monkeypatch.setitem(formats.MIN_PSNR, "bfloat16", 99.0)
    with pytest.raises(UserError, match="at least 99: .* --saved_model_type=float32"):
        make_export(tmp_path, formats=("saved_model",), saved_model_type="bfloat16", check_images=1)
    assert not (tmp_path / "pets/1").exists()


@pytest.mark.slow
def test_warmup_requests_are_valid(exported):
    signatures = tf.saved_model.load(str(exported.base / "1")).signatures
    path = exported.base / "1/assets.extra/tf_serving_warmup_requests"
    names = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        names.append(request.model_spec.signature_name)
        inputs = {key: tf.constant(tf.make_ndarray(v)) for key, v in request.inputs.items()}
        signatures[names[-1]](**inputs)
    assert sorted(names) == sorted(signatures)


@pytest.mark.slow
def test_versions_follow_each_other(tmp_path):
    only = {"formats": ("saved_model",), "check_images": 1}
    export_toy(tmp_path, **only)
    (tmp_path / "pets/tflite/3").mkdir(parents=True)
    (tmp_path / "pets/.7.partial.x").mkdir()
    made = export_toy(tmp_path, **only)
    assert "version 4" in made.said.summary
    assert sorted(p.name for p in (tmp_path / "pets").iterdir()) == [
        ".7.partial.x",
        "1",
        "4",
        "tflite",
    ]
    assert "noise" in made.said.summary  # there was no data set to compare on


@pytest.mark.slow
def test_tflite_alone_makes_no_version_for_servers(tmp_path, data_dir):
    settings = {"formats": ("tflite",), "tflite_types": ("float16",), "check_images": 1}
    export_toy(tmp_path, data_dir=str(data_dir), **settings)
    assert files_of(tmp_path) == {"pets/tflite/1/float16.tflite"}


@pytest.mark.slow
def test_an_export_that_differs_is_not_published(tmp_path, monkeypatch, data_dir):
    monkeypatch.setattr(formats, "compare", lambda *_: Agreement(worst=0.01, psnr=40.0))
    with pytest.raises(UserError, match="differs by 1.0e-02 .* nothing was exported"):
        export_toy(tmp_path, data_dir=str(data_dir), check_images=1)
    assert not files_of(tmp_path)


@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("fault", [0.01, np.nan], ids=["wrong", "NaN"])
def test_no_format_is_published_when_an_onnx_file_differs(tmp_path, monkeypatch, batch_size, fault):
    def compared(call, probe, signatures=None, size=1):
        faulty = signatures == ["map_domain"] and size == batch_size
        return Agreement(worst=fault if faulty else 0.0, psnr=60.0)

    monkeypatch.setattr(formats, "compare", compared)
    with pytest.raises(UserError, match="map_domain.onnx differs by .* nothing was exported"):
        export_toy(tmp_path, formats=("saved_model", "onnx"), check_images=2)
    assert not files_of(tmp_path)


def test_all_formats_make_one_version(tmp_path):
    formats = ("onnx", "tflite", "saved_model")
    said = export_toy(tmp_path, formats=formats, tflite_types=("float32",), check_images=2).said
    files = files_of(tmp_path / "pets")
    assert {"1/saved_model.pb", "tflite/1/float32.tflite", "onnx/1/map_domain.onnx"} <= files
    lines = [line for line in said.summary.splitlines() if ".onnx " in line]
    assert len(lines) == 3
    assert all(re.search(rf" MB  {NEAR}", line) for line in lines)


@pytest.mark.slow
def test_a_rounded_file_that_differs_is_rejected_and_the_others_are_written(
    tmp_path, monkeypatch, data_dir
):
    monkeypatch.setitem(formats.MIN_PSNR, "int8", 99.0)
    said = export_toy(tmp_path, data_dir=str(data_dir), check_images=2).said
    assert re.search(
        r"Rejected int8.tflite \(PSNR \d\d\.\d dB, expected at least 99 dB\), and wrote everything "
        "else: .* take int8 out of --tflite_types",
        said.rejected,
    )
    assert "int8" not in said.summary and said.summary.count(" MB ") == 4
    files = files_of(tmp_path / "pets")
    assert "1/saved_model.pb" in files
    assert {name for name in files if name.endswith("tflite")} == {
        f"tflite/1/{name}.tflite" for name in ("float32", "float16", "dynamic")
    }


@pytest.mark.slow
def test_several_rejected_files_are_named_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "compare", lambda *_: Agreement(worst=0.0, psnr=np.nan))
    settings = {"formats": ("tflite",), "tflite_types": ("float16", "dynamic")}
    said = export_toy(tmp_path, **settings).said
    files = "float16.tflite (PSNR nan dB, expected at least 45 dB), dynamic.tflite (PSNR nan dB, "
    assert f"Rejected {files}expected at least 32 dB), and wrote" in said.rejected
    assert said.summary == "Nothing of pets was exported."
    assert not list(tmp_path.rglob("tflite/*"))


@pytest.mark.slow
def test_nothing_is_published_when_one_format_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(formats.TFLiteConverter, "convert", fail)
    with pytest.raises(KeyboardInterrupt):
        export_toy(tmp_path, tflite_types=("float32",), check_images=1)
    assert not files_of(tmp_path)


def test_a_second_export_to_the_same_name_ends_and_changes_nothing(tmp_path):
    out = tmp_path / "pets"
    with exclusive_lock(out / LOCK, out, "export", "wait"):
        before = files_of(tmp_path)
        with pytest.raises(UserError, match=f"another export .*process {os.getpid()} on .*--out"):
            export_toy(tmp_path, formats=("saved_model",))
        assert files_of(tmp_path) == before
    assert not out.exists()


def test_int8_needs_a_data_set(tmp_path):
    with pytest.raises(UserError, match="int8 is calibrated .* pass --data_dir"):
        make_export(tmp_path)


def test_data_set_of_other_domains(tmp_path, two_domains_dir):
    with pytest.raises(UserError, match="Found the domains cat, dog .* expected those of the mod"):
        make_export(tmp_path, data_dir=str(two_domains_dir))


@pytest.mark.slow
def test_loads_in_a_process_without_stargan_tf(exported, tmp_path):
    """The SavedModel needs TensorFlow alone, and computes there what the networks do."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, [2, 32, 32, 3]).astype(np.float32)
    s = rng.standard_normal([2, 64], np.float32)
    np.savez(tmp_path / "inputs.npz", x=x, s=s)
    program = f"""
        import sys
        class Refuse:
            def find_spec(self, name, *_):
                if name.split(".")[0] == "stargan_tf":
                    raise ImportError(name)
        sys.meta_path.insert(0, Refuse())
        import numpy as np, tensorflow as tf
        model = tf.saved_model.load({str(exported.base / "1")!r})
        given = np.load("inputs.npz")
        result = model.signatures["translate_style_float"](
            image=tf.constant(given["x"]), style_code=tf.constant(given["s"]))
        np.save("result.npy", result["image"].numpy())
        assert not any(name.startswith("stargan_tf") for name in sys.modules)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = np.clip(exported.networks["generator"](x, s), -1, 1)
    np.testing.assert_allclose(np.load(tmp_path / "result.npy"), expected, atol=1e-5)
