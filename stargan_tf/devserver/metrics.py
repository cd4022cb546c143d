"""Counts requests and their durations for Prometheus, under TensorFlow Serving's names."""

import contextlib
import time
from collections.abc import Iterator

import prometheus_client
from prometheus_client import Counter, Histogram

from stargan_tf.devserver.errors import error_of

PATH = "/monitoring/prometheus/metrics"
CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
# Microseconds, from 10 to about 20 minutes.
_BOUNDS = tuple(10 * 1.8**i for i in range(33))
_COUNT = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"


class Metrics:
    """Numbers of the Predict requests of one server, by model."""

    def __init__(self) -> None:
        """Starts at zero."""
        prometheus_client.disable_created_metrics()  # TensorFlow Serving tells no such times
        self._registry = prometheus_client.CollectorRegistry()
        by_status, by_api = ["model_name", "status"], ["model_name", "API", "entrypoint"]
        self._count = Counter(_COUNT, "Predict requests", by_status, registry=self._registry)
        options = {"registry": self._registry, "buckets": _BOUNDS}
        self._latency = Histogram(_LATENCY, "Microseconds", by_api, **options)

    @contextlib.contextmanager
    def request(self, model: str, entrypoint: str) -> Iterator[None]:
        """Counts what is done inside as a request over GRPC or REST to a model that exists."""
        start = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._count.labels(model, error_of(error).code.name).inc()
            raise
        self._count.labels(model, "OK").inc()
        micros = (time.perf_counter() - start) * 1e6
        self._latency.labels(model, "Predict", entrypoint).observe(micros)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        text = prometheus_client.generate_latest(self._registry)
        # prometheus_client ends each counter's name in _total, TensorFlow Serving does not.
        return text.replace(f"{_COUNT}_total".encode(), _COUNT.encode())
