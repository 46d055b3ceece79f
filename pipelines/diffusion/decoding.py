"""Latents as pictures: in full, with a small decoder where that saves most of the time, or roughly while they grow."""

from __future__ import annotations

from typing import Any

from PIL import Image

from pipelines.errors import EngineFailed
from pipelines.words import Text

_SIDE, _PATCH = 128, 16  # of the picture from which the colours of latents are learned; pixels


def decode(pipe: Any, latents: Any, small: Any = None) -> Any:
    """Latents (1, c, h, w) as a picture (1, 3, H, W) between -1 and 1, by the pipeline's decoder or a `small` one."""
    import torch

    vae, where = (pipe.vae, pipe._execution_device) if small is None else (small, small.device)
    upcast = vae.dtype == torch.float16 and bool(vae.config.get("force_upcast"))
    with torch.no_grad():
        if upcast:
            vae.to(dtype=torch.float32)
        picture = vae.decode(_unscaled(vae, latents).to(where, vae.dtype), return_dict=False)[0]
        if upcast:
            vae.to(dtype=torch.float16)
    if not bool(torch.isfinite(picture).all()):
        raise EngineFailed(_EMPTY)
    return picture


def as_image(picture: Any) -> Image.Image:
    """A picture (1, 3, H, W) between -1 and 1 as PIL's."""
    rows = ((picture[0].float() / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(rows.cpu().numpy())


class Previews:
    """What a picture looks like so far, at next to no cost.

    `exact`: the decoder to use ("own": the pipeline's). Without one, a linear map from latents to colours is learned
    once, from how the pipeline's own encoder sees a chequerboard of random colours.
    """

    def __init__(self, pipe: Any, exact: Any = None) -> None:
        self._pipe = pipe
        self._exact = exact
        self._colours: Any = None

    def of(self, latents: Any, scheduler: Any, size: tuple[int, int]) -> Image.Image | None:
        """`scheduler` is the one that works on them; some keep latents of another scale than the network sees."""
        import torch

        calm = latents / _spread(scheduler)
        with torch.no_grad():
            if self._exact is not None:
                small = None if self._exact == "own" else self._exact
                return as_image(decode(self._pipe, calm, small))
            if self._colours is None:
                self._colours = _learned(self._pipe)
            spots = calm[0].float().cpu().permute(1, 2, 0)
            rough = torch.cat([spots, torch.ones_like(spots[..., :1])], -1) @ self._colours
        return as_image(rough.permute(2, 0, 1)[None]).resize(size, Image.Resampling.BICUBIC)


class NoPreviews(Previews):
    """For latents of a shape that is not looked into."""

    def of(self, latents: Any, scheduler: Any, size: tuple[int, int]) -> Image.Image | None:
        return None


def _learned(pipe: Any) -> Any:
    """(c + 1, 3): what to multiply latents and a 1 by to get colours between -1 and 1."""
    import torch

    vae, made = pipe.vae, torch.Generator().manual_seed(0)
    count = _SIDE // _PATCH
    patches = torch.rand((1, 3, count, count), generator=made) * 2 - 1
    picture = patches.repeat_interleave(_PATCH, 2).repeat_interleave(_PATCH, 3)
    seen = vae.encode(picture.to(pipe._execution_device, vae.dtype))
    latents = seen.latent_dist.mode() if hasattr(seen, "latent_dist") else seen.latents
    latents = _scaled(vae, latents).float().cpu()[0].permute(1, 2, 0)
    steps = _SIDE // latents.shape[0]
    colours = picture[0, :, ::steps, ::steps].permute(1, 2, 0).reshape(-1, 3)
    rows = latents.reshape(-1, latents.shape[-1])
    return torch.linalg.lstsq(torch.cat([rows, torch.ones(len(rows), 1)], 1), colours).solution


def _spread(scheduler: Any) -> float:
    """By how much these latents are larger than those that the network sees."""
    sigmas, at = getattr(scheduler, "sigmas", None), getattr(scheduler, "step_index", None)
    if sigmas is None or at is None or float(scheduler.init_noise_sigma) <= 1:
        return 1.0
    return float((sigmas[min(at, len(sigmas) - 1)] ** 2 + 1) ** 0.5)


def _unscaled(vae: Any, latents: Any) -> Any:
    mean, deviation = _statistics(vae, latents)
    return latents * deviation / vae.config.scaling_factor + mean


def _scaled(vae: Any, latents: Any) -> Any:
    mean, deviation = _statistics(vae, latents)
    return (latents - mean) * vae.config.scaling_factor / deviation


def _statistics(vae: Any, latents: Any) -> tuple[Any, Any]:
    """Mean and deviation of each channel, where the decoder's makers give them."""
    import torch

    mean, deviation = vae.config.get("latents_mean"), vae.config.get("latents_std")
    if mean is None or deviation is None:
        shift = vae.config.get("shift_factor") if hasattr(vae, "quant_conv") else None
        return shift or 0.0, 1.0
    return tuple(torch.tensor(value, device=latents.device).view(1, -1, 1, 1) for value in (mean, deviation))


_EMPTY = Text(
    en="The model gave numbers that are no picture. Try another seed, scheduler or size.",
    ko="모델이 그림이 아닌 값을 내놓았습니다. 시드나 스케줄러, 크기를 바꿔 보세요.",
)
