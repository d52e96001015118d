"""Bearer tokens: JWT, verified once and then remembered for an hour or until they end or are revoked."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from uuid import uuid4

import jwt

from domain.errors import DomainError, Unavailable
from infra.http.issuers import SigningKeys
from infra.http.revocations import Revocations
from infra.settings import PUBLIC_KEY_ALGORITHMS, Settings

ALGORITHM: Final = "HS256"
REMEMBERED = 50_000
SESSION: Final = 3_600.0
TOKEN_LIMIT = 4_096
SUBJECT_LIMIT = 200
PERSONAL_LIMIT = 320


class Unauthenticated(DomainError):
    """There is no token, or it is not one of ours, or it has ended."""

    code: ClassVar[str] = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for. `expires` and `issued` are in seconds since the epoch."""

    user: str
    tier: str
    scopes: frozenset[str]
    name: str | None
    email: str | None
    expires: float
    issued: float = 0.0
    jti: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are believed, and how far.

    Attributes:
        secret: of tokens that are signed with it (HS256): our own, and those of whoever shares it.
        issuer, audience: what every token has to name; None: it need not.
        algorithms: what an issuer with public keys may sign with.
        skew: seconds by which another's clock may differ: a token may begin so much later, and one of an
            issuer with public keys may end so much earlier.
        session: seconds after which a token that is remembered is verified again.
    """

    secret: str
    issuer: str | None = None
    audience: str | None = None
    algorithms: Sequence[str] = ("RS256", "ES256", "EdDSA")
    skew: float = 10.0
    session: float = SESSION
    required: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        """Refuse what would let a secret pass for a public key, or nothing for a signature.

        Raises:
            ValueError: an algorithm is not one for public keys.
        """
        if strange := set(self.algorithms) - PUBLIC_KEY_ALGORITHMS:
            raise ValueError(f"no algorithms for public keys: {', '.join(sorted(strange))}")
        required = ["sub", "exp", *(["iss"] if self.issuer else []), *(["aud"] if self.audience else [])]
        object.__setattr__(self, "required", tuple(required))


class Authenticator:
    """Verifies tokens. Verified claims are kept in a bounded cache: PyJWT's decode is 40 times a look-up."""

    def __init__(
        self,
        trust: str | Trust,
        now: Callable[[], float],
        *,
        keys: SigningKeys | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        self._trust = Trust(trust) if isinstance(trust, str) else trust
        self._now = now
        self._keys = keys
        self._known: OrderedDict[str, tuple[Principal, float]] = OrderedDict()
        self.revocations = revocations or Revocations()

    def authorization(self, header: str | None) -> Principal:
        """Verify an `Authorization` header.

        Raises:
            Unauthenticated: it is missing, or no valid bearer token.
            Unavailable: the issuer's keys are being fetched.
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
            Unauthenticated: it is malformed, signed by another key or algorithm, revoked, or has ended.
            Unavailable: the issuer's keys are being fetched.
        """
        now = self._now()
        known = self._known.get(token)
        if known is None or known[1] <= now:
            principal = self._verify(token)
            self._known[token] = principal, now + self._trust.session
            self._known.move_to_end(token)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        else:
            principal = known[0]
        if principal.expires <= now:
            self._known.pop(token, None)
            raise Unauthenticated("the token has expired")
        if self.revocations.revoked(principal.user, principal.jti, principal.issued):
            raise Unauthenticated("the token was revoked")
        return principal

    def ended(self, principal: Principal) -> bool:
        """Tell whether a token that was verified has ended since, or was revoked."""
        return principal.expires <= self._now() or self.revocations.revoked(
            principal.user, principal.jti, principal.issued
        )

    def _verify(self, token: str) -> Principal:
        if len(token) > TOKEN_LIMIT:
            raise Unauthenticated("the token is too long")
        try:
            algorithm, key = self._key(jwt.get_unverified_header(token))
            # Our own clock wrote the end of our own tokens: it is not stretched.
            skew = 0.0 if algorithm == ALGORITHM else self._trust.skew
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._trust.issuer,
                audience=self._trust.audience,
                leeway=self._trust.skew,
                options={
                    "require": list(self._trust.required),
                    "verify_aud": self._trust.audience is not None,
                },
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired") from None
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
            raise Unauthenticated("the token is not valid") from None
        principal = _principal(claims, skew)
        if principal.expires <= self._now():
            raise Unauthenticated("the token has expired")
        return principal

    def _key(self, header: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the algorithm and the key to verify a token with: never an algorithm of the token's own choice.

        Raises:
            Unauthenticated: it names an algorithm or a key that is not ours.
            Unavailable: whether there is such a key is being asked.
        """
        algorithm = header.get("alg")
        if algorithm == ALGORITHM:
            return ALGORITHM, self._trust.secret
        if self._keys is not None and isinstance(algorithm, str) and algorithm in self._trust.algorithms:
            kid = header.get("kid")
            key = self._keys.key(kid if isinstance(kid, str) else None, algorithm)
            if key is not None:
                return algorithm, key
            if self._keys.fetching:
                raise Unavailable("the issuer's keys are being fetched", retry_after=1)
        raise Unauthenticated("the token is not valid")


def _principal(claims: Mapping[str, Any], skew: float) -> Principal:
    user = claims["sub"]
    if not isinstance(user, str) or not 0 < len(user) <= SUBJECT_LIMIT or not _storable(user):
        raise Unauthenticated("the token's `sub` is not a user id")
    scope = claims.get("scope", "")
    if not isinstance(scope, str | list):
        raise Unauthenticated("the token's `scope` is not a list of words")
    jti, issued = claims.get("jti"), claims.get("iat", 0)
    return Principal(
        user=user,
        tier=str(claims.get("tier", "free")),
        scopes=frozenset(scope.split() if isinstance(scope, str) else map(str, scope)),
        name=_personal(claims.get("name")),
        email=_personal(claims.get("email")),
        expires=float(claims["exp"]) + skew,
        issued=float(issued) if isinstance(issued, int | float) else 0.0,
        jti=jti if isinstance(jti, str) else None,
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
    """Make a token for a user; `ttl` is in seconds, `more` are further claims (`name`, `iss`, `aud`…).

    It has an id of its own (`jti`) to be revoked by, and says to the millisecond when it was issued: one that
    is issued right after all of a user's were revoked is good.
    """
    claims = {
        "sub": user,
        "tier": tier,
        "scope": scope,
        "iat": round(now, 3),
        "exp": int(now + ttl),
        "jti": uuid4().hex,
        **more,
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def own_claims(settings: Settings) -> dict[str, str]:
    """Return the claims that a token of our own making needs beside the user's."""
    found = {"iss": settings.jwt_issuer, "aud": settings.jwt_audience}
    return {name: value for name, value in found.items() if value is not None}
