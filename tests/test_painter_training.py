"""The training of the painter: its world is drawn and told exactly, its stages go on after a stop, its files load."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from PIL import Image  # noqa: E402

from training import (  # noqa: E402
    painter,
    painter_captions,
    painter_emoji,
    painter_exam,
    painter_export,
    painter_gallery,
    painter_judge,
    painter_nets,
    painter_text,
    painter_unet,
    painter_vae,
    painter_words,
)
from training.painter_captions import COLOURS_EN, COLOURS_KO, LANGUAGES, SHAPES_EN, SHAPES_KO, caption  # noqa: E402
from training.painter_gallery import Kind  # noqa: E402
from training.painter_run import Plan, Stage  # noqa: E402
from training.painter_scenes import (  # noqa: E402
    COLOURS,
    HELD_OUT,
    OPPOSITE,
    SHAPES,
    SIZE,
    Mix,
    Scene,
    Thing,
    draw,
    scene,
)  # fmt: skip

BOTH = Mix(pairs=0.5)
SHORT = Plan(steps=4, seconds=1e6, batch=2, rate=1e-3, kept=0.9, measure_every_s=1e6, store_every_s=1e6)


@pytest.fixture(scope="module")
def words() -> painter_words.CLIPTokenizer:
    return painter_words.tokenizer(BOTH, {}, count=1500)


@pytest.fixture(autouse=True)
def small_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread, and narrow nets: what is tried here does not depend on their width."""
    torch.set_num_threads(1)
    monkeypatch.setattr(painter_nets, "VAE_WIDTHS", (8, 8, 16, 16))
    monkeypatch.setattr(painter_nets, "UNET_WIDTHS", (32, 32, 32))


def scenes(count: int, mix: Mix = BOTH, seed: int = 5) -> list[Scene]:
    return [scene(seed, number, mix) for number in range(count)]


# ---- the world ----


def test_a_scene_is_its_seed_and_number() -> None:
    assert scenes(30) == scenes(30)
    assert scene(5, 3, BOTH) != scene(6, 3, BOTH)
    picture = draw(scene(5, 3, BOTH))
    assert picture.shape == (SIZE, SIZE, 3) and picture.dtype == np.uint8
    assert np.array_equal(picture, draw(scene(5, 3, BOTH)))


def test_things_lie_inside_and_stand_out() -> None:
    for one in scenes(200):
        picture = draw(one).astype(int)
        ground = np.array(COLOURS[one.ground])
        rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert (rim == ground).all()
        for thing in one.things:
            assert thing.colour != one.ground
            x, y = (round(c) for c in thing.centre)
            if thing.kind != "ring":  # whose middle is open
                assert tuple(picture[y, x]) == COLOURS[thing.colour]


def test_the_pairs_of_the_exam_are_never_drawn_for_learning() -> None:
    drawn = {(t.colour, t.kind) for one in scenes(3000) for t in one.things}
    assert drawn.isdisjoint(HELD_OUT)
    assert len(drawn) == len(COLOURS) * len(SHAPES) - len(HELD_OUT)
    assert {(t.colour, t.kind) for one in scenes(300, Mix(exam=True)) for t in one.things} == HELD_OUT
    assert {kind for _, kind in HELD_OUT} == set(SHAPES)


def test_the_relation_is_where_the_things_are() -> None:
    for one in scenes(300, Mix(pairs=1)):
        (ax, ay), (bx, by) = (thing.centre for thing in one.things)
        if one.relation in ("left", "right"):
            assert (ax < bx) == (one.relation == "left") and abs(ax - bx) > abs(ay - by)
        else:
            assert (ay < by) == (one.relation == "above") and abs(ay - by) > abs(ax - bx)
        assert one.mirrored().relation == OPPOSITE[one.relation]
        assert one.mirrored().mirrored() == one


# ---- what is said of it ----


