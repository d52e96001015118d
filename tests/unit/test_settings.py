"""Settings never show what is secret."""

import pytest
from pydantic import ValidationError

from infra.settings import Settings

PASSWORD = "correct-horse-battery-staple"


def made(**more: str) -> Settings:
    return Settings(
        **{
            "database_url": f"postgresql://me:{PASSWORD}@127.0.0.1/db",
            "redis_url": f"redis://:{PASSWORD}@127.0.0.1/0",
            "jwt_secret": PASSWORD * 2,
            "person_key_secret": PASSWORD * 3,
            **more,
        }
    )


def test_their_text_holds_no_secret() -> None:
    assert PASSWORD not in repr(made())
    assert PASSWORD not in str(made())


@pytest.mark.parametrize(
    ("name", "value"),
    [("jwt_secret", PASSWORD[:20]), ("database_url", f"mysql://me:{PASSWORD[:20]}@h/db")],
)
def test_a_wrong_one_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        made(**{name: value})
    assert name in str(refused.value)
    assert PASSWORD[:20] not in str(refused.value)
