"""Faces through time: what was seen at some frames becomes what to hide at every frame. Pure arithmetic.

A face that the detector misses for a moment must not flash through. So boxes are interpolated between the frames
where a face was seen, and held before its first and after its last sighting, never across a change of scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipelines.face_mosaic.boxes import overlaps
from pipelines.face_mosaic.contract import Box

HOLD = 8  # frames that a box is kept before the first and after the last sighting
GAP = 20  # a face that comes back within this many frames was there all the time
NEAR = 0.8  # a box continues a track if its centre moved less than this share of its size from where it was expected
STEADY = 0.5  # overlap of expected and found box from which a track counts as steady
MARGIN = 0.06  # added on each side for what happens between two sightings, besides the growth of every hidden area


@dataclass
class Track:
    """One face in one scene: boxes (x, y, w, h) at the frames where it was seen, oldest first."""

    scene: int
    seen: list[tuple[int, np.ndarray]] = field(default_factory=list)
    sightings: int = 0

    def add(self, frame: int, box: np.ndarray) -> None:
        self.seen.append((frame, box))
        self.seen.sort(key=lambda one: one[0])
        self.sightings += 1

    def forget_before(self, frame: int) -> None:
        """Drop sightings that no coming frame needs, but for the last two (they give the speed)."""
        while len(self.seen) > 2 and self.seen[1][0] < frame:
            self.seen.pop(0)

    def expected(self, frame: int) -> np.ndarray:
        """Where the face should be: on from its last two sightings, at most two box sizes away."""
        last_frame, last = self.seen[-1]
        if len(self.seen) < 2 or frame <= last_frame:
            return np.asarray(last)
        before_frame, before = self.seen[-2]
        speed = (last[:2] - before[:2]) / max(last_frame - before_frame, 1)
        moved = np.array(last)
        moved[:2] += np.clip(speed * (frame - last_frame), -2 * last[2:], 2 * last[2:])
        return moved

    def box_at(self, frame: int) -> np.ndarray | None:
        """The box to hide at this frame, a little larger the further the frame is from a sighting."""
        first, last = self.seen[0][0], self.seen[-1][0]
        if frame <= first or frame >= last:
            away = first - frame if frame <= first else frame - last
            if away > HOLD:
                return None
            return _wider(self.seen[0 if frame <= first else -1][1], MARGIN * (1 + away / 2))
        after = next(place for place, (seen, _) in enumerate(self.seen) if seen >= frame)
        (start, one), (stop, two) = self.seen[after - 1], self.seen[after]
        share = (frame - start) / (stop - start)
        between = min(frame - start, stop - frame)
        return _wider(one * (1 - share) + two * share, MARGIN * (1 + between / 4))


class Tracks:
    """All faces of a video so far. Lives for one video; keeps only what coming frames can need."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._finished = 0

    @property
    def count(self) -> int:
        """Faces seen at least twice (a single sighting is hidden, but may be a mistake)."""
        return self._finished + sum(track.sightings > 1 for track in self._tracks)

    def update(self, frame: int, scene: int, found: np.ndarray, sure: float) -> bool:
        """Take in what was found at a frame. Doubtful boxes (score below `sure`) may only continue a track.

        True if all was as expected: every track of late was seen again, nothing new appeared.
        """
        open_ = [track for track in self._tracks if track.scene == scene and frame - track.seen[-1][0] <= GAP]
        pairs = sorted(
            ((_distance_from(track, frame, row), t, d) for t, track in enumerate(open_) for d, row in enumerate(found)),
            key=lambda pair: pair[0],
        )
        free_tracks, free_boxes, steady = set(range(len(open_))), set(range(len(found))), True
        for distance, t, d in pairs:
            if distance <= NEAR and t in free_tracks and d in free_boxes:
                expected = open_[t].expected(frame)
                steady &= bool(overlaps(expected, found[d : d + 1, :4])[0] >= STEADY)
                open_[t].add(frame, found[d, :4].copy())
                free_tracks.remove(t)
                free_boxes.remove(d)
        new = [d for d in sorted(free_boxes) if found[d, 4] >= sure]
        self._tracks += [Track(scene, [(frame, found[d, :4].copy())], 1) for d in new]
        lost = [t for t in free_tracks if frame - open_[t].seen[-1][0] <= HOLD]
        return steady and not new and not lost

    def between(self, frame: int, scene: int, found: np.ndarray) -> None:
        """Take in what was found at a frame that lies before the last update (a second look at a gap)."""
        for row in found:
            near = [(_distance(_plain(track, frame), row), track) for track in self._tracks if track.scene == scene]
            near = [pair for pair in near if pair[0] <= NEAR and all(seen != frame for seen, _ in pair[1].seen)]
            if near:
                min(near, key=lambda pair: pair[0])[1].add(frame, row[:4].copy())
            else:
                self._tracks.append(Track(scene, [(frame, row[:4].copy())], 1))

    def boxes_at(self, frame: int, scene: int) -> list[np.ndarray]:
        """Every box to hide at this frame."""
        boxes = (track.box_at(frame) for track in self._tracks if track.scene == scene)
        return [box for box in boxes if box is not None]

    def forget_before(self, frame: int, scene: int) -> None:
        """Drop what no frame from this one on can need."""
        kept = []
        for track in self._tracks:
            if track.scene >= scene and frame - track.seen[-1][0] <= GAP + HOLD:
                track.forget_before(frame)
                kept.append(track)
            else:
                self._finished += track.sightings > 1
        self._tracks = kept


def scaled(box: np.ndarray, factor_x: float, factor_y: float) -> Box:
    """A box of the small copy as whole pixels of the frame."""
    x, y, w, h = box
    left, top = int(np.floor(x * factor_x)), int(np.floor(y * factor_y))
    return left, top, int(np.ceil((x + w) * factor_x)) - left, int(np.ceil((y + h) * factor_y)) - top


def _plain(track: Track, frame: int) -> np.ndarray:
    box = track.box_at(frame)
    return track.expected(frame) if box is None else box


def _distance_from(track: Track, frame: int, row: np.ndarray) -> float:
    """How far a box is from where a track should be by now, or from where it was, whichever is nearer."""
    return min(_distance(track.expected(frame), row), _distance(track.seen[-1][1], row))


def _distance(expected: np.ndarray, row: np.ndarray) -> float:
    """How far two boxes are apart, in sizes of the larger; infinite if one is twice as large as the other."""
    size_one, size_two = float(expected[2] + expected[3]), float(row[2] + row[3])
    if not 0.5 <= size_one / max(size_two, 1e-6) <= 2:
        return float("inf")
    away = (expected[:2] + expected[2:4] / 2) - (row[:2] + row[2:4] / 2)
    return float(np.hypot(*away)) * 2 / max(size_one, size_two)


def _wider(box: np.ndarray, share: float) -> np.ndarray:
    x, y, w, h = box
    return np.array([x - w * share, y - h * share, w * (1 + 2 * share), h * (1 + 2 * share)])