def said(text: str, names: dict[str, tuple[str, ...]]) -> set[str]:
    """Which of `names` a text speaks of; the longest wording is taken out first."""
    found = set()
    for wording, name in sorted(((w, n) for n, ws in names.items() for w in ws), key=lambda pair: -len(pair[0])):
        if wording in text:
            found.add(name)
            text = text.replace(wording, "·")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_captions_say_what_is_there_and_nothing_else(language: str) -> None:
    rng = np.random.default_rng(3)
    colours, shapes = (COLOURS_KO, SHAPES_KO) if language == "ko" else (COLOURS_EN, SHAPES_EN)
    for one in scenes(400):
        text = caption(rng, one, language, silent=0)
        there = {one.ground, *(t.colour for t in one.things)}
        assert said(text, colours) == there, text
        assert said(text.replace("위의", ""), shapes) == {t.kind for t in one.things}, text
        for size, wordings in (painter_captions.SIZES_KO if language == "ko" else painter_captions.SIZES_EN).items():
            if any(re.search(rf"\b{wording}\b", text) for wording in wordings):
                assert size in {t.size for t in one.things}, text


def two_things() -> Scene:
    star, circle = (
        Thing("star", "red", "middle", (96.0, 64.0), 22.0), Thing("circle", "blue", "middle", (32.0, 64.0), 22.0),
    )  # fmt: skip
    return Scene("yellow", (circle, star), "left")


def test_the_plain_wording() -> None:
    assert painter_captions.full_caption(two_things(), "ko") == "빨간 별 왼쪽의 파란 원, 노란 배경"
    english = "a blue circle left of a red star on a yellow background"
    assert painter_captions.full_caption(two_things(), "en") == english
    other = painter_captions.full_caption(two_things().mirrored(), "ko")
    assert other == "파란 원 오른쪽의 빨간 별, 노란 배경"


@pytest.mark.parametrize(
    ("word", "kinds", "right"),
    [("원", "은는", "원은"), ("네모", "은는", "네모는"), ("별", "과와", "별과"), ("하트", "이가", "하트가")],
)
def test_korean_particles(word: str, kinds: str, right: str) -> None:
    assert painter_captions.particle(word, kinds) == right


def test_many_wordings_and_articles() -> None:
    rng = np.random.default_rng(1)
    for language in LANGUAGES:
        assert len({caption(rng, two_things(), language) for _ in range(300)}) > 150
    texts = [caption(rng, one, "en") for one in scenes(400)]
    assert not [text for text in texts if re.search(r"\ba [aeiou]|\ban [^aeiou]", text)]


def test_the_tokenizer_knows_both_languages_and_fails_on_nothing(words: painter_words.CLIPTokenizer) -> None:
    assert len(words.tokenize("빨간 별")) == 2
    assert len(words.tokenize("a red star")) == 3
    assert words.decode(words("고양이 CAT 🦊").input_ids, skip_special_tokens=True) == "고양이 cat 🦊"
    longest = max(len(words(text).input_ids) for text in painter_words.captions(400, 9, BOTH, {}))
    assert longest < painter_words.LONGEST
    assert {"빨간", "star", "배경"} <= set(painter_words.known_words(300, 2, BOTH, {}))


# ---- the judge ----


@pytest.mark.parametrize("mix", [Mix(pairs=0), Mix(pairs=1), Mix(exam=True)], ids=["alone", "pairs", "unseen"])
def test_the_judge_is_right_about_true_pictures(mix: Mix) -> None:
    fresh = scenes(150, mix, seed=31)
    marks = painter_judge.shares([painter_judge.verdict(draw(one), one) for one in fresh])
    assert min(marks.values()) >= 99, marks


def test_the_judge_sees_each_fault() -> None:
    true = two_things()
    circle, star = true.things
    for fault, name in (
        (replace(true, ground="pink"), "ground"),
        (replace(true, things=(circle,)), "count"),
        (replace(true, things=(replace(circle, colour="green"), star)), "colours"),
        (replace(true, things=(replace(circle, kind="heart"), star)), "shapes"),
        (replace(true, things=(replace(circle, centre=star.centre), replace(star, centre=circle.centre))), "relation"),
    ):
        verdict = painter_judge.verdict(draw(fault), true)
        assert not getattr(verdict, name) and not verdict.all, name
    blank = np.full((SIZE, SIZE, 3), COLOURS["yellow"], np.uint8)
    assert not painter_judge.verdict(blank, true).all


def test_a_blob_is_no_shape() -> None:
    one = replace(two_things(), things=two_things().things[:1], relation=None)
    picture = draw(one)
    rng = np.random.default_rng(0)
    for _ in range(60):  # pieces bitten out of it
        x, y = rng.integers(8, 56), rng.integers(40, 88)
        picture = picture.copy()
        picture[y : y + 6, x : x + 6] = COLOURS["yellow"]
    assert not painter_judge.verdict(picture, one).shapes


