"""Bearer tokens: JWT, verified once and then remembered until they end."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import jwt

from domain.errors import DomainError

ALGORITHM = "HS256"
REMEMBERED = 50_000
TOKEN_LIMIT = 4_096
SUBJECT_LIMIT = 200
PERSONAL_LIMIT = 320


class Unauthenticated(DomainError):
    """There is no token, or it is not one of ours, or it has ended."""

    code: ClassVar[str] = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for. `expires` is in seconds since the epoch."""

    user: str
    tier: str
    scopes: frozenset[str]
    name: str | None
    email: str | None
    expires: float


class Authenticator:
    """Verifies tokens. Verified claims are kept in a bounded cache: PyJWT's decode is 40 times a look-up."""

    def __init__(self, secret: str, now: Callable[[], float]) -> None:
        self._secret = secret
        self._now = now
        self._known: OrderedDict[str, Principal] = OrderedDict()

    def authorization(self, header: str | None) -> Principal:
        """Verify an `Authorization` header.

        Raises:
            Unauthenticated: it is missing, or no valid bearer token.
        """
        if header is None:
            raise Unauthenticated("send `Authorization: Bearer <token>`")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send `Authorization: Bearer <token>`")
        return self.token(token.strip())

    def token(self, token: str) -> Principal:
        """Verify a token.

        Raises:
            Unauthenticated: it is malformed, signed by another key or algorithm, or has ended.
        """
        principal = self._known.get(token)
        if principal is None:
            principal = self._verify(token)
            self._known[token] = principal
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        if principal.expires <= self._now():
            self._known.pop(token, None)
            raise Unauthenticated("the token has expired")
        return principal

    def ended(self, principal: Principal) -> bool:
        """Tell whether a token that was verified has ended since."""
        return principal.expires <= self._now()

    def _verify(self, token: str) -> Principal:
        if len(token) > TOKEN_LIMIT:
            raise Unauthenticated("the token is too long")
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._secret, algorithms=[ALGORITHM], options={"require": ["sub", "exp"]}
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired") from None
        except jwt.InvalidTokenError:
            raise Unauthenticated("the token is not valid") from None
        user = claims["sub"]
        if not isinstance(user, str) or not 0 < len(user) <= SUBJECT_LIMIT or not _storable(user):
            raise Unauthenticated("the token's `sub` is not a user id")
        scope = claims.get("scope", "")
        if not isinstance(scope, str | list):
            raise Unauthenticated("the token's `scope` is not a list of words")
        return Principal(
            user=user,
            tier=str(claims.get("tier", "free")),
            scopes=frozenset(scope.split() if isinstance(scope, str) else map(str, scope)),
            name=_personal(claims.get("name")),
            email=_personal(claims.get("email")),
            expires=float(claims["exp"]),
        )


def _storable(user: str) -> bool:
    """Tell whether PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    return "\0" not in user and not any("\ud800" <= c <= "\udfff" for c in user)


def _personal(claim: object) -> str | None:
    """Return a name or an e-mail; what cannot be one is left out, for an edit does not depend on it."""
    if not isinstance(claim, str) or not 0 < len(claim) <= PERSONAL_LIMIT or not _storable(claim):
        return None
    return claim.strip() or None


def issue(
    secret: str, user: str, *, now: float, ttl: float, tier: str = "free", scope: str = "", **more: str
) -> str:
    """Make a token for a user; `ttl` is in seconds."""
    claims = {"sub": user, "tier": tier, "scope": scope, "iat": int(now), "exp": int(now + ttl), **more}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)
