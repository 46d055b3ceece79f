"""The safety checker that some repositories bring: it looks at every picture before anybody sees it."""

from __future__ import annotations

from typing import Any

from PIL import Image

from pipelines.diffusion.decoding import as_image

BLANK = (128, 128, 128)  # what is shown in place of a picture that was held back


def looked_at(pipe: Any, picture: Any) -> tuple[Image.Image, bool]:
    """A decoded picture (1, 3, H, W) as an image, and whether the checker held it back: then the image is a blank."""
    import torch

    image = as_image(picture)
    if getattr(pipe, "safety_checker", None) is None:
        return image, False
    with torch.no_grad():
        _, found = pipe.run_safety_checker(
            picture, pipe._execution_device, next(pipe.safety_checker.parameters()).dtype
        )
    if found and found[0]:
        return Image.new("RGB", image.size, BLANK), True
    return image, False