# ---- the stages ----


def test_the_autoencoder_begins_by_passing_the_picture_on() -> None:
    torch.manual_seed(0)
    vae = painter_nets.new_vae().eval()
    pictures = [draw(one) for one in scenes(8)]
    with torch.no_grad():
        latents = vae.encode(painter_vae.as_tensor(pictures)).latent_dist.mean
    grounds = torch.tensor([list(COLOURS[one.ground]) for one in scenes(8)]).float()
    rim = latents[:, :, 1, 1]
    apart, latents_apart = torch.cdist(grounds, grounds), torch.cdist(rim, rim)
    assert float(torch.corrcoef(torch.stack([apart.flatten(), latents_apart.flatten()]))[0, 1]) > 0.7
    assert latents.shape == (8, 4, 16, 16)


def test_folding_changes_the_latents_scale_and_not_the_pictures() -> None:
    torch.manual_seed(0)
    vae = painter_nets.new_vae().eval()
    x = painter_vae.as_tensor([draw(one) for one in scenes(16)])
    with torch.no_grad():
        before = vae.encode(x).latent_dist
        picture = vae.decode(before.mean).sample
        painter_nets.fold_statistics(vae, before.mean)
        after = vae.encode(x).latent_dist
        again = vae.decode(after.mean).sample
    assert float(after.mean.mean((0, 2, 3)).abs().max()) < 1e-3
    assert torch.allclose(after.mean.std((0, 2, 3)), torch.ones(4), atol=1e-3)
    assert torch.allclose(picture, again, atol=1e-3)
    ratio = before.mean.std((0, 2, 3)) / after.mean.std((0, 2, 3))
    assert torch.allclose(after.std * ratio[None, :, None, None], before.std, atol=1e-3)


def shown(count: int = 6) -> painter_vae.Pictures:
    mixes = {"alone": Mix(pairs=0), "pairs": Mix(pairs=1)}
    return painter_vae.Pictures(
        {name: torch.from_numpy(np.stack([draw(one) for one in scenes(count, mix)])) for name, mix in mixes.items()}
    )


def kinds(folder: Path, words: painter_words.CLIPTokenizer, count: int = 6) -> list[Kind]:
    if not (folder / "tokenizer").exists():
        words.save_pretrained(folder / "tokenizer")
    place = {"count": count, "folder": folder / "pictures", "words": folder / "tokenizer"}
    return [Kind(name, 3, mix, **place) for name, mix in (("alone", Mix(pairs=0)), ("pairs", Mix(pairs=1)))]


def test_pictures_drawn_ahead_are_the_scenes_and_what_is_said_of_them(
    words: painter_words.CLIPTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter_gallery, "PIECE", 4)
    both = kinds(tmp_path, words)
    painter_gallery.draw_all(both, workers=1)
    for kind in both:
        pictures = painter_gallery.pictures(kind, 5, "cpu")
        assert pictures.shape == (5, SIZE, SIZE, 3)
        assert all(np.array_equal(pictures[at], draw(scene(3, at, kind.mix))) for at in range(5))
        torch.manual_seed(0)
        pool = painter_gallery.pool(kind, painter_nets.new_vae().eval())
        assert pool.latents.shape == (6, 4, 16, 16)
        assert pool.captions.shape == (6, painter_gallery.WORDINGS, painter_words.LONGEST)
        for at in range(6):
            for number, numbers in enumerate(pool.captions[at]):
                text = words.decode(numbers, skip_special_tokens=True)
                assert bool(re.search("[가-힣]", text)) == (number % 2 == 1), text
                named = said(text, COLOURS_KO if number % 2 else COLOURS_EN)
                assert {t.colour for t in scene(3, at, kind.mix).things} <= named, text
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "pictures").iterdir()}
    painter_gallery.draw_all(both, workers=1)
    assert before == {file: file.stat().st_mtime_ns for file in (tmp_path / "pictures").iterdir()}
    next((tmp_path / "pictures").glob("*pictures.npy")).unlink()
    painter_gallery.draw_all(both, workers=1)
    assert before.keys() == set((tmp_path / "pictures").iterdir())


