"""Asks the development server from many clients, some of it broken, and looks at every answer.

    python -m tests.reliability serve --models_dir=saved_models --model=portraits_64 \\
      --requests=10000 --clients=32 --broken=0.01
    python -m tests.reliability serve ... --minutes=60

Every whole request must be answered with the picture that the same request gets alone, every
broken one with a sentence, and the server must take no more memory, files or threads at the end.
"""

import argparse
import base64
import collections
import contextlib
import functools
import io
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
import requests
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import predict_pb2
from tqdm import tqdm

from tests import watching
from tests.data import makers
from tests.reliability import broken_requests

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_IMAGES, _SEEDS = 8, 2
_SECONDS = 120
# Two runs of the same request may round a pixel to either side.
_TOLERANCE = 2


class Asked(NamedTuple):
    """One row of a request."""

    image: bytes
    domain: str
    seed: int


class Report(NamedTuple):
    """What came of it all.

    Attributes:
      answered: requests that were answered with the right picture.
      rejected: broken requests, by kind.
      faults: everything else, in words.
      milliseconds: that each whole request took.
      watch: what the server took.
    """

    answered: int
    rejected: collections.Counter[str]
    faults: list[str]
    milliseconds: list[float]
    watch: watching.Watch


class Service:
    """The command `stargan_tf.serve` in a process of its own."""

    def __init__(self, models_dir: Path, model: str) -> None:
        """Starts it and waits until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stargan_tf.serve", f"--models_dir={models_dir}"]
            + ["--port=0", "--rest_api_port=0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = []
        for line in self.process.stdout:
            lines.append(line.strip())
            if line.startswith("REST on "):
                break
        self.rest = re.fullmatch(r"REST on (http://\S+)", lines[-1])[1]
        self.grpc = re.fullmatch(r"gRPC on (\S+)", lines[-2])[1]
        self.model = model
        self.url = f"{self.rest}/v1/models/{model}:predict"

    def stop(self) -> int:
        """Ends it politely and returns its status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_SECONDS)
        finally:
            self.process.kill()


class Asker:
    """One client's connections."""

    def __init__(self, service: Service) -> None:
        """Connects to both ports."""
        self._service = service
        self.session = requests.Session()
        self._channel = grpc.insecure_channel(service.grpc, [("grpc.use_local_subchannel_pool", 1)])
        self.call = self._channel.unary_unary(
            _PREDICT, response_deserializer=predict_pb2.PredictResponse.FromString
        )

    def over_rest(self, rows: list[Asked]) -> list[bytes]:
        """The pictures of some rows, by JSON."""
        body = {"signature_name": "translate_random", "inputs": rest_inputs(rows)}
        answer = self.session.post(self._service.url, json=body, timeout=_SECONDS)
        assert answer.status_code == 200, (answer.status_code, answer.text[:300])
        return [base64.b64decode(value["b64"]) for value in answer.json()["outputs"]]

    def over_grpc(self, rows: list[Asked]) -> list[bytes]:
        """The pictures of some rows, by protocol buffers."""
        request = grpc_request(self._service.model, rows).SerializeToString()
        answer = self.call(request, timeout=_SECONDS)
        return list(answer.outputs["image_bytes"].string_val)

    def close(self) -> None:
        """Lets go of the connections."""
        self.session.close()
        self._channel.close()


def rest_inputs(rows: list[Asked]) -> dict[str, list]:
    """The inputs of a REST request, by columns."""
    return {
        "image_bytes": [{"b64": base64.b64encode(row.image).decode()} for row in rows],
        "target_domain": [row.domain for row in rows],
        "seed": [row.seed for row in rows],
        "psi": [1.0 for row in rows],
    }


def grpc_request(model: str, rows: list[Asked]) -> predict_pb2.PredictRequest:
    """A gRPC request of some rows."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = "translate_random"
    inputs = {
        "image_bytes": np.array([row.image for row in rows], object),
        "target_domain": np.array([row.domain for row in rows], object),
        "seed": np.array([row.seed for row in rows], np.int64),
        "psi": np.ones([len(rows)], np.float32),
    }
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def pixels(content: bytes) -> np.ndarray:
    """A picture as numbers that can be subtracted."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), np.int32)


