"""The SPEC of an engine that is named after its repository."""

from __future__ import annotations

from pipelines import hub
from pipelines.engines.spec import FAMILY, EngineSpec
from pipelines.hub_cache import choose, entries_below
from pipelines.words import Text


def repository_spec(
    task: str,
    repo: str,
    *,
    rank: int,
    packages_mb: float,
    memory_shares: tuple[tuple[str, float], ...],
    requires: tuple[str, ...],
    files: tuple[str, ...],
    languages: tuple[str, ...] = (),
) -> EngineSpec:
    """`hub:<repo>`: weighed where its files are here, otherwise of unknown size. Reads no network.

    `packages_mb` is what its packages take in memory beside the weights.
    """
    spec = EngineSpec(
        task=task,
        name=f"{FAMILY}{repo}",
        label=Text(en=repo, ko=repo),
        kind="hub",
        rank=rank,
        licence="as its card on huggingface.co says",
        size_mb=0,  # not known before the Hub is asked
        memory_mb=packages_mb,
        memory_shares=memory_shares,
        languages=languages,
        requires=requires,
        repo=repo,
        files=files,
    )
    here = hub.find(repo, files)
    return spec if here is None else spec.weighed(choose(entries_below(here), files)[0])
