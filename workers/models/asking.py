"""Asking a language model for an answer of a given shape."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import BaseModel

from workers.jobs.ports import FinalError, RetryableError
from workers.models.client import client_of
from workers.models.endpoint import Endpoint
from workers.models.failures import REDIRECT, NotUnderstood, of_status
from workers.models.sparing import Sparing
from workers.models.usage import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai import Agent

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)

# Answers of the wrong shape that are sent back before an attempt is given up.
CORRECTIONS: Final = 2
# Seconds of a wait that is sat out here, and the first wait before another try of what failed in passing.
PATIENCE: Final = 5.0
FIRST_PAUSE: Final = 0.5


class BudgetSpent(FinalError):
    """The job has used the tokens that it may use."""

    def __init__(self, budget: int) -> None:
        super().__init__("token-budget", f"the job's budget of {budget:,} tokens is spent")


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked: the shape of the answer, who the model is to be, and what it is given.

    `check` raises ValueError, with words for the model, where an answer of the right shape still will not do.
    """

    shape: type[T]
    instructions: str
    text: str
    check: Callable[[T], None] | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came back, and what it cost."""

    said: T
    usage: Usage


class Model:
    """A language model. The shape goes along as JSON schema; where that is a bad request, it is put into words.

    What the endpoint says of an error stays out of what people are told: it may quote the key.
    """

    def __init__(self, endpoint: Endpoint, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._sparing = Sparing(clock)
        self._in_words = False
        self._random = Random()  # noqa: S311 - jitter, not a secret

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return self._endpoint

    async def ask(self, question: Question[T], spent: Usage | None = None) -> Answer[T]:
        """Ask; `spent` is what the job has used so far.

        Raises:
            RetryableError: the endpoint is away, too busy or talks nonsense, or is left alone for a while; `after`
                is what it asked for, or how long that is.
            FinalError: it refuses.
            BudgetSpent: the job may ask no more.
        """
        if (spent or Usage()).tokens >= self._endpoint.budget:
            raise BudgetSpent(self._endpoint.budget)
        async with client_of(self._endpoint) as client:
            for tried in range(self._endpoint.retries + 1):
                try:
                    with self._sparing.call():
                        return await self._once(client, question, spent or Usage())
                except RetryableError as failed:
                    pause = failed.after if failed.after is not None else self._pause(tried)
                    if tried == self._endpoint.retries or pause > PATIENCE:
                        raise
                    logger.info("the model is asked again in %.1f s: %s", pause, failed)
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _pause(self, tried: int) -> float:
        return FIRST_PAUSE * float(2**tried) * self._random.uniform(0.5, 1.0)

    async def _once(self, client: "AsyncOpenAI", question: Question[T], spent: Usage) -> Answer[T]:
        if self._in_words:
            return await self._sent(client, question, spent, in_words=True)
        try:
            return await self._sent(client, question, spent, in_words=False)
        except NotUnderstood:
            answer = await self._sent(client, question, spent, in_words=True)
            # It was the schema, so the next question begins with words.
            self._in_words = True
            return answer

    async def _sent(
        self, client: "AsyncOpenAI", question: Question[T], spent: Usage, *, in_words: bool
    ) -> Answer[T]:
        from pydantic_ai import UsageLimits  # noqa: PLC0415 - loaded with the client, not before
        from pydantic_ai.exceptions import AgentRunError  # noqa: PLC0415
        from pydantic_ai.usage import RunUsage  # noqa: PLC0415

        agent = self._agent(client, question, in_words=in_words)
        usage = RunUsage()
        limits = UsageLimits(
            request_limit=CORRECTIONS + 1, total_tokens_limit=self._endpoint.budget - spent.tokens
        )
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._endpoint.timeout):
                result = await agent.run(question.text, usage=usage, usage_limits=limits)
        except TimeoutError as late:
            if time.monotonic() - began < self._endpoint.timeout:
                raise
            message = f"the model did not answer within {self._endpoint.timeout:g} s"
            raise RetryableError("provider-timeout", message) from late
        except AgentRunError as error:
            raise self._told(error, in_words=in_words) from error
        said: T = result.output
        return Answer(said, Usage(usage.requests, usage.input_tokens, usage.output_tokens))

    def _agent(self, client: "AsyncOpenAI", question: Question[T], *, in_words: bool) -> "Agent[object, T]":
        from pydantic_ai import Agent, ModelRetry, NativeOutput, PromptedOutput  # noqa: PLC0415 - as above
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
        from pydantic_ai.profiles.openai import OpenAIModelProfile  # noqa: PLC0415
        from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

        # Whatever the model's name makes one think of it: what it can do shows by trying.
        profile = OpenAIModelProfile(
            supports_json_schema_output=True,
            supports_json_object_output=False,
            # Who is too old for schemas is too old for this name of `max_tokens`, too.
            openai_chat_supports_max_completion_tokens=not in_words,
        )
        model = OpenAIChatModel(
            self._endpoint.model,
            provider=OpenAIProvider(openai_client=client),
            profile=profile,
            settings={"max_tokens": self._endpoint.longest_answer},
        )
        shape: Any = PromptedOutput(question.shape) if in_words else NativeOutput(question.shape)
        agent: Agent[object, T] = Agent(
            model, output_type=shape, instructions=question.instructions, retries={"output": CORRECTIONS}
        )

        @agent.output_validator
        def checked(said: T) -> T:
            if question.check is not None:
                try:
                    question.check(said)
                except ValueError as wrong:
                    raise ModelRetry(str(wrong)) from wrong
            return said

        return agent

    def _told(self, error: Exception, *, in_words: bool) -> Exception:
        """Say in our words what went wrong, and whether another try may mend it."""
        from pydantic_ai import exceptions  # noqa: PLC0415 - as above

        match error:
            case exceptions.UsageLimitExceeded():
                return BudgetSpent(self._endpoint.budget)
            case exceptions.ContentFilterError():
                return FinalError("provider-refused", "the model refuses to write about this")
            case exceptions.ModelContextWindowExceededError():
                return FinalError("too-long", "there is more to read than the model can take in")
            case exceptions.ModelHTTPError():
                return of_status(error.status_code, error.retry_after, simplest=in_words)
            case exceptions.ModelAPIError():
                # A redirect is no error of HTTP, and only below it stands what it was.
                status = getattr(error.__cause__, "status_code", None)
                if isinstance(status, int) and status in REDIRECT:
                    return of_status(status, None, simplest=in_words)
                return RetryableError("provider-unavailable", "the model's endpoint could not be reached")
            case _:
                return RetryableError("provider-nonsense", "the model's answer makes no sense")
