"""Configuration: one frozen dataclass read once from the environment and handed to the factory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Names and addresses of this machine seen from itself.
LOOPBACK = ("127.0.0.1", "::1", "localhost")
ROLES = ("owner", "maintenance", "web", "worker", "keystore")


@dataclass(frozen=True)
class Mail:
    """The mail server (`tls`: none, starttls or whole), who writes, and the address of the pages in links."""

    host: str
    port: int
    sender: str
    base: str
    tls: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Mail | None:
        """None unless server, sender and public address are all given. Raises ValueError for a URL of another kind.

        `smtp://` is STARTTLS, `smtps://` TLS from the first byte, `smtp+plain://` neither (this machine only).
        """
        url, sender = env.get("COORDINATION_SMTP_URL"), env.get("COORDINATION_MAIL_FROM")
        base = env.get("COORDINATION_PUBLIC_URL")
        if not (url and sender and base):
            return None
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            # Its text may hold a piece of the password.
            raise ValueError("COORDINATION_SMTP_URL : adresse illisible.") from None
        tls = {"smtp": "starttls", "smtps": "whole", "smtp+plain": "none"}.get(parts.scheme)
        if tls is None or not parts.hostname:
            raise ValueError("COORDINATION_SMTP_URL : smtp://, smtps:// ou smtp+plain://, puis le serveur.")
        if tls == "none" and parts.hostname not in LOOPBACK:
            raise ValueError(
                "COORDINATION_SMTP_URL : smtp+plain:// seulement pour un serveur de cette machine."
            )
        return cls(
            host=parts.hostname,
            port=port or (465 if tls == "whole" else 587),
            sender=sender,
            base=base.rstrip("/"),
            tls=tls,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


def _database(env: Mapping[str, str], name: str) -> str | None:
    """The URL of a PostgreSQL server; its kind alone is looked at, the rest is for the server to judge."""
    url = env.get(name) or None
    kind, found, _ = (url or "").partition("://")
    if url and not (found and kind.partition("+")[0] in ("postgresql", "postgres")):
        raise ValueError(f"{name} : l'adresse d'un serveur PostgreSQL est attendue (postgresql://…).")
    return url


@dataclass(frozen=True)
class Settings:
    """Where things are.

    `home` holds the embedded server, keys and logs. `database_url` and `keystore_url` are None when the
    embedded server is used. `role_urls` carries the explicit URL of a role (`DATABASE_URL_WORKER`, ...).
    `hosts`: names under which the pages answer. `proxies`: how many stand before them on this machine, whose
    word is taken for the address a request comes from.
    """

    home: Path
    database_url: str | None = field(default=None, repr=False)
    keystore_url: str | None = field(default=None, repr=False)
    role_urls: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    kek_env: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    secure_cookies: bool = True
    hosts: tuple[str, ...] = LOOPBACK
    proxies: int = 0
    testing: bool = False
    mail: Mail | None = None

    @property
    def keys_dir(self) -> Path:
        """0700 folder of the keys; never a parent of the server's data."""
        return self.home / "keys"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the variables that the README lists. Raises ValueError, in French, for one that cannot be."""
        given = ((role, _database(env, f"DATABASE_URL_{role.upper()}")) for role in ROLES)
        proxies = env.get("COORDINATION_PROXIES") or "0"
        if not proxies.isdecimal():
            raise ValueError("COORDINATION_PROXIES : un nombre entier est attendu.")
        keks = tuple(
            (int(name.removeprefix("COORDINATION_KEK_")), value)
            for name, value in env.items()
            if name.startswith("COORDINATION_KEK_") and name.removeprefix("COORDINATION_KEK_").isdigit()
        )
        return cls(
            home=Path(env.get("COORDINATION_HOME") or "instance").resolve(),
            database_url=_database(env, "DATABASE_URL"),
            keystore_url=_database(env, "KEYSTORE_URL"),
            role_urls=tuple((role, url) for role, url in given if url),
            kek_env=keks,
            secure_cookies=env.get("COORDINATION_INSECURE_COOKIES") != "1",
            hosts=(
                *LOOPBACK,
                *(h.strip() for h in env.get("COORDINATION_HOSTS", "").split(",") if h.strip()),
            ),
            proxies=int(proxies),
            mail=Mail.from_env(env),
        )
