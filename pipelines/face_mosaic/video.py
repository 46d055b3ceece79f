"""Hide the faces of a video: every frame is written and covered, in constant memory.

Faces are looked for on a small copy of a frame: at every frame while something changes, at every fourth while all is
steady. Frames wait in a short queue until the faces of the frames after them are known, so that a face is covered
before it was first found and where the detector missed it.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines import engines
from pipelines.errors import InvalidInput
from pipelines.face_mosaic.boxes import grow
from pipelines.face_mosaic.contract import Box, FaceDetector, MosaicOptions, Style, checked
from pipelines.face_mosaic.detect import find_faces
from pipelines.face_mosaic.frames import Frame, Sink, Source, planes
from pipelines.face_mosaic.hide import hide
from pipelines.face_mosaic.pictures import WHOLE, threshold_for
from pipelines.face_mosaic.tracks import GAP, HOLD, Tracks, scaled
from pipelines.job import Job
from pipelines.words import Text

AHEAD = GAP - HOLD  # frames that must be known after the one that is written
LONGEST_STEP = 4  # frames from look to look while all is steady
DOUBT = 0.75  # a face that is already followed needs only this share of the threshold
CUT = 24.0  # mean change of brightness (0..255) from one frame to the next that is a change of scene
STIR = 5.0  # the same since the last look that asks for a new one
POP = 20.0  # change of one field of 256 between two frames: something small came or went at once

_AT = Text(en="Frame {done} of about {count}. {left} left.", ko="약 {count}프레임 중 {done}번째. {left} 남음.")
_COUNTING = Text(en="Frame {done}", ko="{done}번째 프레임")


@dataclass(frozen=True)
class HiddenVideo:
    """The report of one video. `fps` is that of the video; `faces_tracked` counts faces seen at least twice."""

    frames: int
    fps: float
    faces_tracked: int
    engine: str


def hide_faces_in_video(
    path: Path, out: Path, options: MosaicOptions | None = None, engine: object = "auto", job: Job | None = None
) -> HiddenVideo:
    """Write `path` to `out` (mp4) with all faces hidden and its sound kept. Nothing stays at `out` if it fails."""
    job = job or Job()
    return _run(path, out, options or MosaicOptions(), engine, job)


def _run(path: Path, out: Path, options: MosaicOptions, engine: object, job: Job) -> HiddenVideo:
    options = checked(options)
    if options.keep or options.boxes:
        raise InvalidInput(
            Text(
                en="Faces to keep and boxes by hand belong to one picture; a video takes neither.",
                ko="남길 얼굴과 직접 그린 상자는 사진 한 장에만 쓸 수 있습니다. 동영상에는 쓸 수 없습니다.",
            )
        )
    with Source(path) as source:
        spec = engines.choose("face_mosaic", engine)
        engines.require_usable(spec)
        watcher = Watcher(Looker(spec.name, options.threshold, job))
        frames = _copy(source, out, watcher, options, job)
        return HiddenVideo(frames, round(float(source.rate), 3), watcher.tracks.count, spec.name)


def _copy(source: Source, out: Path, watcher: Watcher, options: MosaicOptions, job: Job) -> int:
    """Frames and sound from the source through the watcher into a new file; returns the number of frames."""
    sink: Sink | None = None
    early: list[object] = []  # sound that comes before the first picture
    clock = _Clock(source.expected_frames(), job)
    written, started = 0, False
    try:
        for kind, item in source.packets():
            job.check()
            if kind == "sound":
                sink.write_sound(item) if sink else early.append(item)
                continue
            if sink is None:
                started = True
                sink = Sink(out, source, item)
                for packet in early:
                    sink.write_sound(packet)
            for frame, boxes in watcher.take(item):
                _write(sink, frame, boxes, options)
                written += 1
                clock.tell(written)
        if sink is None:
            raise ValueError("a source gave no frame and no error")
        for frame, boxes in watcher.rest():
            job.check()
            _write(sink, frame, boxes, options)
            written += 1
        sink.finish()
    except BaseException:
        if sink is not None:
            sink.abandon()
        if started:
            out.unlink(missing_ok=True)
        raise
    return written


def _write(sink: Sink, frame: Frame, boxes: list[np.ndarray], options: MosaicOptions) -> None:
    across, down = frame.width / frame.small.shape[1], frame.height / frame.small.shape[0]
    for box in boxes:
        whole = scaled(box, across, down)
        area = grow(whole, options.strength, frame.width, frame.height)
        if area[2] > 0 and area[3] > 0:
            cover(frame.yuv, area, options.style, options.strength, whole[2] * WHOLE)
    sink.write(frame)


def cover(yuv: np.ndarray, area: Box, style: Style, strength: float, whole_width: float) -> None:
    """Hide an area of a YUV 4:2:0 frame in place. The colour planes have half the size, so the area is made even."""
    bright, blue, red = planes(yuv)
    left, top = area[0] // 2, area[1] // 2
    right, bottom = -(-(area[0] + area[2]) // 2), -(-(area[1] + area[3]) // 2)
    rows, columns = slice(top, min(bottom, blue.shape[0])), slice(left, min(right, blue.shape[1]))
    full = slice(rows.start * 2, rows.stop * 2), slice(columns.start * 2, columns.stop * 2)
    colour = [plane[rows, columns].repeat(2, axis=0).repeat(2, axis=1) for plane in (blue, red)]
    region = np.stack([bright[full], *colour], axis=2)
    hide(region, (0, 0, region.shape[1], region.shape[0]), style, strength, whole_width, yuv=True)
    bright[full] = region[..., 0]
    blue[rows, columns] = region[::2, ::2, 1]
    red[rows, columns] = region[::2, ::2, 2]


class Looker:
    """Looks at one small copy. The engine is held only while it looks, so that others get their turn."""

    def __init__(self, engine: str, threshold: float, job: Job) -> None:
        self._engine, self._asked, self._job = engine, threshold, job
        self.threshold = 0.0  # from which score on a new face is believed; known after the first look

    def __call__(self, small: np.ndarray) -> np.ndarray:
        detector: FaceDetector
        with engines.use("face_mosaic", self._engine, self._job) as (_, detector):
            self.threshold = threshold_for(detector, self._asked)
            return find_faces(detector, small, self.threshold * DOUBT, self._job, turned=False)


class Watcher:
    """Decides at which frames to look, and gives frames back with their boxes once enough is known."""

    def __init__(self, look: Looker, longest_step: int = LONGEST_STEP) -> None:
        self.tracks = Tracks()
        self.looks = 0
        self._look_at = look
        self._longest_step = longest_step
        self._queue: deque[tuple[Frame, int]] = deque()  # frames not yet given back, with their scene
        self._looked: set[int] = set()  # numbers of queued frames that were looked at
        self._last_look = -1
        self._last_thumb: np.ndarray | None = None
        self._thumb_at_look: np.ndarray | None = None
        self._scene = 0
        self._step = 1

    def take(self, frame: Frame) -> list[tuple[Frame, list[np.ndarray]]]:
        """One more frame in; those that are ready out."""
        thumb = _thumb(frame.small)
        change = np.zeros(1) if self._last_thumb is None else np.abs(thumb - self._last_thumb)
        if change.mean() > CUT:
            if self._queue and self._queue[-1][0].number not in self._looked:
                self._look(*self._queue[-1])  # the old scene is closed with what can be seen in its last frame
            self._scene += 1
            self._step, self._thumb_at_look = 1, None
        self._last_thumb = thumb
        self._queue.append((frame, self._scene))
        stirred = self._thumb_at_look is None or np.abs(thumb - self._thumb_at_look).mean() > STIR
        stirred |= change.max() > POP
        if stirred or frame.number - self._last_look >= self._step:
            self._look(frame, self._scene)
            self._thumb_at_look = thumb
        return self._ready(self._last_look - AHEAD)

    def rest(self) -> list[tuple[Frame, list[np.ndarray]]]:
        """What is still queued at the end of the video."""
        if self._queue and self._queue[-1][0].number not in self._looked:
            self._look(*self._queue[-1])
        return self._ready(self._last_look)

    def _look(self, frame: Frame, scene: int) -> None:
        found = self._find(frame)
        steady = self.tracks.update(frame.number, scene, found, self._look_at.threshold)
        if not steady:  # something came, went or jumped since the last look: see when
            for queued, its_scene in self._queue:
                if its_scene == scene and self._last_look < queued.number < frame.number:
                    self.tracks.between(queued.number, scene, self._find(queued))
        self._step = min(self._step + 1, self._longest_step) if steady else 1
        self._last_look = frame.number

    def _find(self, frame: Frame) -> np.ndarray:
        self.looks += 1
        self._looked.add(frame.number)
        return self._look_at(frame.small)

    def _ready(self, up_to: int) -> list[tuple[Frame, list[np.ndarray]]]:
        done = []
        while self._queue and self._queue[0][0].number <= up_to:
            frame, scene = self._queue.popleft()
            self._looked.discard(frame.number)
            done.append((frame, self.tracks.boxes_at(frame.number, scene)))
            self.tracks.forget_before(frame.number, scene)
        return done


class _Clock:
    """Tells a job how far a video is and how long the rest will take."""

    def __init__(self, count: int, job: Job) -> None:
        self._count, self._job, self._start, self._last = count, job, time.monotonic(), 0.0

    def tell(self, done: int) -> None:
        now = time.monotonic()
        if now - self._last < 0.5:
            return
        self._last = now
        if self._count <= done:
            self._job.progress(None, _COUNTING.format(done=done))
            return
        left = int((now - self._start) / done * (self._count - done)) + 1
        clock = f"{left // 60}:{left % 60:02d}"
        self._job.progress(done / self._count, _AT.format(done=done, count=self._count, left=clock))


def _thumb(small: np.ndarray) -> np.ndarray:
    """The brightness of 16 x 16 fields: enough to see a change of scene or something moving in."""
    grey = small[:, :, 1].astype(np.float32)
    rows = np.linspace(0, grey.shape[0], 17).astype(int)[:-1]
    columns = np.linspace(0, grey.shape[1], 17).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(grey, rows, axis=0), columns, axis=1)
    return np.asarray(sums / (grey.size / 256))
