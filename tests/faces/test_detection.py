import numpy as np
import pytest

from stargan_tf.faces import detection
from stargan_tf.faces.detection import FULL_RANGE, SHORT_RANGE, Detections
from stargan_tf.faces.networks import open_network


def detections(*rows):
    """Of boxes and scores; the keypoints repeat the upper left corner."""
    boxes = np.array([row[:4] for row in rows], float).reshape(-1, 4)
    scores = np.array([row[4] for row in rows], float)
    return Detections(boxes, np.repeat(boxes[:, np.newaxis, :2], 6, 1), scores)


def test_anchors_lie_in_the_middle_of_their_cells():
    anchors = detection.anchors(((2, 1), (1, 2)))
    expected = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75], [0.5, 0.5], [0.5, 0.5]]
    np.testing.assert_allclose(anchors, expected)
    assert len(detection.anchors(SHORT_RANGE.grids)) == 896
    assert len(detection.anchors(FULL_RANGE.grids)) == 2304


def test_a_box_is_counted_from_its_anchor():
    regressors, logits = np.zeros([896, 16]), np.full([896, 1], -10.0)
    logits[2] = np.log(3)  # a score of 3/4, in the second cell: x 1.5/16, y 0.5/16
    regressors[2] = [12.8, 0, 25.6, 51.2, *([6.4, 0] * 6)]
    found = detection.decode(regressors, logits, SHORT_RANGE)
    x, y = 1.5 / 16 + 0.1, 0.5 / 16
    np.testing.assert_allclose(found.boxes, [[x - 0.1, y - 0.2, x + 0.1, y + 0.2]])
    np.testing.assert_allclose(found.keypoints[0], [[1.5 / 16 + 0.05, y]] * 6)
    np.testing.assert_allclose(found.scores, [0.75])


@pytest.mark.parametrize("settings", [SHORT_RANGE, FULL_RANGE])
def test_scores_below_the_least_are_no_faces(settings):
    anchors = len(detection.anchors(settings.grids))
    logits = np.full([anchors, 1], -10.0)
    least = np.log(settings.least_score / (1 - settings.least_score))
    logits[:2, 0] = least - 0.01, least + 0.01
    assert len(detection.decode(np.zeros([anchors, 16]), logits, settings).scores) == 1


def test_what_overlaps_becomes_its_weighted_mean():
    found = detection.suppress(
        detections((0, 0, 10, 10, 0.6), (2, 0, 12, 10, 0.9), (40, 40, 50, 50, 0.7))
    )
    # Of the first two: 0.9 (2, 0, 12, 10) + 0.6 (0, 0, 10, 10), over 1.5.
    np.testing.assert_allclose(found.boxes, [[1.2, 0, 11.2, 10], [40, 40, 50, 50]])
    np.testing.assert_allclose(found.keypoints[:, 0], [[1.2, 0], [40, 40]])
    np.testing.assert_allclose(found.scores, [0.9, 0.7])


def test_what_overlaps_little_stays_two():
    found = detection.suppress(detections((0, 0, 10, 10, 0.6), (6, 0, 16, 10, 0.9)))  # 40 of 160
    assert len(found.scores) == 2


def test_nothing_stays_nothing():
    found = detection.suppress(detections())
    assert [part.shape for part in found] == [(0, 4), (0, 6, 2), (0,)]


def test_empty_boxes_come_to_an_end():
    assert len(detection.suppress(detections((1, 1, 1, 1, 0.9), (1, 1, 1, 1, 0.8))).scores) == 2


@pytest.mark.parametrize("size", [(100, 100), (300, 100), (100, 301), (1, 1), (7, 2), (4000, 3000)])
def test_parts_cover_an_image(size):
    covered = np.zeros([size[1] // 1, size[0]], bool)
    for left, top, right, bottom in detection.parts(size):
        assert right - left == bottom - top == max(1, min(size) // 2)
        assert left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]
        covered[top:bottom, left:right] = True
    assert covered.all()


@pytest.mark.parametrize(
    ("settings", "key"), [(SHORT_RANGE, "short_range"), (FULL_RANGE, "full_range")]
)
def test_a_detector_agrees_with_mediapipe(settings, key, astronaut, theirs):
    """mediapipe samples the image in another way: a pixel of the input is 3 or 2 of the image."""
    whole = (0, 0, *astronaut.size)
    found = detection._detect(astronaut, whole, settings, open_network(settings.name))
    merged = detection.suppress(found)
    expected = theirs[key]
    left, top, width, height = expected["box"]
    np.testing.assert_allclose(merged.scores, [expected["score"]], atol=0.05)
    np.testing.assert_allclose(merged.boxes, [[left, top, left + width, top + height]], atol=4)
    np.testing.assert_allclose(merged.keypoints[0], expected["keypoints"], atol=4)
