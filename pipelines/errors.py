"""What can go wrong, said to the visitor.

PipelineError
+-- InvalidInput        the call cannot mean anything: wrong type, out of range, unreadable file
|   +-- TooLarge        it means something, but more than the limits allow
|   +-- UnknownEngine   no engine of that name
+-- EngineUnavailable   the engine exists but cannot be used here: package, weights, network, account
|   +-- NotEnoughMemory it would not fit
+-- EngineFailed        the engine broke while working
+-- Busy                too many wait already
+-- Cancelled           the visitor, or a closed connection, stopped the work

Messages are one or two plain sentences: what happened, what to do now. Each is given in English and Korean.
Any other exception is a bug.
"""

from __future__ import annotations

from pipelines.words import Language, Text


class PipelineError(Exception):
    """Base of all errors that are meant for visitors. `code` is stable: programs may rely on it."""

    code = "engine_failed"

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.message.en} [{self.code}]"

    def to(self, language: Language) -> str:
        """The sentence that a client gets: it ends in the code in square brackets."""
        return f"{self.message.to(language)} [{self.code}]"

    def __reduce__(self) -> tuple[type[PipelineError], tuple[Text]]:
        return type(self), (self.message,)


class InvalidInput(PipelineError):
    code = "invalid_input"


class TooLarge(InvalidInput):
    code = "too_large"


class UnknownEngine(InvalidInput):
    code = "unknown_engine"


class EngineUnavailable(PipelineError):
    code = "engine_unavailable"


class NotEnoughMemory(EngineUnavailable):
    code = "not_enough_memory"


class EngineFailed(PipelineError):
    code = "engine_failed"


class Busy(PipelineError):
    code = "busy"


class Cancelled(PipelineError):
    code = "cancelled"

    def __init__(self, message: Text = Text(en="Stopped, as you asked.", ko="요청하신 대로 멈췄습니다.")) -> None:
        super().__init__(message)
