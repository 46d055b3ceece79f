"""Languages that models are known to write."""

from __future__ import annotations

# Of the more than 100 that its makers name, those that the page has names for.
QWEN3 = tuple("en ko zh ja es fr de it pt ru ar vi th id tr nl pl hi".split())
