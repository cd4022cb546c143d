"""The domain that images are drawn in, by its name."""

from collections.abc import Sequence

from stargan_tf.config.settings import check
from stargan_tf.names import find_domain

ALL_DOMAINS = "all"


def target_index(name: str, domains: Sequence[str]) -> int | None:
    """Returns the index of the domain that --target_domain names; None for all of them.

    Raises:
      UserError: there is no such domain.
    """
    # A domain may be called all.
    found = find_domain(name, domains) if name else None
    check(
        found is not None or name in ("", ALL_DOMAINS),
        f"Found --target_domain={name}, expected a domain of this run ({', '.join(domains)}) or "
        f"{ALL_DOMAINS}: choose one of them.",
    )
    return found
