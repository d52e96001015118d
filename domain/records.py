"""Values that are made for every request: dataclasses that nobody changes, and that cost a fifth of frozen ones.

A frozen dataclass sets each field by `object.__setattr__`: 1.3 us for six fields, where plain ones take 0.2 us
(CPython 3.11). An edit makes some fifteen such values. Type checkers hold a `record` as frozen; at run time nothing
stands guard, so that what is kept for long, or shared by many, is rather a frozen dataclass.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a value of fields, with slots: equal by them, hashed by them, and never assigned to again."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
