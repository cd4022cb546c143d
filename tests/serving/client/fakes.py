"""A small model without TensorFlow, for servers over real sockets to stand before."""

import io
import threading
import time

import grpc
from PIL import Image

DOMAINS = ("cat", "dog", "wild")
STYLE_DIM = 4
UNLIKED_WIDTH = 13  # the fake models reject images of this width
STATUS_OF = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
SIGNATURES = {
    "translate_random": (
        {"image_bytes": ("string", [-1]), "seed": ("int64", [-1])},
        {"image_bytes": ("string", [-1])},
    ),
    "encode_style": (
        {"reference_bytes": ("string", [-1])},
        {"style_code": ("float", [-1, STYLE_DIM])},
    ),
}


def make_image(file_format="PNG", size=(20, 16), colour="teal", mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, file_format, **options)
    return buffer.getvalue()


def colour_of(content):
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB").getpixel((0, 0))


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def refused(sentence):
    """As a model's assertion comes out of TensorFlow Serving."""
    text = sentence.replace('"', '\\"')
    node = "{{function_node __inference_wrapper_12}} "
    return Refused(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"{node}assertion failed: [{text}]\n\t [[{{{{node Assert/Assert}}}}]]",
    )


class Model:
    """What stands behind both servers: answers each row, and takes down the requests."""

    def __init__(self):
        self.name = "pets"
        self.requests = []  # (what of the model, signature, rows)
        self.versions = [(3, "AVAILABLE", "")]
        self.before = []  # for the next requests, each: an exception to raise, or seconds to wait
        self.delay = 0.0  # seconds for each request, or until the server is to end
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self.in_flight = self.most_in_flight = 0

    def check(self, name):
        with self._lock:
            do = self.before.pop(0) if self.before else None
        if isinstance(do, Exception):
            raise do
        if do:
            time.sleep(do)
        if name != self.name:
            raise Refused(
                grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({name})"
            )

    def predict(self, choice, signature, columns):
        """Returns the output's name and its N values."""
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=False)
        ]
        with self._lock:
            self.requests.append((choice, signature, rows))
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.check(choice["name"])
            self.ending.wait(self.delay)
            for index, row in enumerate(rows):
                self._check_row(index, row)
            if signature == "encode_style":
                return "style_code", [style_of(row["reference_bytes"]) for row in rows]
            if signature == "map_latent":
                return "style_code", [row["latent"][:1] * STYLE_DIM for row in rows]
            return "image_bytes", [translation_of(row) for row in rows]
        finally:
            with self._lock:
                self.in_flight -= 1

    def _check_row(self, index, row):
        domain = row.get("target_domain", "0")
        if domain not in (*DOMAINS, "0", "1", "2"):
            raise refused(f'Found target_domain "{domain}", expected one of {", ".join(DOMAINS)}.')
        for name in ("image_bytes", "reference_bytes"):
            if name in row:
                with Image.open(io.BytesIO(row[name])) as image:
                    if image.width == UNLIKED_WIDTH:
                        raise refused(f"Found an ugly image in row {index}: choose another.")


def translation_of(row):
    """An image whose colour tells the seed, or the style, and the source's red."""
    style = int(row["style_code"][0] * 100) if "style_code" in row else 0
    red = colour_of(row["image_bytes"])[0]
    return make_image(colour=(red, row.get("seed", 0) % 256, style % 256), size=(8, 8))


def style_of(reference):
    return [round(colour_of(reference)[0] / 255, 2)] + [0.5] * (STYLE_DIM - 1)
