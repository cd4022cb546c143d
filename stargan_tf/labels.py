"""What the labels of a model are: domains or attributes, of one data set or of two.

A model that learned from two data sets takes their labels in one vector,

    [labels of the first set, labels of the second set, mask of 2]

where the labels of the other set are 0, and the mask says with a 1 which set is meant.
Source: Choi et al. 2018, section 3.2.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from stargan_tf.names import normalised

if TYPE_CHECKING:
    import tensorflow as tf

MOST_SETS = 2


class LabelSet(NamedTuple):
    """The labels of one data set.

    Attributes:
      names: in the order of the labels.
      attributes: whether each image has or has not each of them; else it belongs to one domain.
      exclusive: groups of attributes of which an image has one at most, such as hair colours.
    """

    names: tuple[str, ...]
    attributes: bool
    exclusive: tuple[tuple[str, ...], ...] = ()


class LabelLayout(NamedTuple):
    """Where the labels of each data set lie in the vector that a model takes.

    Attributes:
      sizes: how many labels each set has.
    """

    sizes: tuple[int, ...]

    @property
    def is_joint(self) -> bool:
        """Whether there are two sets, and a mask."""
        return len(self.sizes) > 1

    @property
    def length(self) -> int:
        """Numbers of a vector."""
        return sum(self.sizes) + len(self.sizes) * self.is_joint

    def part(self, which: int) -> slice:
        """Where the labels of a set lie."""
        first = sum(self.sizes[:which])
        return slice(first, first + self.sizes[which])

    def vectors_of_set(
        self, y: "tf.Tensor", which: int = 0, mask: int | None = None
    ) -> "tf.Tensor":
        """Vectors of what is known of images: labels of their set, and its mask.

        Args:
          y: domains of the set, [N] integer, or its labels, [N, sizes[which]] float.
          which: the number of the set.
          mask: the number of the set that the mask says instead, which is wrong.

        Returns:
          [N, length] float32.
        """
        import tensorflow as tf  # where vectors are made, it is there

        size = self.sizes[which]
        own = tf.one_hot(y, size) if y.dtype.is_integer else tf.cast(y, tf.float32)
        if not self.is_joint:
            return own
        before, behind = sum(self.sizes[:which]), sum(self.sizes[which + 1 :])
        said = tf.fill(tf.shape(own)[:1], which if mask is None else mask)
        masks = tf.one_hot(said, len(self.sizes))
        return tf.concat([tf.pad(own, [[0, 0], [before, behind]]), masks], axis=1)

    def vectors_of_indices(self, y: "tf.Tensor") -> "tf.Tensor":
        """Vectors of one label each, and the mask of its set.

        Args:
          y: numbers among the labels of all sets, [N] integer.

        Returns:
          [N, length] float32.
        """
        import tensorflow as tf

        labels = tf.one_hot(y, sum(self.sizes))
        return tf.concat([labels, self._masks(y)], axis=1) if self.is_joint else labels

    def with_masks(self, labels: "tf.Tensor", named: "tf.Tensor") -> "tf.Tensor":
        """Adds to labels the mask of the set that some of them were named of.

        Args:
          labels: of all sets, [N, sum of sizes] float32.
          named: the number of one label that was named, [N] integer.

        Returns:
          [N, length] float32.
        """
        import tensorflow as tf

        return tf.concat([labels, self._masks(named)], axis=1) if self.is_joint else labels

    def sets_of(self, index: "tf.Tensor") -> "tf.Tensor":
        """The sets that labels belong to, by their numbers among all [N] integer: [N] int32."""
        import tensorflow as tf

        index = tf.cast(index, tf.int32)
        ends = [self.part(which).stop for which in range(len(self.sizes))]
        return tf.add_n([tf.cast(index >= end, tf.int32) for end in ends])

    def _masks(self, index: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        return tf.one_hot(self.sets_of(index), len(self.sizes))


def layout_of(label_sets: Sequence[LabelSet], num_labels: int = 0) -> LabelLayout:
    """The layout of label sets, of one set of `num_labels` where they are not known."""
    return LabelLayout(tuple(len(one.names) for one in label_sets) or (num_labels,))


def to_json(label_sets: Sequence[LabelSet]) -> list[dict[str, Any]]:
    """What config.json and model.json say about label sets."""
    return [one._asdict() for one in label_sets]


def from_json(value: Any) -> tuple[LabelSet, ...]:
    """Reads what `to_json` wrote.

    Raises:
      ValueError: it is something else.
    """
    if not isinstance(value, list) or not 0 < len(value) <= MOST_SETS:
        raise ValueError("it is no list of one or two label sets")
    return tuple(_one_of(item) for item in value)


def _one_of(value: Any) -> LabelSet:
    if not isinstance(value, dict) or set(value) != set(LabelSet._fields):
        raise ValueError("a label set has other fields")
    names, attributes, exclusive = (value[name] for name in LabelSet._fields)
    if not isinstance(attributes, bool) or not isinstance(exclusive, list):
        raise ValueError("a label set has values of other types")
    names = _names(names)
    groups = tuple(_names(group) for group in exclusive)
    if not names or not {*names}.issuperset(name for group in groups for name in group):
        raise ValueError("a label set lacks names")
    return LabelSet(names, attributes, groups)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("a label set has names that are no text")
    return tuple(map(normalised, value))
