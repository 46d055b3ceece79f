"""Where the parts of a pipeline lie: in ordinary memory, on the graphics card, or moved there when they work."""

from __future__ import annotations

from typing import Any, Literal

Place = Literal["here", "whole", "parts", "layers"]
WORKING_MB = 1500.0  # of graphics memory, for what a picture needs beside the weights
_MIB = 1024 * 1024


def choose(pipes: list[Any]) -> Place:
    """ "here": no graphics card. "whole": all parts fit on it. "parts": each of them does. "layers": not even that."""
    import torch

    if not torch.cuda.is_available():
        return "here"
    modules = {id(part): part for pipe in pipes for part in parts(pipe)}.values()
    sizes = [sum(value.nbytes for value in part.state_dict().values()) / _MIB for part in modules]
    free = torch.cuda.mem_get_info()[0] / _MIB - WORKING_MB
    if sum(sizes) <= free:
        return "whole"
    return "parts" if max(sizes) <= free else "layers"


def put(pipe: Any, place: Place) -> None:
    """Bring a pipeline there. It may share parts with another one that was put before."""
    if place == "whole":
        pipe.to("cuda")
    elif place == "parts":
        pipe.enable_model_cpu_offload()
    elif place == "layers":
        pipe.enable_sequential_cpu_offload()


def parts(pipe: Any) -> list[Any]:
    """The networks of a pipeline."""
    import torch

    return [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
