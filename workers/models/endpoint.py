"""Where a model is, and how much may be asked of it. Settings name it; nothing that a user sends ever does."""

from dataclasses import dataclass

from infra.settings import Settings

PROVIDER = "openai-compatible"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that speaks OpenAI's protocol.

    `timeout` is in seconds and bounds one answer, however slowly it drips; `retries` are further tries of a
    request that failed in passing; `budget` is the most tokens a job may use, `longest_answer` the most that one
    answer may have; `reading` is how many characters of a source one request may hold.
    """

    base_url: str
    api_key: str
    model: str
    timeout: float = 60.0
    retries: int = 2
    budget: int = 200_000
    longest_answer: int = 8_000
    reading: int = 60_000

    @staticmethod
    def of_texts(settings: Settings) -> "Endpoint | None":
        """Return the endpoint of the language model; None if none is configured."""
        if settings.llm_base_url is None:
            return None
        return Endpoint(
            base_url=str(settings.llm_base_url),
            api_key=settings.llm_key,
            model=settings.llm_model,
            timeout=settings.llm_timeout_ms / 1000,
            retries=settings.llm_retries,
            budget=settings.llm_token_budget,
            longest_answer=settings.llm_output_tokens,
            reading=settings.llm_source_characters,
        )

    @staticmethod
    def of_images(settings: Settings) -> "Endpoint | None":
        """Return the endpoint that makes pictures; None if none is configured."""
        base_url = settings.image_base_url or settings.llm_base_url
        if base_url is None or not settings.image_model:
            return None
        # A key goes to the address that it was given for, and to no other.
        key = settings.image_key if settings.image_base_url else settings.image_key or settings.llm_key
        return Endpoint(
            base_url=str(base_url),
            api_key=key,
            model=settings.image_model,
            timeout=settings.image_timeout_ms / 1000,
            retries=settings.llm_retries,
        )
