"""How the parameters of a search are read: strictly, and in microseconds. Each also says how it is documented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rest_framework import serializers

Fault = tuple[str, str] | None  # words, rule


class Reader(Protocol):
    @property
    def default(self) -> Any: ...

    def read(self, text: str) -> tuple[Any, Fault]: ...

    def documented(self) -> Any: ...


@dataclass(frozen=True)
class Number:
    """A whole number from `least` to `most`; `check` gives words when it is none that is known."""

    least: int
    most: int
    words: str
    check: Callable[[int], str | None] | None = None
    default: int | None = None

    def read(self, text: str) -> tuple[Any, Fault]:
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            return None, ("this is not a whole number", "field_is_of_its_kind")
        value = int(text)
        if not self.least <= value <= self.most:
            return None, (f"{self.least} to {self.most} is allowed here", "field_is_within_bounds")
        if self.check and (words := self.check(value)):
            return None, (words, "field_is_known")
        return value, None

    def documented(self) -> Any:
        return serializers.IntegerField(
            required=False,
            min_value=self.least,
            max_value=self.most,
            help_text=self.words,
            **_default(self.default),
        )


@dataclass(frozen=True)
class Flag:
    """true or false."""

    words: str
    default: bool | None = None

    def read(self, text: str) -> tuple[Any, Fault]:
        value = {"true": True, "false": False}.get(text)
        return value, None if value is not None else ("this is not true or false", "field_is_of_its_kind")

    def documented(self) -> Any:
        return serializers.BooleanField(required=False, help_text=self.words, **_default(self.default))


@dataclass(frozen=True)
class Text:
    """One of `options`, or (None) any text of at most `most` characters without NUL."""

    options: Sequence[str] | None
    words: str
    most: int = 40
    default: str | None = None

    def read(self, text: str) -> tuple[Any, Fault]:
        if self.options is not None:
            return (
                (text, None)
                if text in self.options
                else (None, (f"one of {', '.join(self.options)}", "field_is_known"))
            )
        if len(text) > self.most:
            return None, (f"at most {self.most} characters are allowed here", "field_is_within_bounds")
        if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
            return None, ("this is no text", "text_has_no_nul")
        return text, None

    def documented(self) -> Any:
        if self.options is not None:
            return serializers.ChoiceField(
                self.options, required=False, help_text=self.words, **_default(self.default)
            )
        return serializers.CharField(
            required=False,
            allow_blank=True,
            max_length=self.most,
            help_text=self.words,
            **_default(self.default),
        )


def _default(value: Any) -> dict[str, Any]:
    return {} if value is None else {"default": value}
