"""The one Beam transform that writes every data set, whatever its source.

    chunks -> read, normalise, spill -> choose the split -> gather by split and group
           -> cut into shards -> write each shard

Only small references go through Beam's shuffle; the images wait in spill files in
the staging folder. So memory stays small with the local runner too, which keeps
shuffled data in memory, at the price of the disk holding every image twice for a
while. Workers on several machines must share that folder.
"""

import collections
import contextlib
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import apache_beam as beam

from stargan_tf.data import images, schema
from stargan_tf.data.attributes import contradiction
from stargan_tf.data.progress import Ticker
from stargan_tf.data.sources.base import Candidate, Source, label_of
from stargan_tf.data.validation_images import validation_images
from stargan_tf.errors import DiskFullError, UserError, disk_full_explained

SHARD_BYTES = 128 * 2**20
REJECTED = "rejected"
FAILURE_FILE = "failure.txt"


class Entry(NamedTuple):
    """A reference to one image in a spill file."""

    order: str  # the place within the split and group; a hash, so the order is mixed
    name: str
    spill: str
    offset: int
    size: int
    label: int | tuple[int, ...]  # as `schema.encode_example` takes it
    side: int  # pixels of the shorter side


class Shard(NamedTuple):
    """One output file and what belongs into it."""

    split: str
    group: str
    index: int
    count: int
    entries: list[Entry]


class WriteDataset(beam.PTransform):
    """Writes the images of a source as shards into `staging`/shards.

    Also writes `staging`/shards.json (what `write_shard` gives of each shard)
    and `staging`/rejected.json. The same source, settings and seed give the same
    bytes, however the work was spread.
    """

    def __init__(
        self,
        source: Source,
        staging: Path,
        ticker: Ticker,
        *,
        img_size: int,
        needed_size: int,
        val_fraction: float,
        seed: int,
        exclusive: Sequence[Sequence[str]] = (),
    ) -> None:
        """Makes the transform; no file is touched before it is applied.

        Args:
          source: what to read.
          staging: a folder that exists, seen by all workers.
          ticker: counts the images that were read, and can stop the work.
          img_size: side of the stored square images; 0 keeps each image's own size.
          needed_size: pixels that the shorter side of an image must have.
          val_fraction: of the images whose split the source leaves open.
          seed: decides the order in the shards.
          exclusive: groups of attributes; images that have two of a group are rejected.
        """
        super().__init__()
        self._source = source
        self._staging = staging
        self._ticker = ticker
        self._normalise = Normalise(source, staging, ticker, img_size, needed_size, seed, exclusive)
        self._val_fraction = val_fraction

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        """Builds the graph."""
        for folder in ("spill", "shards"):
            (self._staging / folder).mkdir()
        outcome = (
            pipeline
            | "Chunks" >> beam.Create(list(self._source.chunks()))
            | "Spread" >> beam.Reshuffle()
            | "Normalise" >> beam.ParDo(self._normalise).with_outputs(REJECTED, main="accepted")
        )
        _ = (
            outcome[REJECTED]
            | "AllRejected" >> beam.combiners.ToList()
            | "SaveRejected" >> beam.Map(_save_json, self._staging / "rejected.json")
        )
        places = (
            outcome["accepted"]
            | "Places" >> beam.FlatMapTuple(_open_place)
            | "AllPlaces" >> beam.combiners.ToList()
        )
        validation = places | "Validation" >> beam.Map(validation_images, self._val_fraction)
        return (
            outcome["accepted"]
            | "ChooseSplit" >> beam.Map(_with_split, beam.pvalue.AsSingleton(validation))
            | "BySplitAndGroup" >> beam.GroupByKey()
            | "CutIntoShards" >> beam.FlatMapTuple(cut_into_shards)
            | "SpreadShards" >> beam.Reshuffle()
            | "WriteShards" >> beam.FlatMap(write_shard, self._staging, self._ticker)
            | "AllShards" >> beam.combiners.ToList()
            | "SaveShards" >> beam.Map(_save_json, self._staging / "shards.json")
        )


@contextlib.contextmanager
def explained(staging: Path) -> Iterator[None]:
    """Leaves the sentence for people in `staging` when what fails is not the code.

    Beam hands errors on as other types and with its own text, or from another process.
    """
    try:
        with disk_full_explained(staging):
            yield
    except DiskFullError:
        raise  # no room for an explanation: the text of the error must do
    except UserError as error:
        (staging / FAILURE_FILE).write_text(str(error), encoding="utf-8")
        raise
    except OSError as error:
        (staging / FAILURE_FILE).write_text(
            f"The preparation could not go on ({error}): see that the disk has room and the "
            "folders can be written, then run the same command again.",
            encoding="utf-8",
        )
        raise


