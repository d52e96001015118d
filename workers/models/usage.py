"""What models were asked, counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """What models were asked, in tokens as they counted them."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.output_tokens

    def dump(self) -> dict[str, int]:
        """Return JSON values."""
        return {
            "requests": self.requests,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }

    @staticmethod
    def read(written: Any) -> "Usage":
        """Make it again; what is no number counts as 0."""
        if not isinstance(written, Mapping):
            return Usage()
        counts = [written.get(n) for n in ("requests", "input_tokens", "output_tokens")]
        return Usage(*(c if isinstance(c, int) else 0 for c in counts))
