"""What using an engine will cost, before anything is fetched: download, disk, memory, licence, terms.

`known` answers from the SPEC and this machine alone; `asked` asks the Hub (one request) for the real files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipelines import engines, hub, settings, transfer, weights
from pipelines.engines import EngineSpec
from pipelines.hub_cache import Entry
from pipelines.words import Text

_FITS, _FITS_NOT = Text(en="fits", ko="들어갑니다"), Text(en="does not fit", ko="들어가지 않습니다")
_UNKNOWN = Text(en="not known before the Hub is asked", ko="Hub에 물어보기 전에는 알 수 없음")


@dataclass(frozen=True)
class Plan:
    """The facts of one download. Sizes in MB."""

    spec: EngineSpec
    here: bool
    destination: Path
    download_mb: float  # what is still to come
    free_mb: float
    budget_mb: float
    licence: str
    commit: str | None
    files: tuple[Entry, ...] = ()  # empty while the Hub was not asked
    gated: bool | None = None  # None: not known
    asked: bool = False
    memory_mb: float | None = None  # None: not known before the Hub is asked

    @property
    def fits_disk(self) -> bool:
        return self.download_mb <= 0 or self.download_mb + transfer.SPARE_BYTES / 1e6 <= self.free_mb

    @property
    def fits_memory(self) -> bool:
        return (self.memory_mb or 0.0) <= self.budget_mb

    @property
    def certain(self) -> bool:
        """Whether the sizes were read where the files lie, by us or by whoever wrote the SPEC."""
        return self.asked or self.spec.verified

    def facts(self) -> list[tuple[Text, Text]]:
        """Name and value of each fact, in the order in which people ask."""
        return [
            (Text(en="Download", ko="내려받을 양"), self._download()),
            (Text(en="Memory", ko="메모리"), self._memory()),
            (Text(en="Disk", ko="디스크"), self._disk()),
            (Text(en="Licence", ko="라이선스"), _same(self.licence)),
            (Text(en="Source", ko="출처"), self._source()),
        ]

    def problems(self) -> list[Text]:
        """Why this download cannot or should not be made; empty when nothing is in the way."""
        found = []
        if settings.current().offline and not self.here:
            found.append(Text(en="This server is set to work offline.", ko="이 서버는 오프라인으로 설정되어 있습니다."))
        if engines.status(self.spec) == "missing_package":
            names = ", ".join(self.spec.requires)
            found.append(Text(en=f"A package is missing ({names}).", ko=f"필요한 패키지가 없습니다({names})."))
        if not self.fits_disk:
            found.append(Text(en="The disk has not enough room.", ko="디스크 공간이 부족합니다."))
        if not self.fits_memory:
            found.append(
                Text(en="It needs more memory than there is.", ko="필요한 메모리가 여기 있는 것보다 많습니다.")
            )
        if self.gated:
            found.append(
                Text(
                    en="Its owner asks you to accept terms on huggingface.co and to set HF_TOKEN.",
                    ko="huggingface.co에서 이용 조건에 동의하고 HF_TOKEN을 설정해야 합니다.",
                )
            )
        return found

    def _download(self) -> Text:
        if self.here and self.download_mb <= 0:
            return Text(en="nothing, it is here", ko="없음 (이미 있음)")
        if self.spec.unweighed and not self.asked:
            return _UNKNOWN
        size = megabytes(self.download_mb)
        if not self.certain:
            return Text(en=f"about {size}, not checked yet", ko=f"약 {size}, 아직 확인하지 않음")
        count = len(self.files)
        more = (
            Text(en=f" in {count} file{'s' if count > 1 else ''}", ko=f", 파일 {count}개")
            if count
            else Text(en="", ko="")
        )
        return Text(en=size + more.en, ko=size + more.ko)

    def _memory(self) -> Text:
        if self.memory_mb is None:
            return _UNKNOWN
        verdict = _FITS if self.fits_memory else _FITS_NOT
        need, limit = megabytes(self.memory_mb), megabytes(self.budget_mb)
        return Text(
            en=f"about {need} of the {limit} for engines here: {verdict.en}",
            ko=f"여기서 엔진에 쓸 수 있는 {limit} 중 약 {need}: {verdict.ko}",
        )

    def _disk(self) -> Text:
        verdict = _FITS if self.fits_disk else _FITS_NOT
        free = megabytes(self.free_mb)
        return Text(en=f"{free} free: {verdict.en}", ko=f"{free} 남음: {verdict.ko}")

    def _source(self) -> Text:
        commit = f" @ {self.commit[:7]}" if self.commit else ""
        return _same(f"{self.spec.repo}{commit}")


def known(spec: EngineSpec) -> Plan:
    """The plan as far as it is known without any network."""
    place, target = weights.find(spec), weights.destination(spec)
    return Plan(
        spec=spec,
        here=place is not None,
        destination=place or target,
        download_mb=0.0 if place is not None else spec.size_mb,
        free_mb=transfer.free_bytes(target) / 1e6,
        budget_mb=engines.budget_mb(),
        licence=spec.licence,
        commit=weights.commit(spec),
        memory_mb=None if spec.unweighed else spec.memory_mb,
    )


def asked(spec: EngineSpec) -> Plan:
    """The plan with the files that the Hub has now. Raises `EngineUnavailable` when it does not answer."""
    plan = known(spec)
    if spec.web_files or plan.here:
        return plan
    found = hub.listing(str(spec.repo), spec.files, spec.revision, spec.label)
    more = [hub.listing(one.repo, one.files, one.revision, spec.label) for one in spec.beside]
    return replace(
        plan,
        download_mb=sum(one.size - one.have for one in (found, *more)) / 1e6,
        commit=found.commit,
        licence=plan.licence if spec.verified else found.licence or plan.licence,
        memory_mb=spec.weighed(found.files).memory_mb if spec.unweighed else spec.memory_mb,
        files=(*found.files, *(entry for one in more for entry in one.files)),
        gated=any(one.gated for one in (found, *more)),
        asked=True,
    )


def megabytes(size_mb: float) -> str:
    """0.23 MB, 148 MB, 1.6 GB."""
    if size_mb >= 1000:
        return f"{size_mb / 1000:.1f} GB"
    return f"{size_mb:.0f} MB" if size_mb >= 10 else f"{size_mb:.2g} MB"


def _same(text: str) -> Text:
    return Text(en=text, ko=text)
