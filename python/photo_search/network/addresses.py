"""Which hosts and network addresses a photo may be fetched from."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from photo_search.errors import PhotoFailure, Reason

NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Characters on which parsers of URLs disagree about where the host ends.
AMBIGUOUS = re.compile(r"[\x00-\x20\\@\x7f]")


def check_url(
    url: str, hosts: frozenset[str] | None, allow_private: bool = False
) -> tuple[str, int]:
    """The host and port of a URL whose host equals an allowed one, letter by letter.

    `hosts` None allows any host (whose addresses are still to be checked).

    `allow_private` is for tests on this machine: it also lets `http` and any port through.
    Raises PhotoFailure forbidden_host.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise PhotoFailure(Reason.FORBIDDEN_HOST, f"{url!r} is no URL: {error}") from error
    is_web = parts.scheme == "https" and port == 443
    if allow_private:
        is_web = parts.scheme in ("https", "http")
    is_allowed = host and (hosts is None or host in hosts)
    if not host or not is_allowed or not is_web or AMBIGUOUS.search(url):
        allowed = "any host" if hosts is None else ", ".join(sorted(hosts))
        raise PhotoFailure(Reason.FORBIDDEN_HOST, f"{url!r} is not https from {allowed}")
    return host, port


def resolve(host: str, port: int, allow_private: bool = False) -> list[str]:
    """The network addresses of a host, all of them public.

    The caller connects to one of these addresses and never to the name, so that a second answer
    of the name server cannot lead elsewhere.
    Raises PhotoFailure: forbidden_host if any address is not global, such as a private or
    loopback one, and network if the name has no address.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PhotoFailure(Reason.NETWORK, f"{host} has no address: {error}") from error
    addresses = [str(answer[4][0]) for answer in answers]
    for address in addresses:
        if not allow_private and not is_public(address):
            raise PhotoFailure(Reason.FORBIDDEN_HOST, f"{host} points to {address}, not public")
    return addresses


def is_public(address: str) -> bool:
    """True for a global unicast address. An IPv4 address inside an IPv6 one counts as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
        teredo = ip.teredo[1] if ip.teredo else None
        ip = ip.ipv4_mapped or ip.sixtofour or teredo or nat64 or ip
    return ip.is_global and not ip.is_multicast
