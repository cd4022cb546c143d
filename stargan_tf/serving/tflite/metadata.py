"""Names, sizes and licence inside a .tflite file.

They are there twice, both as TFLite's own tools do it: as a metadata entry named
model.json, which viewers show, and as a file model.json in a zip archive appended to
the model, which every language can read (`unzip -p model.tflite model.json`).
"""

import io
import zipfile

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from stargan_tf.serving import model_info
from stargan_tf.serving.model_info import ModelInfo

# So that the same model always gives the same bytes.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def add_metadata(content: bytes, info: ModelInfo) -> bytes:
    """Returns a .tflite file with the model's names, sizes and licence in it."""
    text = info.to_json().encode("utf-8")
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text, np.uint8)
    entry = schema.MetadataT()
    entry.name = model_info.FILE.encode()
    entry.buffer = len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    file = io.BytesIO(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))
    # Appended, with places counted from the start of the whole file.
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo(model_info.FILE, _NO_DATE), text)
    return file.getvalue()