class Normalise(beam.DoFn):
    """Reads a chunk and makes the images that the records will hold.

    Gives (split, group, digest, Entry) for each accepted image, the split empty where the
    source leaves it open, and {file, domain, reason} on the output `rejected` for each other.
    """

    def __init__(
        self,
        source: Source,
        staging: Path,
        ticker: Ticker,
        img_size: int,
        needed_size: int,
        seed: int,
        exclusive: Sequence[Sequence[str]],
    ) -> None:
        """Makes the function; see `WriteDataset` for the arguments."""
        super().__init__()
        self._source = source
        self._staging = staging
        self._ticker = ticker
        self._img_size = img_size
        self._needed_size = needed_size
        self._seed = seed
        self._exclusive = [
            [(source.attributes.index(name), name) for name in names] for names in exclusive
        ]

    def process(self, chunk: Any) -> Iterator[Any]:
        """Handles one chunk, spilling into a file of its own."""
        # A name that no other attempt at the same chunk has, should a worker be restarted.
        path = self._staging / "spill" / uuid.uuid4().hex
        with explained(self._staging), open(path, "xb") as spill:
            for candidate in self._source.read(chunk):
                if not self._ticker.tick():
                    return
                try:
                    yield self._accept(candidate, spill, str(path))
                except images.RejectedError as error:
                    rejected = {
                        "file": candidate.name,
                        "domain": candidate.domain,
                        "reason": str(error),
                    }
                    yield beam.pvalue.TaggedOutput(REJECTED, rejected)

    def _accept(
        self, candidate: Candidate, spill: BinaryIO, path: str
    ) -> tuple[str, str, bytes, Entry]:
        if candidate.error:
            raise images.RejectedError(candidate.error)
        group, label = label_of(candidate, self._source)
        if not isinstance(label, int) and (reason := contradiction(label, self._exclusive)):
            raise images.RejectedError(reason)
        image = images.prepare(candidate.content, self._img_size, self._needed_size)
        digest = hashlib.sha256(candidate.content).digest()
        order = hashlib.sha256(f"{self._seed}/{candidate.name}/".encode() + digest).hexdigest()
        offset = spill.tell()
        spill.write(image)
        side = images.shorter_side(image)
        entry = Entry(order, candidate.name, path, offset, len(image), label, side)
        return candidate.split, group, digest, entry


def _open_place(split: str, group: str, digest: bytes, entry: Entry) -> Iterator[tuple[str, bytes]]:
    if not split:
        yield group, digest


def _with_split(
    image: tuple[str, str, bytes, Entry], validation: set[bytes]
) -> tuple[tuple[str, str], Entry]:
    """Gives an image its split, if the source has left it open."""
    split, group, digest, entry = image
    return (split or ("val" if digest in validation else "train"), group), entry


def cut_into_shards(
    key: tuple[str, str], entries: Iterable[Entry], shard_bytes: int = SHARD_BYTES
) -> list[Shard]:
    """Orders the images of one split and group and deals them out to shards."""
    ordered = sorted(entries)
    total = sum(entry.size for entry in ordered)
    count = min(len(ordered), max(1, -(-total // shard_bytes)))
    remaining = iter(ordered)
    sizes = [schema.shard_size(len(ordered), index, count) for index in range(count)]
    return [
        Shard(*key, index, count, list(islice(remaining, size))) for index, size in enumerate(sizes)
    ]


def write_shard(shard: Shard, staging: Path, ticker: Ticker) -> Iterator[dict[str, Any]]:
    """Writes one shard.

    Gives its split, group, images and bytes, the images by side, and of how many images each
    attribute is true, none where labels are domains.
    """
    if ticker.stopped():
        return
    import tensorflow as tf  # slow to import, and only this stage needs it

    # Beam has its own idea of how named tuples travel: give them their type back.
    split, group, index, count, entries = shard
    attributes = [entry[-2] for entry in entries if not isinstance(entry[-2], int)]
    path = staging / "shards" / schema.shard_name(split, group, index, count)
    with explained(staging), tf.io.TFRecordWriter(str(path)) as writer:
        for _, name, spill, offset, size, label, _ in entries:
            with open(spill, "rb") as file:
                file.seek(offset)
                image = file.read(size)
            writer.write(schema.encode_example(image, label, name))
    yield {
        "split": split,
        "group": group,
        "images": len(entries),
        "bytes": path.stat().st_size,
        "sides": dict(collections.Counter(entry[-1] for entry in entries)),
        "positives": [sum(values) for values in zip(*attributes, strict=True)],
    }


def _save_json(values: list[dict[str, Any]], path: Path) -> None:
    path.write_text(json.dumps(values), encoding="utf-8")
