"""Proxies that the environment names (http_proxy and its like), and servers on this machine.

No proxy leads to a server on this machine: it would look for it on its own.
"""

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def is_here(server: str) -> bool:
    """Whether a URL leads to this machine, by its host alone."""
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def proxy_of(server: str) -> str:
    """The proxy through which requests to an HTTP server go, without its password, or empty."""
    url = urlsplit(server)
    found = getproxies()
    proxy = found.get(url.scheme) or found.get("all") or ""
    if not proxy or is_here(server) or proxy_bypass(url.hostname or ""):
        return ""
    return proxy.rpartition("@")[2].rpartition("//")[2]
