"""What holds for every test: two replicas fit on any machine, and TensorFlow keeps quiet."""

import gc
import os
import tempfile
from pathlib import Path

from stargan_tf.native_output import quieten_tensorflow

quieten_tensorflow()
# Else gRPC starts threads in what this process starts, such as ffmpeg, which die of them.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# Two tests run at once. Threads of OpenBLAS wait by giving way to all others, and starve then.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Two tests run at once, on as few cores as CI has; threads of tiny tensors wait for each other.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

# XLA's own passes run all the same. LLVM, which optimises what they make, takes ten times as long.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

# What hypothesis keeps for the next time stays out of the project.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(tempfile.gettempdir(), "stargan_tf_hypothesis")
)

import hypothesis  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python import pywrap_tfe as _pywrap_tfe  # noqa: E402
from tensorflow.python.eager import context as _context  # noqa: E402

# Only possible before TensorFlow is used, hence once, here, for virtual_replicas=2.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
tf.get_logger().setLevel("ERROR")
# TensorFlow's passes over graphs take as long as a hundred iterations of tiny networks. Commands,
# in processes of their own, run with them, and so do the golden numbers.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
# Nor is each new variable's creation compiled as a function, which takes 2 ms and 45 kB for good.
_context.context().ensure_initialized()
_pywrap_tfe.TFE_ContextSetRunEagerOpAsFunction(_context.context()._handle, False)
# The same examples each time, and no clock: machines are slow at times.
hypothesis.settings.register_profile("same", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("same")


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Puts one test, which says why, in place of those whose packages are not installed."""
    from tests.lanes import stand_in

    return stand_in(module_path, parent)


def pytest_collection_finish() -> None:
    """Spares collections of garbage what all packages hold: a million objects, to the end."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts files with slow tests first, so that the last ones leave no process waiting."""
    markers = ("slow", "e2e")
    slow = {item.path for item in items if any(map(item.get_closest_marker, markers))}
    items.sort(key=lambda item: item.path not in slow)  # a stable order within files


@pytest.fixture(scope="session")
def two_replicas() -> tf.distribute.Strategy:
    """The one strategy of two replicas.

    Each strategy numbers its collective operations from the same start: those of a second one
    with the same devices would be taken for those of the first.
    """
    from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
    from stargan_tf.training.runtime import make_strategy

    return make_strategy(StarGANv2Settings(virtual_replicas=2))


@pytest.fixture(scope="session")
def two_domains_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of two domains, just large enough to train on."""
    from tests.data import makers

    root = tmp_path_factory.mktemp("two_domains")
    counts = {"train/cat": 5, "train/dog": 4, "val/cat": 2, "val/dog": 2}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture(scope="session")
def three_domains_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set with the domains of the exported model."""
    from tests.data import makers
    from tests.serving.exports import DOMAINS

    root = tmp_path_factory.mktemp("three_domains")
    counts = {f"{split}/{name}": 4 for split in ("train", "val") for name in DOMAINS}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture(scope="session")
def of_all_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what the processes that run the tests make once, and all of them read."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def toy_export(of_all_processes: Path, three_domains_dir: Path):
    """A model of an algorithm that is not the product's, in every format, exported once."""
    from tests.serving import exports

    folder = of_all_processes / "toys"
    return exports.export_once(folder, exports.make_toy, data_dir=str(three_domains_dir))


@pytest.fixture(scope="session")
def exported(of_all_processes: Path, three_domains_dir: Path):
    """A model in every format, exported once."""
    from tests.serving import exports

    folder = of_all_processes / "models"
    return exports.export_once(folder, exports.make_model, data_dir=str(three_domains_dir))


@pytest.fixture(scope="session")
def faces_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set with attributes in place of domains: see `FacesSource`."""
    from tests.data import makers
    from tests.data.fake_sources import FacesSource, register

    output = tmp_path_factory.mktemp("faces") / "data"
    with pytest.MonkeyPatch.context() as patch:
        register(patch, FacesSource)
        makers.prepared(output, source="fake", img_size=24)
    return output


@pytest.fixture(scope="session")
def moods_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of two domains, with images as large as those of `faces_dir`."""
    from tests.data import makers

    root = tmp_path_factory.mktemp("moods")
    counts = {f"{split}/{name}": 4 for split in ("train", "val") for name in ("cat", "dog")}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source), img_size=24)
    return root / "data"