def test_kinds_are_drawn_as_their_shares_say() -> None:
    rng = np.random.default_rng(0)
    places = painter_gallery.drawn(rng, {"alone": 10, "pairs": 90}, {"alone": 0.7, "pairs": 0.3, "emoji": 0}, 4000)
    assert 0.66 < (places < 10).mean() < 0.74
    assert set(places) == set(range(100))
    for samples, has_emoji in ((0, True), (180_000, True), (10**6, True), (10**6, False)):
        parts = painter_unet.shares(samples, has_emoji)
        assert sum(parts.values()) == pytest.approx(1) and min(parts.values()) >= 0
        assert (parts["emoji"] > 0) == (has_emoji and samples >= painter_unet.EMOJI_AFTER)
        assert (parts["pairs"] > 0.3) == (samples >= painter_unet.PAIRS_AFTER)


def stage_of(name: str, folder: Path, words: painter_words.CLIPTokenizer) -> Stage:
    if name == "vae":
        return painter_vae.VaeStage(folder, SHORT, BOTH, {}, shown())
    if name == "text":
        return painter_text.TextStage(folder, SHORT, words, BOTH, {})
    torch.manual_seed(1)
    vae, pools = painter_nets.new_vae().eval(), {}
    for kind in kinds(folder, words):
        painter_gallery.draw_all([kind], workers=1)
        pools[kind.name] = painter_gallery.pool(kind, vae)
    encoder = painter_nets.new_text_encoder(len(words), words.eos_token_id, words.bos_token_id)
    return painter_unet.UnetStage(folder, SHORT, painter_unet.Tools(vae, words, {}, pools), encoder)


def test_the_hand_practises_while_the_eye_stays_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(1)
    vae = painter_nets.new_vae().eval()
    x = painter_vae.as_tensor([draw(one) for one in scenes(4)])
    plan = replace(SHORT, rate=2e-3, warm_up=1)
    stage = painter_vae.DecoderStage(tmp_path, plan, BOTH, {}, shown(), vae)
    with torch.no_grad():
        before = stage.whole()
        assert torch.equal(before.decode(before.encode(x).latent_dist.mean).sample,
                           vae.decode(vae.encode(x).latent_dist.mean).sample)  # fmt: skip
        first = float(stage.loss(torch.Generator().manual_seed(0)))
    for _ in range(6):
        stage.learn()
    with torch.no_grad():
        stage.step = 0  # the pictures of the first step again
        assert float(stage.loss(torch.Generator().manual_seed(0))) < first
        assert torch.equal(stage.whole().encode(x).latent_dist.mean, vae.encode(x).latent_dist.mean)


@pytest.mark.parametrize("name", ["vae", "text", "unet"])
def test_a_stage_that_was_killed_ends_like_one_that_was_not(
    name: str, words: painter_words.CLIPTokenizer, tmp_path: Path
) -> None:
    whole = stage_of(name, tmp_path / "whole", words)
    for _ in range(4):
        whole.learn()
    killed = stage_of(name, tmp_path / "killed", words)
    for _ in range(2):
        killed.learn()
    killed.store()
    killed.learn()  # lost with the kill
    (killed.folder / f"{name}.part").write_bytes(b"half a checkpoint")
    resumed = stage_of(name, tmp_path / "killed", words)
    assert resumed.step == 2
    resumed.learn()
    resumed.learn()
    for one, other in ((whole.nets, resumed.nets), (whole.average, resumed.average)):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    fresh = stage_of(name, tmp_path / "fresh", words)
    assert not all(torch.equal(a, b) for a, b in zip(fresh.nets.parameters(), whole.nets.parameters(), strict=True))


def test_the_rate_rises_stays_and_falls_with_steps_or_with_time(tmp_path: Path, words: object) -> None:
    stage = stage_of("vae", tmp_path, words)
    stage.plan = replace(SHORT, steps=10_000, seconds=100, flat=0.5)
    rates = []
    for stage.step, stage.used_s in ((0, 0.0), (300, 3.0), (4_000, 50.0), (4_000, 75.0), (4_000, 100.0)):
        rates.append(stage.rate() / stage.plan.rate)
    assert rates == pytest.approx([1 / 200, 1, 1, 0.5, 0.02], abs=1e-6)


