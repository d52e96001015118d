"""The AsyncAPI 3 document of both sockets: what they say, what they are told, and how they end."""

from infra.http.asyncapi.document import asyncapi_document, asyncapi_response

__all__ = ["asyncapi_document", "asyncapi_response"]
