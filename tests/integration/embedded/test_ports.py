import socket
from collections.abc import Iterator

import pytest

from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import free_port, port_is_free, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_who_wanted_it(taken: int) -> None:
    assert not port_is_free(taken)
    with pytest.raises(EmbeddedError, match=rf"port {taken} \(write API\) is taken"):
        require_free(taken, "write API")


def test_a_listener_on_all_addresses_counts() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:  # noqa: S104 - what is tested
        assert not port_is_free(listener.getsockname()[1])


def test_a_free_port_is_free() -> None:
    port = free_port()
    require_free(port, "anything")
    assert port_is_free(port)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_what_is_no_port(port: int) -> None:
    with pytest.raises(EmbeddedError, match="no TCP port"):
        port_is_free(port)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(EmbeddedError, match=r"port 8001 on 192\.0\.2\.1 cannot be bound"):
        port_is_free(8001, "192.0.2.1")
