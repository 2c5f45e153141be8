"""How a data key stands in the key database: wrapped by a key-encryption key, bound to its folder and version."""

from __future__ import annotations

import hmac
import os
import struct
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coordination.errors import KeyUnavailable
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.recovery import seal_for_recovery
from coordination.privacy.sealing import DataKey, lengthened

_PLACE = struct.Struct(">I16sI16sIHH")
_TABLE = lengthened(b"coordination", b"dek")


def _place(folder_id: uuid.UUID, dek_id: uuid.UUID, version: int, kek_version: int) -> bytes:
    """Each part after its length, as `lengthened` writes them, in one call: a search opens thousands of keys."""
    return _TABLE + _PLACE.pack(16, folder_id.bytes, 16, dek_id.bytes, 4, version, kek_version)


def commitment(secret: bytes) -> bytes:
    """What ties a wrapped key to its one secret (AES-GCM alone does not commit to its key)."""
    return hmac.digest(secret, b"commit", "sha256")[:16]


def wrap(key: DataKey, keks: KeyEncryptionKeys, recovery_key: bytes | None) -> dict[str, object]:
    """The row of a key, wrapped with the active version."""
    kek_version = keks.active
    nonce = os.urandom(12)
    place = _place(key.folder_id, key.dek_id, key.version, kek_version)
    return {
        "folder_id": key.folder_id,
        "version": key.version,
        "dek_id": key.dek_id,
        "kek_version": kek_version,
        "wrapped": nonce + AESGCM(keks.get(kek_version)).encrypt(nonce, key.secret, place),
        "commitment": commitment(key.secret),
        "recovery": seal_for_recovery(recovery_key, key.secret, key.folder_id) if recovery_key else None,
    }


def unwrap(
    cipher: AESGCM,
    folder_id: uuid.UUID,
    version: int,
    dek_id: uuid.UUID,
    kek_version: int,
    wrapped: bytes,
    committed: bytes,
) -> DataKey:
    """The key of a row. Raises KeyUnavailable, naming the version of the key-encryption key."""
    place = _place(folder_id, dek_id, version, kek_version)
    try:
        secret = cipher.decrypt(wrapped[:12], wrapped[12:], place)
    except InvalidTag:
        raise KeyUnavailable(
            f"La clé de chiffrement version {kek_version} n'est pas la bonne : les données restent fermées."
        ) from None
    if not hmac.compare_digest(commitment(secret), committed):
        raise KeyUnavailable(f"Une clé de volet (version {kek_version}) a été altérée.")
    return DataKey(folder_id, dek_id, version, secret)
