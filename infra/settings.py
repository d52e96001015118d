"""Every setting, by the names and defaults of the deployment guide. The only reader of the environment."""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    HttpUrl,
    PostgresDsn,
    RedisDsn,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infra.tls import with_tls

SECRET_LENGTH = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
# What tokens may be signed with whose keys anybody may see; secrets (HS…) and `none` are never among it.
PUBLIC_KEY_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


class Settings(BaseSettings):
    """The settings of one process. Times are in milliseconds where a name says nothing else."""

    # Neither an error nor a `repr` ever shows a secret.
    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: PostgresDsn = Field(repr=False, description="PostgreSQL 17 or newer")
    database_direct_url: PostgresDsn | None = Field(
        repr=False,
        default=None,
        description="the same database past any PgBouncer: for LISTEN, locks and migrations",
    )
    database_replica_url: PostgresDsn | None = Field(
        repr=False,
        default=None,
        description="a streaming replica: read tables are read there; rights and the log are not",
    )
    db_role: str | None = Field(
        default=None,
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="a role to take the rights of, as write processes take `decklog_writer`; not for migrations",
    )
    db_ssl_mode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] | None = Field(
        default=None, description="of all connections to PostgreSQL; in production verify-full"
    )
    db_ssl_root_cert: Path | None = Field(
        default=None, description="who vouches for PostgreSQL's certificate: a file of CA certificates"
    )
    redis_ssl_ca: Path | None = Field(
        default=None, description="the same for Redis, where its address begins with rediss://"
    )
    redis_url: RedisDsn = Field(repr=False, description="Valkey 8+ or Redis 7.2+")
    jwt_secret: str = Field(repr=False, description="HS256 secret, at least 32 characters")
    jwt_jwks_url: HttpUrl | None = Field(
        default=None, description="where an issuer shows its public keys: its tokens are good too"
    )
    jwt_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("RS256", "ES256", "EdDSA"), description="comma-separated; what that issuer may sign with"
    )
    jwt_issuer: str | None = Field(default=None, description="`iss` that every token has to have")
    jwt_audience: str | None = Field(default=None, description="`aud` that every token has to have")
    jwt_clock_skew: float = Field(
        default=10, ge=0, le=300, description="seconds that an issuer's clock may differ"
    )
    person_key_secret: str | None = Field(
        repr=False,
        default=None,
        description="wraps the keys that personal data is sealed under, at least 32 characters; by default "
        "JWT_SECRET does. Lost or changed, that data is gone for good: set it before JWT_SECRET is ever rotated",
    )

    db_pool_min: int = Field(default=20, ge=1, description="of the whole deployment")
    db_pool_max: int = Field(default=200, ge=2, description="of the whole deployment")
    db_processes: int = Field(default=8, ge=1, description="how many processes share the pool numbers")
    db_connection_timeout: int = Field(default=30_000, ge=1)
    db_idle_timeout: int = Field(default=30_000, ge=1)
    db_statement_timeout: int = Field(default=60_000, ge=1)

    db_slow_query_ms: int = Field(default=500, ge=1, description="statements slower than it are logged")

    append_batch_max: int = Field(default=500, ge=1, description="events in one group commit")
    append_in_flight: int = Field(default=2, ge=1, description="group commits under way at once")
    append_queue_max: int = Field(default=10_000, ge=1, description="requests waiting; past it 503")

    idempotency_retention_hours: int = Field(
        default=168, ge=1, description="how long a command's answer is kept for a repeat of it"
    )
    snapshot_every: int = Field(default=200, ge=2, description="events of a stream between two snapshots")
    keyframe_every: int = Field(default=1_000, ge=2, description="events of a project between two keyframes")
    aggregate_cache_mb: int = Field(default=256, ge=1, description="aggregates cached in a write process")

    stream_partitions: int = Field(default=4, ge=1, le=256)
    stream_max_length: int = Field(
        default=100_000, ge=1_000, description="entries kept in a partition's stream"
    )
    relay_heartbeat_ms: int = Field(default=1_000, ge=100)

    ai_generation_concurrency: int = Field(default=15, ge=0, description="jobs at once, over all processes")
    thinking_queue_concurrency: int = Field(default=8, ge=0, description="as above")
    image_generation_concurrency: int = Field(default=5, ge=0, description="as above")
    export_concurrency: int = Field(default=12, ge=0, description="as above")
    collaboration_concurrency: int = Field(
        default=100, ge=1, description="joins and leaves that a worker writes down at once"
    )
    job_rate: int = Field(default=6_000, ge=0, description="jobs of a queue begun a minute; 0: any number")
    job_rate_per_user: int = Field(default=300, ge=0, description="the same of one user's")
    job_attempts: int = Field(default=5, ge=1, description="attempts at a job before it fails")
    job_backoff_ms: int = Field(default=1_000, ge=1, description="the longest wait before a second attempt")
    job_backoff_max_ms: int = Field(default=60_000, ge=1, description="the longest wait before any attempt")
    job_aging_ms: int = Field(
        default=30_000, ge=1, description="how much waiting makes up for a step of priority"
    )
    job_lease_ms: int = Field(default=5_000, ge=1_000, description="after it a silent worker counts as dead")
    job_drain_ms: int = Field(default=3_000, ge=0, description="what running jobs get when a worker ends")
    job_sweep_ms: int = Field(
        default=30_000, ge=100, description="between two looks for jobs that no queue knows of"
    )

    blob_dir: Path | None = Field(
        default=None,
        description="a folder that all processes share, for uploads and exports; else the database",
    )

    llm_base_url: HttpUrl | None = Field(
        default=None,
        description="an endpoint that speaks OpenAI's protocol, such as https://api.openai.com/v1; without one,"
        " decks are made offline, of their source alone",
    )
    llm_api_key: SecretStr | None = Field(default=None, description="its bearer token, if it wants one")
    llm_model: str = Field(
        default="", max_length=100, description="the model's name; needed with LLM_BASE_URL"
    )
    llm_timeout_ms: int = Field(default=60_000, ge=100, description="the longest wait for one answer")
    llm_retries: int = Field(default=2, ge=0, le=10, description="of a request that failed in passing")
    llm_token_budget: int = Field(default=200_000, ge=1, description="tokens that one job may use")
    llm_output_tokens: int = Field(
        default=8_000, ge=100, description="tokens of one answer, also those that a model thinks in"
    )
    llm_source_characters: int = Field(
        default=60_000,
        ge=1_000,
        description="of a source in one request; of a longer one the essence is sent",
    )
    image_base_url: HttpUrl | None = Field(
        default=None, description="the endpoint of pictures; by default LLM_BASE_URL"
    )
    image_api_key: SecretStr | None = Field(
        default=None, description="by default LLM_API_KEY, for its endpoint"
    )
    image_model: str = Field(
        default="",
        max_length=100,
        description="such as gpt-image-1; empty: pictures are drawn, as placeholders",
    )
    image_timeout_ms: int = Field(default=120_000, ge=100, description="the longest wait for a picture")

    read_wait_ms: int = Field(default=2_000, ge=0, description="how long a read waits for `min_position`")
    rights_max_age_ms: int = Field(default=800, ge=0, le=1_000)
    past_cache_mb: int = Field(default=64, ge=0, description="decks of past positions kept in a read process")
    l1_entries: int = Field(default=20_000, ge=0, description="documents cached in a read process")
    l1_mb: int = Field(default=64, ge=1, description="bytes of them, in MiB")
    cache_project_ttl: int = Field(default=300, ge=1, description="seconds")
    cache_block_ttl: int = Field(default=60, ge=1, description="seconds")
    cache_session_ttl: int = Field(default=3_600, ge=1, description="seconds")
    cache_theme_ttl: int = Field(default=86_400, ge=1, description="seconds")
    cache_missing_ttl: int = Field(default=10, ge=1, description="seconds; that there is no such thing")

    ws_max_connections: int = Field(default=20_000, ge=1, description="sockets of one process")
    ws_max_per_user: int = Field(
        default=2_000, ge=0, description="live sockets of one user in one process; 0: any number"
    )
    ws_max_per_ip: int = Field(default=10_000, ge=0, description="the same of one address; 0: any number")
    ws_compress_min_bytes: int = Field(default=1_024, ge=0, description="live messages from there on")
    ws_drain_ms: int = Field(
        default=4_000, ge=0, description="over what time live sockets are sent away when a process ends"
    )
    ws_commands_in_flight: int = Field(default=256, ge=1)
    ws_ping_interval: int = Field(default=25_000, ge=1)
    ws_ping_timeout: int = Field(default=5_000, ge=1)
    live_queue_max: int = Field(default=1_000, ge=1, description="events waiting for one slow reader")

    write_max_in_flight: int = Field(
        default=64, ge=1, description="requests that a write process works on at once; past it 503"
    )
    write_steady_in_flight: int = Field(
        default=40, ge=1, description="the same all the time, after one burst up to that"
    )
    read_max_in_flight: int = Field(default=1_000, ge=1, description="the same of a read process")
    ws_commands_max: int = Field(
        default=2_048, ge=1, description="commands of all sockets of a write process at once; past it 503"
    )

    rate_limit_enabled: bool = Field(default=True, description="false: nobody is limited or blocked")
    rate_limit_shadow: bool = Field(
        default=False, description="true: what would be refused is counted and logged, and let through"
    )
    rate_limit_url: RedisDsn | None = Field(
        repr=False, default=None, description="a Redis of the limiter's own; by default REDIS_URL"
    )
    rate_limit_global_per_minute: int = Field(
        default=200_000, ge=1, description="commands and uploads of all callers together"
    )
    rate_limit_block_after: int = Field(
        default=200, ge=0, description="refusals within a minute that block a caller for a while; 0: never"
    )
    rate_limit_block_s: int = Field(
        default=60, ge=1, description="how long at first, in seconds; each time twice as long"
    )
    rate_limit_block_max_s: int = Field(default=3_600, ge=1, description="how long at most, in seconds")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="comma-separated networks of proxies whose X-Forwarded-For is believed",
    )

    write_public_url: str = Field(
        default="", description="where browsers find the write API; empty: same origin"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(default=(), description="comma-separated")
    log_level: str = "INFO"
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="a port of its own for metrics and health, apart from what the public reaches;"
        " 0: the APIs answer /metrics on their port, and workers nowhere",
    )
    metrics_host: str = Field(default="127.0.0.1", description="the address that METRICS_PORT is bound at")

    @model_validator(mode="before")
    @classmethod
    def _over_tls(cls, said: object) -> object:
        """Say in the addresses how to reach them: whatever connects does it so."""
        return with_tls(said) if isinstance(said, dict) else said

    @field_validator("cors_origins", "jwt_algorithms", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("llm_base_url", "llm_api_key", "image_base_url", "image_api_key", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # An env file names them all, and leaves empty what is not there.
        return None if value == "" else value

    @field_validator("jwt_secret", "person_key_secret")
    @classmethod
    def _long_enough(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and len(value) < SECRET_LENGTH:
            raise ValueError(f"{str(info.field_name).upper()} needs at least {SECRET_LENGTH} characters")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> "Settings":
        if self.db_pool_min > self.db_pool_max:
            raise ValueError("DB_POOL_MIN is greater than DB_POOL_MAX")
        if self.llm_base_url is not None and not self.llm_model:
            raise ValueError("LLM_BASE_URL needs LLM_MODEL")
        if self.image_base_url is not None and not self.image_model:
            raise ValueError("IMAGE_BASE_URL needs IMAGE_MODEL")
        return self

    @field_validator("jwt_jwks_url")
    @classmethod
    def _not_in_the_clear(cls, value: HttpUrl | None) -> HttpUrl | None:
        if value is not None and value.scheme != "https" and value.host not in LOOPBACK:
            raise ValueError("keys that come unencrypted could be anybody's: use https")
        return value

    @field_validator("jwt_algorithms")
    @classmethod
    def _for_public_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if strange := sorted(set(value) - PUBLIC_KEY_ALGORITHMS):
            raise ValueError(f"not for public keys: {', '.join(strange)}")
        return value

    @property
    def jwks_url(self) -> str | None:
        """The address of an issuer's keys."""
        return str(self.jwt_jwks_url) if self.jwt_jwks_url else None

    @property
    def limiter_url(self) -> str:
        """The address of the limiter's Redis."""
        return str(self.rate_limit_url or self.redis_url)

    @property
    def sealing_secret(self) -> str:
        """What the keys of personal data are wrapped under."""
        return self.person_key_secret or self.jwt_secret

    @property
    def dsn(self) -> str:
        """The database's address, for psycopg."""
        return str(self.database_url)

    @property
    def direct_dsn(self) -> str:
        """The database's address past any pooler: for LISTEN, advisory locks and migrations."""
        return str(self.database_direct_url or self.database_url)

    @property
    def replica_dsn(self) -> str | None:
        """The address of a replica, for psycopg; None: there is none."""
        return str(self.database_replica_url) if self.database_replica_url else None

    @property
    def llm_key(self) -> str:
        """The language model's key; empty: none."""
        return self.llm_api_key.get_secret_value() if self.llm_api_key else ""

    @property
    def image_key(self) -> str:
        """The key of the endpoint of pictures; empty: none of its own."""
        return self.image_api_key.get_secret_value() if self.image_api_key else ""

    @property
    def pool_max(self) -> int:
        """This process's share of the deployment's connections."""
        return max(4, self.db_pool_max // self.db_processes)

    @property
    def pool_min(self) -> int:
        """This process's share of the connections kept open."""
        return max(1, self.db_pool_min // self.db_processes)


class Environment(BaseSettings):
    """What the environment says of where the servers and keys are; all absent on a developer's machine."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    database_url: str | None = None
    redis_url: str | None = None
    jwt_secret: str | None = None
    person_key_secret: str | None = None
    audit_key_file: Path | None = Field(
        default=None, description="the private key that signs checkpoints; else it is in the data folder"
    )


def load_settings(data_dir: Path | None = None) -> Settings:
    """Read the settings from the environment; what it does not say about servers, from a data folder.

    Raises:
        pydantic.ValidationError: a setting is missing or wrong.
        infra.embedded.errors.EmbeddedError: neither the environment nor the folder names the servers.
    """
    from infra.embedded.folder import read_connections  # noqa: PLC0415 - only where a data folder is used

    said = Environment()
    if data_dir is None or said.database_url is not None:
        return Settings()
    found = read_connections(data_dir)
    return Settings(
        database_url=found.database_url,
        redis_url=said.redis_url or found.redis_url,
        jwt_secret=said.jwt_secret or found.jwt_secret,
        person_key_secret=said.person_key_secret or found.person_key_secret,
    )


def child_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with these settings on top, for a process that it starts."""
    return {**os.environ, **settings}
