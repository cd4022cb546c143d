"""A new version takes over under load, and nobody gets an error."""

import threading
import time

import numpy as np
import pytest

from stargan_tf.serving.client import Client
from stargan_tf.serving.server.config_files import BatchingParameters
from stargan_tf.serving.server.server import running_server
from tests.serving.contract.target import Target, photos, pictures
from tests.serving.exports import NAME, make_export

PATIENCE = 60


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_version_swap_under_load(tmp_path, protocol):
    only = {"formats": ("saved_model",), "check_images": 1}
    make_export(tmp_path, seed=1, **only)
    (photo,) = photos(1)
    with running_server(tmp_path, batching=BatchingParameters()) as server:
        port = server.grpc_port if protocol == "grpc" else server.rest_port
        url = f"{'grpc' if protocol == 'grpc' else 'http'}://127.0.0.1:{port}"
        answers, errors, stop = [], [], threading.Event()

        def ask():
            with Client(url, NAME, retries=0, timeout=PATIENCE) as client:
                while not stop.is_set():
                    try:
                        answers.append((time.monotonic(), client.translate(photo, 0, seed=3)))
                    except Exception as error:
                        errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            make_export(tmp_path, seed=2, **only)
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
    inputs = {"image_bytes": [photo], "target_domain": ["0"], "seed": [3], "psi": [1.0]}
    first, second = (
        Target(tmp_path / NAME / version, "", "").expected("serving_default", **inputs)
        for version in "12"
    )
    assert np.abs(first - second).max() > 10
    # Two pictures at most by bytes; merging may round each in a few ways.
    seen = {content: pictures([content]) for content in {content for _, content in answers}}
    of_first = {c for c, picture in seen.items() if np.abs(picture - first).max() <= 1}
    of_second = {c for c, picture in seen.items() if np.abs(picture - second).max() <= 1}
    assert of_first | of_second == set(seen) and of_first and of_second
    by_time = [content in of_second for _, content in sorted(answers)]
    assert not by_time[0] and by_time[-1]
