"""Counts requests and their durations for Prometheus, under TensorFlow Serving's names."""

import bisect
import collections
import contextlib
import threading
import time
from collections.abc import Iterator

from stargan_tf.serving.server.status import error_of

# Microseconds, from 10 to about 20 minutes, and beyond.
_BOUNDS = tuple(10 * 1.8**i for i in range(33))
_COUNT = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"


class Metrics:
    """Numbers of the Predict requests of each model.

    Only models that exist are counted, or anybody could grow the list with names.
    """

    def __init__(self) -> None:
        """Starts at zero."""
        self._lock = threading.Lock()
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self._buckets: dict[tuple[str, str], list[int]] = {}
        self._sums: collections.Counter[tuple[str, str]] = collections.Counter()

    @contextlib.contextmanager
    def request(self, model: str, entrypoint: str) -> Iterator[None]:
        """Counts what is done inside as a request.

        Args:
          model: the name of a model that exists.
          entrypoint: GRPC or REST.
        """
        start = time.perf_counter()
        status = "OK"
        try:
            yield
        except Exception as error:
            status = error_of(error).code.name
            raise
        finally:
            micros = (time.perf_counter() - start) * 1e6
            with self._lock:
                self._counts[model, status] += 1
                if status == "OK":
                    key = (model, entrypoint)
                    buckets = self._buckets.setdefault(key, [0] * (len(_BOUNDS) + 1))
                    buckets[bisect.bisect_left(_BOUNDS, micros)] += 1
                    self._sums[key] += round(micros)

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        lines = [f"# TYPE {_COUNT} counter"]
        with self._lock:
            for (model, status), count in sorted(self._counts.items()):
                lines.append(
                    f'{_COUNT}{{model_name="{_escaped(model)}",status="{status}"}} {count}'
                )
            lines.append(f"# TYPE {_LATENCY} histogram")
            for (model, entrypoint), buckets in sorted(self._buckets.items()):
                labels = f'model_name="{_escaped(model)}",API="Predict",entrypoint="{entrypoint}"'
                total = 0
                for bound, count in zip((*_BOUNDS, None), buckets, strict=True):
                    total += count
                    edge = "+Inf" if bound is None else f"{bound:g}"
                    lines.append(f'{_LATENCY}_bucket{{{labels},le="{edge}"}} {total}')
                lines.append(f"{_LATENCY}_sum{{{labels}}} {self._sums[model, entrypoint]}")
                lines.append(f"{_LATENCY}_count{{{labels}}} {total}")
        return "\n".join(lines) + "\n"


def _escaped(name: str) -> str:
    """A label's value as the format writes it."""
    return name.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
