"""Keys on disk: key-encryption keys by version, and those of audit, sessions and erasures; each its own secret."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.settings import Settings
from coordination.embedded import private_folder, write_private
from coordination.errors import BadInput, KeyUnavailable

KEY_BYTES = 32
# The key that proves an erasure, by its name.
ERASURE = "erasure"
_NAME = re.compile(r"(\d{1,4})\.key")


@dataclass(frozen=True)
class KeyEncryptionKeys:
    """KEK versions at hand and the one that wraps. Raises KeyUnavailable for a version that is missing."""

    active: int
    keys: dict[int, bytes] = field(repr=False)

    def get(self, version: int) -> bytes:
        try:
            return self.keys[version]
        except KeyError:
            raise KeyUnavailable(
                f"La clé de chiffrement version {version} est absente : les données restent fermées."
            ) from None


def _folder(settings: Settings) -> Path:
    return private_folder(private_folder(settings.keys_dir) / "kek")


def _write_key(path: Path, content: bytes) -> None:
    write_private(path, content, 0o400)


def init_keys(settings: Settings) -> None:
    """Make the keys that are missing; never touches an existing one."""
    folder = _folder(settings)
    if not any(_NAME.fullmatch(p.name) for p in folder.iterdir()) and not settings.kek_env:
        _write_key(folder / "1.key", secrets.token_bytes(KEY_BYTES).hex().encode())
        write_private(folder / "active", b"1")
    for name in ("session", "index", ERASURE):
        path = settings.keys_dir / f"{name}.key"
        if not path.exists():
            _write_key(path, secrets.token_bytes(KEY_BYTES).hex().encode())
    path = settings.keys_dir / "audit.key"
    if not path.exists():
        _write_key(
            path,
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )


def load_keks(settings: Settings) -> KeyEncryptionKeys:
    """The key-encryption keys, from the environment (`COORDINATION_KEK_<n>`) or the key folder."""
    found = {version: _parse(version, text) for version, text in settings.kek_env}
    folder = settings.keys_dir / "kek"
    if folder.is_dir():
        for path in folder.iterdir():
            if match := _NAME.fullmatch(path.name):
                found.setdefault(int(match[1]), _parse(int(match[1]), path.read_text()))
    if not found:
        raise KeyUnavailable("Aucune clé de chiffrement (version 1) : lancez « coordination init ».")
    marker = folder / "active"
    active = int(marker.read_text()) if marker.exists() else max(found)
    return KeyEncryptionKeys(active=active, keys=found)


def _parse(version: int, text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnavailable(f"La clé de chiffrement version {version} est illisible.")
    return key


def new_kek(settings: Settings) -> int:
    """Make the next KEK version, decrypt-only until `activate`; returns its number."""
    version = max(load_keks(settings).keys) + 1
    _write_key(_folder(settings) / f"{version}.key", secrets.token_bytes(KEY_BYTES).hex().encode())
    marker = _folder(settings) / "active"
    if not marker.exists():
        write_private(marker, str(version - 1).encode())
    return version


def activate_kek(settings: Settings, version: int) -> None:
    """From now on, new data keys are wrapped with this version."""
    if version not in load_keks(settings).keys:
        raise BadInput(f"La clé de chiffrement version {version} n'existe pas.")
    write_private(_folder(settings) / "active", str(version).encode())


def retire_kek(settings: Settings, version: int) -> None:
    """Remove a version's file. The caller has proven that nothing is wrapped with it any more."""
    if version == load_keks(settings).active:
        raise BadInput(f"La clé de chiffrement version {version} est en service.")
    (_folder(settings) / f"{version}.key").unlink(missing_ok=True)


def secret_key(settings: Settings, name: str) -> bytes:
    """The `session`, `index` or `erasure` key. Raises KeyUnavailable when `init` was not run."""
    path = settings.keys_dir / f"{name}.key"
    if not path.exists():
        raise KeyUnavailable(f"La clé « {name} » est absente : lancez « coordination init ».")
    return bytes.fromhex(path.read_text())


def audit_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs the checkpoints of the audit chains."""
    path = settings.keys_dir / "audit.key"
    if not path.exists():
        raise KeyUnavailable("La clé de signature du journal est absente : lancez « coordination init ».")
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def recovery_public(settings: Settings) -> bytes | None:
    """The public key to which data keys are also sealed; None until `keys recovery-init`."""
    path = settings.keys_dir / "recovery.pub"
    return bytes.fromhex(path.read_text()) if path.exists() else None


def forbid_core_dumps() -> None:
    """A crash must not write keys or opened fields to disk."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
