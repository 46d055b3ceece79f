"""The public endpoints as data: the project's own copy of what clients rely on. Change it with a CHANGELOG entry.

A parameter without a default is required. `results` counts what comes back (a tuple where it is more than one).
`tab` is the task whose tab brings the endpoint; None: it belongs to the page itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REQUIRED = object()


@dataclass(frozen=True)
class Endpoint:
    """One row of the table."""

    tab: str | None
    parameters: dict[str, Any]
    results: int
    files: tuple[str, ...] = field(default=())  # parameters that are a file or a list of files


_MOSAIC = {"style": "mosaic", "strength": 0.7, "threshold": -1}

ENDPOINTS: dict[str, Endpoint] = {
    "/chat": Endpoint(
        "chat",
        {
            "message": REQUIRED, "history": [], "engine": "auto", "system_prompt": "", "temperature": 0.7,
            "top_p": 0.8, "max_new_tokens": 512, "thinking": False, "seed": -1, "documents": [], "adapter": "",
        },
        2,
        ("documents",),
    ),
    "/digits": Endpoint("digits", {"image": REQUIRED, "engine": "auto"}, 3, ("image",)),
    "/digits_number": Endpoint("digits", {"image": REQUIRED, "engine": "auto"}, 2, ("image",)),
    "/digits_sample": Endpoint("digits", {"index": 100, "noise": False, "seed": 0}, 2),
    "/face_mosaic": Endpoint(
        "face_mosaic", {"image": REQUIRED, **_MOSAIC, "keep": [], "boxes": [], "engine": "auto"}, 2, ("image",)
    ),
    "/face_mosaic_batch": Endpoint("face_mosaic", {"files": REQUIRED, **_MOSAIC, "engine": "auto"}, 3, ("files",)),
    "/face_mosaic_video": Endpoint("face_mosaic", {"video": REQUIRED, **_MOSAIC, "engine": "auto"}, 2, ("video",)),
    "/ocr": Endpoint(
        "ocr", {"document": REQUIRED, "language": "auto", "pages": "", "engine": "auto"}, 4, ("document",)
    ),
    "/speech_to_text": Endpoint(
        "speech_to_text",
        {"audio": REQUIRED, "language": "auto", "task": "transcribe", "engine": "auto", "word_timestamps": False},
        4,
        ("audio",),
    ),
    "/text_to_speech": Endpoint(
        "text_to_speech",
        {
            "text": REQUIRED, "language": "auto", "voice": "auto", "speed": 1.0, "seed": 0, "format": "wav",
            "engine": "auto",
        },
        3,
    ),
    "/voices": Endpoint("text_to_speech", {"engine": "auto"}, 1),
    "/text_to_image": Endpoint(
        "text_to_image",
        {
            "prompt": REQUIRED, "negative_prompt": "", "engine": "auto", "steps": 0, "guidance_scale": -1, "width": 0,
            "height": 0, "seed": -1, "count": 1, "image": None, "image_strength": 0.6, "scheduler": "", "style": "",
            "lora": "", "lora_scale": 1.0,
        },
        2,
        ("image",),
    ),
    "/inpainting": Endpoint(
        "inpainting",
        {
            "image": REQUIRED, "mask": None, "prompt": "", "negative_prompt": "", "engine": "auto", "steps": 0,
            "guidance_scale": -1, "strength": 1.0, "grow": 0, "feather": 0, "invert": False, "extend": "", "seed": -1,
        },
        2,
        ("image", "mask"),
    ),
    "/voice_chat": Endpoint(
        "chat",
        {
            "audio": REQUIRED, "history": [], "system_prompt": "", "language": "auto", "voice": "auto",
            "stt_engine": "auto", "chat_engine": "auto", "tts_engine": "auto",
        },
        4,
        ("audio",),
    ),
    "/video_to_text": Endpoint(
        "speech_to_text", {"video": REQUIRED, "language": "auto", "every_s": 5.0}, 2, ("video",)
    ),
    "/engines": Endpoint(None, {"task": ""}, 1),
    "/engine_fetch": Endpoint(None, {"task": REQUIRED, "engine": REQUIRED}, 1),
    "/engine_unload": Endpoint(None, {"task": REQUIRED, "engine": REQUIRED}, 1),
}  # fmt: skip
