"""What is said where nothing can be listened on: the setting to change."""

import socket

import pytest

from angidi.cli.serving.serve import listen_address
from angidi.config import ConfigError, Settings
from angidi.server.management import PortUnavailable, management_address

FOREIGN, UNKNOWN = "192.0.2.1", "nowhere.invalid"
"""An address that no machine has, and a name that nobody has."""


@pytest.mark.parametrize("host", [FOREIGN, UNKNOWN])
def test_an_address_of_no_use_is_the_hosts_fault(host: str) -> None:
    with pytest.raises(ConfigError, match=f"^SERVER_HOST: {host} .*; example: SERVER_HOST=localhost$"):
        listen_address(Settings(server_host=host))
    with pytest.raises(PortUnavailable, match=f"^MANAGEMENT_HOST: {host} .*; example: MANAGEMENT_HOST=127.0.0.1$"):
        management_address(Settings(management_host=host))


def test_a_port_that_is_taken_is_the_ports_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=f"^SERVER_PORT: cannot listen on 127.0.0.1:{port} .*; example: SERVER_PORT="
        ):
            listen_address(Settings(server_host="127.0.0.1", server_port=port))
        with pytest.raises(PortUnavailable, match=f"^MANAGEMENT_PORT: cannot listen on 127.0.0.1:{port} "):
            management_address(Settings(management_port=port))


def test_a_port_that_would_be_too_high_is_to_be_named() -> None:
    with pytest.raises(
        PortUnavailable, match=r"^MANAGEMENT_PORT: SERVER_PORT \+ 1000 is 66000, which is no port; example"
    ):
        management_address(Settings(server_port=65000))
