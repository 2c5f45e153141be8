"""Recovery: each data key also sealed (HPKE) to a public key whose private half is kept off the server."""

from __future__ import annotations

import uuid

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"coordination/recovery/"


def make_recovery_pair() -> tuple[bytes, bytes]:
    """(private, public) raw keys; the private one is printed once and never stored by the server."""
    private = X25519PrivateKey.generate()
    return (
        private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
        private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
    )


def seal_for_recovery(public: bytes, secret: bytes, folder_id: uuid.UUID) -> bytes:
    """A data key that only the holder of the recovery key opens, bound to its folder."""
    return _SUITE.encrypt(secret, X25519PublicKey.from_public_bytes(public), _INFO + folder_id.bytes)


def recover(private: bytes, sealed: bytes, folder_id: uuid.UUID) -> bytes:
    """The data key, opened off the server."""
    return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), _INFO + folder_id.bytes)
