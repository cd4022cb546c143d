"""A new version takes over under load, and nobody gets an error."""

import shutil
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from stargan_tf.serving.client import Client
from tests.contract.target import Target, decoded, sources
from tests.devserver.running import running_server
from tests.serving.exports import NAME, make_export

SEED = 3
PATIENCE = 180
CLIENTS = 4
PAUSE = 0.1  # of each client: enough to let the server load what it shall swap in


class Version(NamedTuple):
    """An exported model that no server sees yet, and what it makes of the source."""

    folder: Path
    translation: np.ndarray


@pytest.fixture(scope="module")
def versions(exported, tmp_path_factory):
    """Two models with other weights."""
    second = make_export(
        tmp_path_factory.mktemp("second"), seed=2, formats=("saved_model",), check_images=1
    )
    (source,) = sources(1)
    inputs = {"image_bytes": [source], "target_domain": ["0"], "seed": [SEED], "psi": [1.0]}
    folders = (exported.base / "1", second.base / "1")
    return [Version(f, Target(f, "", "").expected("serving_default", **inputs)) for f in folders]


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_version_swap_under_load(tmp_path, versions, protocol):
    shutil.copytree(versions[0].folder, tmp_path / NAME / "1")
    (source,) = sources(1)
    with running_server(tmp_path) as server:
        port = server.grpc_port if protocol == "grpc" else server.rest_port
        url = f"{'grpc' if protocol == 'grpc' else 'http'}://127.0.0.1:{port}"
        answers, errors, stop = [], [], threading.Event()

        def ask():
            with Client(url, NAME, retries=0, timeout=PATIENCE) as client:
                while not stop.is_set():
                    try:
                        answers.append((time.monotonic(), client.translate(source, 0, seed=SEED)))
                    except Exception as error:
                        errors.append(error)
                    time.sleep(PAUSE)

        threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            while not answers and not errors:
                time.sleep(0.05)
            # As the exporter does it: a version appears under its name when it is whole.
            shutil.copytree(versions[1].folder, tmp_path / "second")
            (tmp_path / "second").rename(tmp_path / NAME / "2")
            deadline = time.monotonic() + PATIENCE
            while server.repository.available()[NAME] != [2] and time.monotonic() < deadline:
                time.sleep(0.05)
            swapped = time.monotonic()
            while answers[-1][0] < swapped + 1 and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not errors
        assert server.repository.available() == {NAME: [2]}
    first, second = (version.translation for version in versions)
    assert np.abs(first - second).max() > 10
    # Two images at most by bytes, if the server runs one request at a time.
    seen = {content: decoded([content]) for content in {content for _, content in answers}}
    of_first = {c for c, translation in seen.items() if np.abs(translation - first).max() <= 1}
    of_second = {c for c, translation in seen.items() if np.abs(translation - second).max() <= 1}
    assert of_first | of_second == set(seen) and of_first and of_second
    by_time = [content in of_second for _, content in sorted(answers)]
    assert not by_time[0] and by_time[-1]