def test_a_spent_budget_ends_a_stage_with_its_marks(
    tmp_path: Path, words: painter_words.CLIPTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stage_of("text", tmp_path, words)
    monkeypatch.setattr(stage, "measure", lambda: {"seen": 1.0})
    stage.plan = replace(SHORT, steps=100_000, seconds=0.2)
    stage.run()
    assert stage.progress == 1 and stage.step < 100
    assert stage.curve[-1]["seen"] == 1.0 and stage.checkpoint.exists()
    assert (tmp_path / "text.json").exists()


def test_what_is_asked_of_the_words() -> None:
    numbers = painter_text.kinds_of(BOTH)
    one = painter_text.answers(two_things(), numbers)
    assert one == painter_text.answers(two_things().mirrored(), numbers)
    colours, shapes = list(COLOURS), list(SHAPES)
    circle, star = [colours.index("blue"), shapes.index("circle")], [colours.index("red"), shapes.index("star")]
    assert one == [colours.index("yellow"), 1, *circle, *star]


def test_exams_are_fixed_and_the_same_in_both_languages() -> None:
    english, korean = (painter_exam.questions(language) for language in LANGUAGES)
    assert len(english) == 200 and english == painter_exam.questions("en")
    assert [one.scene for one in english] == [one.scene for one in korean]
    assert not any(re.search("[가-힣]", one.prompt) for one in english)
    assert all(re.search("[가-힣]", one.prompt) for one in korean)


# ---- the files ----


def test_a_training_can_begin_with_the_weights_that_are_shipped(
    words: painter_words.CLIPTokenizer, tmp_path: Path
) -> None:
    taught = stage_of("unet", tmp_path / "first", words)
    painter_export.write(tmp_path / "out", taught, BOTH, {})
    given = ["--work", str(tmp_path / "next"), "--start", str(tmp_path / "out"), "--pictures", "6"]
    given += ["--workers", "1"]
    fresh = painter.Training(painter.arguments(given)).unet()
    for name in ("unet", "text"):
        begins, ended = fresh.nets[name].state_dict(), taught.average[name].state_dict()
        assert all(torch.allclose(begins[key], ended[key], atol=1e-3) for key in ended)
    assert fresh.step == 0 and len(fresh.tools.words) == len(words)


def test_the_files_are_a_stable_diffusion_pipeline(words: painter_words.CLIPTokenizer, tmp_path: Path) -> None:
    from diffusers import StableDiffusionPipeline

    stage = stage_of("unet", tmp_path, words)
    painter_export.write(tmp_path / "out", stage, BOTH, {})
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "out", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    prompt = "빨간 별 왼쪽의 파란 원, 노란 배경"
    picture = pipeline(prompt, num_inference_steps=2, guidance_scale=2, output_type="np").images[0]
    assert picture.shape == (SIZE, SIZE, 3) and np.isfinite(picture).all()
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.scheduler.config.rescale_betas_zero_snr
    stored = pipeline.text_encoder.state_dict()
    for name, value in stage.average["text"].state_dict().items():
        assert torch.allclose(stored[name].float(), value.float(), atol=2e-3), name


def test_emoji_are_read_from_files_and_recognised(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for code in painter_emoji.CHOSEN:
        patches = rng.integers(0, 255, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(patches).resize((128, 128), Image.Resampling.NEAREST).save(tmp_path / f"{code}.png")
    emoji = painter_emoji.pictures(tmp_path)
    mix = Mix(pairs=0, emoji=tuple(emoji), emoji_share=1)
    right = [painter_emoji.recognised(draw(one, emoji), one.ground, emoji) == one.things[0].kind
             for one in scenes(40, mix)]  # fmt: skip
    assert np.mean(right) >= 0.9
    text = painter_captions.full_caption(scene(5, 0, mix), "ko", painter_emoji.names())
    assert painter_emoji.names()[scene(5, 0, mix).things[0].kind][1] in text


def test_the_command_knows_its_stages(tmp_path: Path) -> None:
    args = painter.arguments(["--work", str(tmp_path), "--stages", "vae", "--vae-seconds", "5"])
    training = painter.Training(args)
    assert training.mix.emoji_share == 0 and training.plan("vae").seconds == 5
    assert training.plan("unet").seconds == painter_unet.PLAN.seconds
    on_gpu = painter.Training(painter.arguments(["--work", str(tmp_path), "--device", "cuda"]))
    assert on_gpu.plan("unet") == replace(painter_unet.GPU_PLAN, device="cuda")
    with pytest.raises(SystemExit):
        painter.arguments(["--stages", "paint"])
