"""What a file is, told from its first bytes: its name and what the browser says of it prove nothing."""

from __future__ import annotations

# First bytes -> media type and ending (ISO 32000, ITU T.81, PNG specification).
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
KINDS = "PDF, JPEG ou PNG"


def media_of(content: bytes) -> str | None:
    """The media type of a content that is taken, None for any other."""
    return next((media for start, media in _SIGNATURES if content.startswith(start)), None)
