"""Faces in videos: no frame lost, no face in sight, sound kept. Clips are drawn by the project's own script."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from examples import make_faces
from pipelines.errors import Cancelled, InvalidInput, TooLarge
from pipelines.face_mosaic import STYLES, MosaicOptions, hide_faces_in_video, video
from pipelines.face_mosaic.boxes import covered, grow
from pipelines.face_mosaic.frames import Source, planes
from pipelines.face_mosaic.tracks import GAP, HOLD, Tracks, scaled
from pipelines.face_mosaic.video import Watcher, cover
from pipelines.job import Job

EXAMPLES = Path(__file__).parent.parent / "examples" / "face_mosaic"
CLIP = EXAMPLES / "clip.mp4"


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def sound_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def write_video(
    path: Path, frames: list[np.ndarray], times_ms: list[int] | None = None, codec: str = "libx264", **more
) -> Path:
    """A video of RGB frames at the given times (default: 25 per second). `more`: sound, rotation, aspect, metadata."""
    with av.open(str(path), "w") as out:
        out.metadata.update(more.get("metadata", {}))
        stream = out.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = more.get("pix_fmt", "yuv420p")
        stream.codec_context.time_base = Fraction(1, 1000)
        sound = out.add_stream(more["sound"], rate=48000, layout="mono") if "sound" in more else None
        stream.codec_context.sample_aspect_ratio = more.get("aspect", Fraction(1))
        if "rotation" in more:
            stream.set_display_rotation(more["rotation"])
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = (times_ms or range(0, 40 * len(frames), 40))[number], Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            tone = (3000 * np.sin(np.arange(48000) / 20)).astype(np.int16)[None]
            made = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            made.sample_rate, made.pts = 48000, 0
            resampler = av.AudioResampler(format=sound.codec_context.format, layout="mono", rate=48000)
            for part in [*resampler.resample(made), *resampler.resample(None)]:
                out.mux(sound.encode(part))
            out.mux(sound.encode(None))
    return path


def drawn_frames(count: int, width: int = 320, height: int = 240, people: int = 1, seed: int = 4) -> list[np.ndarray]:
    return [image for image, _ in make_faces.moving_people(width, height, count, people, None, seed)]


def covered_share(path: Path, truth: list, longest_step: int) -> tuple[float, int]:
    """The share of true faces at least half inside a hidden area, over all frames, and how often was looked."""
    watcher = Watcher(video.Looker("centerface", -1, Job()), longest_step)
    hidden = total = 0
    with Source(path) as source:
        pairs = [pair for kind, item in source.packets() if kind == "frame" for pair in watcher.take(item)]
    for frame, boxes in [*pairs, *watcher.rest()]:
        ratio = frame.width / frame.small.shape[1], frame.height / frame.small.shape[0]
        areas = [grow(scaled(box, *ratio), 0.7, frame.width, frame.height) for box in boxes]
        rows = np.array(areas, float).reshape(-1, 4)
        hidden += sum(bool((covered(np.array(box), rows) >= 0.5).any()) for box in truth[frame.number])
        total += len(truth[frame.number])
    return hidden / total, watcher.looks


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, video.HiddenVideo]:
    out = tmp_path_factory.mktemp("video") / "out.mp4"
    return out, hide_faces_in_video(CLIP, out)


# --- the example ------------------------------------------------------------------------------------------------


def test_every_frame_is_written_at_its_time(done):
    out, report = done
    assert report.frames == len(frame_times(CLIP)) == 72
    assert frame_times(out) == pytest.approx(frame_times(CLIP), abs=0.001)
    assert report.fps == 24
    assert report.faces_tracked == 3
    assert report.engine == "centerface"


def test_the_sound_is_copied_packet_by_packet(done):
    assert sound_packets(done[0]) == sound_packets(CLIP)


def test_faces_are_changed_and_the_rest_is_only_encoded_again(done):
    truth = [boxes for _, boxes in make_faces.moving_people(640, 360, 72, people=3, seed=9)]
    with av.open(str(CLIP)) as before, av.open(str(done[0])) as after:
        pairs = zip(before.decode(video=0), after.decode(video=0), strict=True)
        for number, (old, new) in enumerate(pairs):
            change = np.abs(old.to_ndarray(format="rgb24").astype(int) - new.to_ndarray(format="rgb24"))
            for x, y, w, h in truth[number]:
                face = change[max(int(y), 0) : int(y + h), max(int(x), 0) : int(x + w)]
                assert face.mean() > 3, number
            assert change[300:, :100].mean() < 3, number


def test_browsers_can_play_it(done):
    with av.open(str(done[0])) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, container.format.name.split(",")[0]) == ("h264", "yuv420p", "mov")
        assert container.streams.audio[0].codec_context.name == "aac"
    head = done[0].read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_a_labelled_clip_is_covered_as_well_as_with_a_look_at_every_frame(tmp_path: Path):
    path = tmp_path / "labelled.mp4"
    truth = make_faces.write_clip(path, make_faces.moving_people(480, 270, 80, 3, 40, 6), tone=False)
    always, every_frame = covered_share(path, truth, 1)
    steady, some_frames = covered_share(path, truth, 4)
    assert steady >= always - 0.005
    assert steady >= 0.97
    assert some_frames < every_frame


# --- what files may bring ---------------------------------------------------------------------------------------


def test_uneven_times_are_kept(tmp_path: Path):
    times = [0, 40, 90, 91, 300, 1000, 1033, 2500]
    path = write_video(tmp_path / "vfr.mkv", drawn_frames(8), times)
    out = tmp_path / "out.mp4"
    assert hide_faces_in_video(path, out).frames == 8
    assert frame_times(out) == pytest.approx([time / 1000 for time in times], abs=0.001)


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_rotation_of_phones_is_applied(tmp_path: Path, rotation: int):
    frames = drawn_frames(3)
    path = write_video(tmp_path / "phone.mp4", [np.rot90(f, -rotation // 90).copy() for f in frames], rotation=rotation)
    out = tmp_path / "out.mp4"
    hide_faces_in_video(path, out, MosaicOptions(threshold=1.0))
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert not frame.rotation
        shown = frame.to_ndarray(format="rgb24")
    assert shown.shape == frames[0].shape
    assert np.abs(shown.astype(int) - frames[0]).mean() < 6


def test_odd_sizes_gain_one_pixel_and_lose_none(tmp_path: Path):
    frames = [image[:175, :241].copy() for image in drawn_frames(3)]
    path = write_video(tmp_path / "odd.mkv", frames, codec="ffv1", pix_fmt="bgr0")
    out = tmp_path / "out.mp4"
    hide_faces_in_video(path, out, MosaicOptions(threshold=1.0))
    with av.open(str(out)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert shown.shape == (176, 242, 3)
    assert np.abs(shown[:175, :241].astype(int) - frames[0]).mean() < 6


@pytest.mark.parametrize(("name", "sound", "kept"), [("a.mkv", "pcm_s16le", "aac"), ("b.webm", "libopus", "opus")])
def test_sound_that_mp4_cannot_carry_is_encoded_again(tmp_path: Path, name: str, sound: str, kept: str):
    codec = "libvpx" if name.endswith("webm") else "libx264"
    path = write_video(tmp_path / name, drawn_frames(25), codec=codec, sound=sound)
    out = tmp_path / "out.mp4"
    hide_faces_in_video(path, out)
    with av.open(str(out)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name.startswith(kept)
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / 48000 == pytest.approx(1, abs=0.05)


def test_pixels_that_are_not_square_stay_so(tmp_path: Path):
    path = write_video(tmp_path / "wide.mp4", drawn_frames(2), aspect=Fraction(4, 3))
    out = tmp_path / "out.mp4"
    hide_faces_in_video(path, out)
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.sample_aspect_ratio == Fraction(4, 3)


def test_an_older_file_at_the_target_survives_a_refusal(tmp_path: Path):
    bad, out = tmp_path / "text.mp4", tmp_path / "out.mp4"
    bad.write_text("not a video")
    out.write_text("older")
    with pytest.raises(InvalidInput):
        hide_faces_in_video(bad, out)
    assert out.read_text() == "older"


def test_metadata_stays_behind(tmp_path: Path):
    secret = {"title": "SECRET-TITLE", "comment": "SECRET-PLACE", "location": "+37.5665+126.9780/"}
    path = write_video(tmp_path / "gps.mp4", drawn_frames(3), metadata=secret)
    assert b"SECRET-TITLE" in path.read_bytes()
    out = tmp_path / "out.mp4"
    hide_faces_in_video(path, out)
    assert b"SECRET" not in out.read_bytes()
    assert b"37.56" not in out.read_bytes()


def test_one_frame_and_no_sound(tmp_path: Path):
    path = write_video(tmp_path / "one.mp4", drawn_frames(1))
    out = tmp_path / "out.mp4"
    assert hide_faces_in_video(path, out).frames == 1
    assert len(frame_times(out)) == 1


@pytest.mark.parametrize("style", STYLES)
def test_styles_work_on_video_colours(style: str):
    yuv = np.random.default_rng(0).integers(0, 256, (180, 160), np.uint8)
    before = yuv.copy()
    cover(yuv, (21, 11, 40, 50), style, 0.7, 40)
    for old, new, half in zip(planes(before), planes(yuv), (1, 2, 2), strict=True):
        mask = np.zeros(new.shape, bool)
        mask[10 // half : 62 // half, 20 // half : 62 // half] = True
        assert np.array_equal(old[~mask], new[~mask])
        assert (old[mask] != new[mask]).mean() > 0.9


# --- refused, stopped -------------------------------------------------------------------------------------------


def test_what_is_no_video_is_refused(tmp_path: Path):
    text, empty, cut = tmp_path / "text.mp4", tmp_path / "empty.mp4", tmp_path / "cut.mp4"
    text.write_text("not a video")
    empty.touch()
    cut.write_bytes(CLIP.read_bytes()[:9000])
    out = tmp_path / "out.mp4"
    for path in (text, empty, cut):
        with pytest.raises(InvalidInput):
            hide_faces_in_video(path, out)
        assert not out.exists()


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "bmp", "tiff"])
def test_a_photo_is_no_video(tmp_path: Path, kind: str):
    """It would be searched without its EXIF rotation, and only once."""
    Image.new("RGB", (64, 48), "white").save(tmp_path / f"photo.{kind}")
    (tmp_path / f"photo.{kind}").rename(tmp_path / "clip.mp4")
    with pytest.raises(InvalidInput, match="a picture, not a video"):
        hide_faces_in_video(tmp_path / "clip.mp4", tmp_path / "out.mp4")


def test_sound_alone_is_no_video(tmp_path: Path):
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=44100)
        for frame in make_faces._tone(0.5):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(InvalidInput, match="no moving picture"):
        hide_faces_in_video(path, tmp_path / "out.mp4")


def test_limits_are_checked_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "2")
    with pytest.raises(TooLarge, match="min"):
        hide_faces_in_video(CLIP, tmp_path / "out.mp4")
    monkeypatch.setenv("MODU_LIMIT_MEDIA_BYTES", "1000")
    with pytest.raises(TooLarge, match="MB"):
        hide_faces_in_video(CLIP, tmp_path / "out.mp4")


def test_keep_and_boxes_are_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="belong to one picture"):
        hide_faces_in_video(CLIP, tmp_path / "out.mp4", MosaicOptions(keep=(0,)))


def test_a_cancel_leaves_no_file(tmp_path: Path):
    job = Job()
    job._on_progress = lambda progress: job.cancel() if progress.text.en.startswith("Frame") else None
    out = tmp_path / "out.mp4"
    with pytest.raises(Cancelled):
        hide_faces_in_video(CLIP, out, job=job)
    assert list(tmp_path.iterdir()) == []


def test_progress_forecasts_the_end(tmp_path: Path):
    said = []
    hide_faces_in_video(CLIP, tmp_path / "out.mp4", job=Job(lambda progress: said.append(progress.text.en)))
    assert any("of about 72" in text and "left" in text for text in said)


# --- faces through time -----------------------------------------------------------------------------------------


def row(x: float, y: float = 50, score: float = 0.9) -> np.ndarray:
    return np.array([[x, y, 20, 24, score]], np.float32)


NOBODY = np.zeros((0, 5), np.float32)


def test_a_face_missed_for_a_while_stays_covered():
    tracks = Tracks()
    for frame in range(40):
        missed = 10 <= frame < 10 + GAP - 2
        tracks.update(frame, 0, NOBODY if missed else row(10 + 2 * frame), 0.24)
    for frame in range(40):
        boxes = np.array(tracks.boxes_at(frame, 0))
        assert (covered(row(10 + 2 * frame)[0], boxes) > 0.7).any(), frame
    assert tracks.count == 1


def test_boxes_are_held_before_the_first_and_after_the_last_sighting():
    tracks = Tracks()
    tracks.update(20, 0, row(50), 0.24)
    tracks.update(21, 0, row(50), 0.24)
    held = [frame for frame in range(60) if tracks.boxes_at(frame, 0)]
    assert held == list(range(20 - HOLD, 21 + HOLD + 1))


def test_nothing_is_held_across_a_change_of_scene():
    tracks = Tracks()
    tracks.update(5, 0, row(50), 0.24)
    tracks.update(6, 1, row(150), 0.24)
    assert [len(tracks.boxes_at(6, scene)) for scene in (0, 1)] == [1, 1]
    assert tracks.boxes_at(6, 1)[0][0] > 100


def test_a_doubtful_box_continues_a_track_but_starts_none():
    tracks = Tracks()
    tracks.update(0, 0, row(50, score=0.2), 0.24)
    assert tracks.boxes_at(0, 0) == []
    tracks.update(1, 0, row(50), 0.24)
    tracks.update(2, 0, row(51, score=0.2), 0.24)
    assert tracks.count == 1


def test_steady_is_what_goes_on_as_expected():
    tracks = Tracks()
    assert not tracks.update(0, 0, row(50), 0.24)
    assert tracks.update(1, 0, row(52), 0.24)
    assert tracks.update(2, 0, row(54), 0.24)
    assert not tracks.update(3, 0, row(70), 0.24)
    assert not tracks.update(4, 0, NOBODY, 0.24)


class _CountingLook:
    """Stands in for an engine: sees a fixed face, and notes at which frames it was asked."""

    threshold = 0.24

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, small: np.ndarray) -> np.ndarray:
        self.calls += 1
        return row(50)


def watch(pictures: list[np.ndarray]) -> tuple[Watcher, _CountingLook, list[int]]:
    look = _CountingLook()
    watcher = Watcher(look)
    given: list[int] = []
    for number, small in enumerate(pictures):
        yuv = np.zeros((small.shape[0] * 3 // 2, small.shape[1]), np.uint8)
        given += [frame.number for frame, _ in watcher.take(video.Frame(number, yuv, small, number, number / 25))]
        assert len(watcher._queue) <= video.AHEAD + video.LONGEST_STEP
    given += [frame.number for frame, _ in watcher.rest()]
    return watcher, look, given


def test_frames_come_out_once_in_order_and_the_queue_stays_short():
    still = np.full((90, 160, 3), 90, np.uint8)
    _, look, given = watch([still] * 100)
    assert given == list(range(100))
    assert look.calls < 40


def test_a_change_of_scene_forces_a_look_on_both_sides():
    dark, bright = np.full((90, 160, 3), 40, np.uint8), np.full((90, 160, 3), 200, np.uint8)
    watcher, look, given = watch([dark] * 30)
    calls = look.calls
    watcher, look, given = watch([dark] * 30 + [bright] * 30)
    assert given == list(range(60))
    assert watcher._scene == 1
    assert look.calls >= 2 * calls
