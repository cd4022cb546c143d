"""Ten thousand mixed requests, sixteen at a time, to a server in a process of its own."""

import collections
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.serving.client import Client, InvalidRequestError
from tests.contract.target import Target, decoded, sources

REQUESTS = 10_000
WARM_UP = 2_000
CONCURRENCY = 16
# What the process may grow by after the warm-up: some hundred bytes a request would show.
MAX_GROWTH = 12e6


@pytest.fixture
def server(exported):
    """The command itself: (process, target)."""
    command = [sys.executable, "-m", "stargan_tf.serve", f"--models_dir={exported.models_dir}"]
    command += ["--port=0", "--rest_api_port=0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found = {}
    for line in process.stdout:
        if match := re.search(r"(gRPC on |REST on )(http://)?(\S+)", line):
            found[match[1][:4]] = match[3]
        if len(found) == 2:
            break
    yield process, Target(exported.base / "1", f"grpc://{found['gRPC']}", f"http://{found['REST']}")
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def memory(process) -> int:
    """Bytes that a process holds now."""
    (line,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(line) * 1024


def mixed_requests(target):
    """Requests of every kind and size, each with its right answer."""
    rng = np.random.default_rng(0)
    info = target.info
    made = []
    for n in range(60):
        num = 1 + n % 3
        images, references = sources(num, start=3 * n), sources(num, start=500 + 3 * n)
        domains = [info.domains[(n + k) % len(info.domains)] for k in range(num)]
        seeds, psi = [n + 1000 * k for k in range(num)], [round(float(rng.uniform()), 3)] * num
        latent = rng.standard_normal([num, info.latent_dim]).astype(np.float32).tolist()
        style = rng.standard_normal([num, info.style_dim]).astype(np.float32).tolist()
        common = {"target_domain": domains}
        send, signature, inputs = (
            (
                lambda c, i=images, d=domains, s=seeds, p=psi: c.translate(i, d, seed=s, psi=p),
                "translate_random",
                {"image_bytes": images, **common, "seed": seeds, "psi": psi},
            ),
            (
                lambda c, i=images, d=domains, z=latent, p=psi: c.translate_latent(i, d, z, psi=p),
                "translate_latent",
                {"image_bytes": images, **common, "latent": latent, "psi": psi},
            ),
            (
                lambda c, i=images, r=references, d=domains: c.translate_reference(i, r, d),
                "translate_reference",
                {"image_bytes": images, "reference_bytes": references, **common},
            ),
            (
                lambda c, r=references, d=domains: c.encode_style(r, d),
                "encode_style",
                {"reference_bytes": references, **common},
            ),
            (
                lambda c, i=images, s=style: c.translate_style(i, s),
                "translate_style",
                {"image_bytes": images, "style_code": style},
            ),
        )[n % 5]
        made.append((send, signature, target.expected(signature, **inputs)))
    return made


@pytest.mark.slow
@pytest.mark.e2e
def test_ten_thousand_requests(server):
    """None is lost or mixed up, bad ones among them spoil nothing, and memory stays flat."""
    process, target = server
    requests = mixed_requests(target)
    clients = [Client(url, target.name, timeout=120) for url in (target.grpc, target.rest)]
    outcomes, lock = collections.Counter(), threading.Lock()

    def send(number):
        client = clients[number % 2]
        if number % 50 == 0:  # a bad request among the good ones
            with pytest.raises(InvalidRequestError, match="row 0"):
                client.translate(b"bad" * (number % 7), 0)
            return "refused"
        ask, signature, expected = requests[(number * 7) % len(requests)]
        given = ask(client)
        if signature == "encode_style":
            return "right" if np.abs(np.asarray(given) - expected).max() < 1e-3 else "wrong"
        return "right" if np.abs(decoded(given) - expected).max() <= 1 else "wrong"

    def note(number):
        try:
            outcome = send(number)
        except Exception as error:
            outcome = repr(error)
        with lock:
            outcomes[outcome] += 1

    def run(start, end):
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            list(threads.map(note, range(start, end)))

    run(0, WARM_UP)
    before = memory(process)
    run(WARM_UP, REQUESTS)
    growth = memory(process) - before
    assert outcomes == {"right": REQUESTS * 49 // 50, "refused": REQUESTS // 50}
    assert growth < MAX_GROWTH, f"the server grew by {growth / 1e6:.1f} MB"
    print(f"\n{REQUESTS} requests; after {WARM_UP} of them memory grew by {growth / 1e6:.1f} MB")