class Load:
    """Clients that ask until enough was asked, or the time is up."""

    def __init__(self, service: Service, domains: list[str], broken: float, seed: int) -> None:
        """Asks everything once, alone, to know the right pictures."""
        self._service, self._broken, self._seed = service, broken, seed
        images = [makers.encoded(makers.pixels(i, 48 + 16 * i, 64)) for i in range(_IMAGES)]
        asked = itertools.product(images, domains, range(_SEEDS))
        self._asked = [Asked(image, domain, 100 + seed) for image, domain, seed in asked]
        asker = Asker(service)
        self._expected = [pixels(asker.over_rest([row])[0]) for row in self._asked]
        asker.close()
        for a, b in itertools.combinations(self._expected, 2):
            assert np.abs(a - b).max() > 4 * _TOLERANCE, "two requests have the same picture"
        self._rest_cases = broken_requests.rest_cases(rest_inputs(self._asked[:1]))
        one = grpc_request(service.model, self._asked[:1])
        self._grpc_cases = broken_requests.grpc_cases(one)
        self._lock = threading.Lock()
        self.report = Report(
            0,
            collections.Counter(),
            [],
            [],
            watching.Watch({"server": functools.partial(watching.process, service.process.pid)}),
        )
        self._answered = 0

    def run(self, numbers: Iterator[int], clients: int, readings: float, total: int) -> Report:
        """Takes numbers of requests until there are none; reads what the server takes."""
        self._numbers = numbers
        with tqdm(total=total, unit="request", mininterval=1) as self._bar:
            threads = [threading.Thread(target=self._client, daemon=True) for _ in range(clients)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                self.report.watch.read()
                threads[0].join(readings)
            for thread in threads:
                thread.join()
        return self.report._replace(answered=self._answered)

    def _client(self) -> None:
        asker = Asker(self._service)
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                break
            chance = random.Random(f"{self._seed} {number}")
            kind = self._kind(chance)
            try:
                self._ask(asker, chance, kind)
            except Exception as error:  # whatever it is, it is to be told
                with self._lock:
                    self.report.faults.append(f"{number} ({kind}): {type(error).__name__} {error}")
            self._bar.update()
        asker.close()

    def _kind(self, chance: random.Random) -> str:
        if chance.random() >= self._broken:
            return ""
        kinds = [f"REST: {name}" for name in self._rest_cases]
        kinds += [f"gRPC: {name}" for name in self._grpc_cases]
        return chance.choice([*kinds, "hangs up"])

    def _ask(self, asker: Asker, chance: random.Random, kind: str) -> None:
        way, _, name = kind.partition(": ")
        if way == "REST":
            broken_requests.check_rest(asker.session, self._service.url, self._rest_cases[name])
        elif way == "gRPC":
            broken_requests.check_grpc(asker.call, self._grpc_cases[name])
        elif kind:
            broken_requests.hang_up(self._service.rest, chance)
        else:
            self._ask_whole(asker, chance)
            return
        with self._lock:
            self.report.rejected[kind] += 1

    def _ask_whole(self, asker: Asker, chance: random.Random) -> None:
        numbers = chance.sample(range(len(self._asked)), chance.randint(1, 3))
        ask = chance.choice([asker.over_rest, asker.over_grpc])
        start = time.monotonic()
        pictures = ask([self._asked[i] for i in numbers])
        seconds = time.monotonic() - start
        assert len(pictures) == len(numbers), f"{len(pictures)} pictures for {len(numbers)} rows"
        for i, picture in zip(numbers, pictures, strict=True):
            difference = np.abs(pixels(picture) - self._expected[i]).max()
            assert difference <= _TOLERANCE, f"another picture, which differs by {difference}"
        with self._lock:
            self._answered += 1
            self.report.milliseconds.append(seconds * 1000)


@contextlib.contextmanager
def serving(models_dir: Path, model: str) -> Iterator[Service]:
    """Serves while the block runs; the server must still live at its end."""
    service = Service(models_dir, model)
    try:
        yield service
        assert service.process.poll() is None, f"the server ended by {service.process.returncode}"
    finally:
        status = service.stop()
    assert status == 0, f"the server ended with {status}"


def domains_of(models_dir: Path, model: str) -> list[str]:
    """The domains of the newest version of a model."""
    folder = max((models_dir / model).glob("[0-9]*"), key=lambda path: int(path.name))
    return json.loads((folder / "assets" / "model.json").read_text())["domains"]


def main() -> int:
    """Runs a load and says what came of it; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models_dir", type=Path, default=Path("saved_models"))
    parser.add_argument("--model", default="portraits_64")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=0, help="in place of --requests")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--broken", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    numbers = iter(range(arguments.requests))
    if arguments.minutes:
        end = time.monotonic() + 60 * arguments.minutes
        numbers = itertools.takewhile(lambda _: time.monotonic() < end, itertools.count())
    with serving(arguments.models_dir, arguments.model) as service:
        domains = domains_of(arguments.models_dir, arguments.model)
        load = Load(service, domains, arguments.broken, arguments.seed)
        total = None if arguments.minutes else arguments.requests
        report = load.run(numbers, arguments.clients, readings=1.0, total=total)
    times = np.percentile(report.milliseconds, [50, 99, 100])
    print(f"{report.answered} answered, in ms: median {times[0]:.0f}, 99 of 100 within ", end="")
    print(f"{times[1]:.0f}, longest {times[2]:.0f}; {report.rejected.total()} rejected:")
    for kind, count in sorted(report.rejected.items()):
        print(f"  {kind:36}{count:6}")
    print(report.watch.table())
    print(f"{len(report.faults)} faults")
    print("\n".join(report.faults[:50]))
    return 1 if report.faults else 0
