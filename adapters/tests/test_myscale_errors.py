"""The messages that a user reads when a MyScale server cannot be reached, or a setting is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from myscale_standin import MyScaleStandIn
from project import Project
from warm_dbt import Outcome

PASSWORD = "never-print-this"


@pytest.fixture(scope="module")
def server() -> Iterator[MyScaleStandIn]:
    with MyScaleStandIn(2, "cloud", tls=True, password=PASSWORD) as server:
        yield server


def connect(server: MyScaleStandIn, folder: Path, **settings: Any) -> Outcome:
    """Run `dbt debug` with correct settings, except for those given."""
    target = {"type": "myscale", "host": server.host, "port": server.port, "user": server.user}
    project = Project(folder, target | {"password": PASSWORD} | settings)
    return project.run("debug", "--connection", SSL_CERT_FILE=str(server.ca_certificate))


def test_a_target_needs_only_host_port_and_account(server: MyScaleStandIn, tmp_path: Path) -> None:
    connect(server, tmp_path).check()


@pytest.mark.parametrize(
    "setting",
    [{"password": "wrong"}, {"port": 1}, {"host": "nobody.invalid"}, {"secure": False}],
    ids=["password", "port", "host", "TLS"],
)
def test_the_message_for_an_unreachable_server_says_what_to_check(
    server: MyScaleStandIn, tmp_path: Path, setting: dict[str, Any]
) -> None:
    refused = connect(server, tmp_path, **setting)
    assert refused.exit_code == 1
    assert "Check `host`, `port`, `user` and `password` of the target" in refused.output
    assert PASSWORD not in refused.output


def test_an_unknown_edition_is_refused(server: MyScaleStandIn, tmp_path: Path) -> None:
    refused = connect(server, tmp_path, edition="free")
    assert refused.exit_code == 1
    assert "must be cloud or oss. Got: free" in refused.output


def test_an_untrusted_certificate_is_refused(server: MyScaleStandIn, tmp_path: Path) -> None:
    target = {"type": "myscale", "host": server.host, "port": server.port, "user": server.user}
    project = Project(tmp_path, target | {"password": PASSWORD})
    project.environment["SSL_CERT_FILE"] = "/dev/null"
    refused = project.cold("debug", "--connection")
    assert refused.exit_code > 0
    assert "that its certificate is one this machine trusts" in refused.output
    assert "CERTIFICATE_VERIFY_FAILED" in refused.output
