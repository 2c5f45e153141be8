"""What a browser sends, kept in memory: no upload is ever spooled to a file in clear.

Pages that take a file let more in (`takes_files`); beyond the file's own limit bytes are counted, not kept, so
that the form can say the limit beside the field, with everything else that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, TypeVar

from flask import Flask, Request, current_app, request
from flask.typing import ResponseReturnValue

from coordination.web import current

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
# Beyond this even counting costs too much; a photograph of a phone has a tenth of it.
LARGEST_UPLOAD = 64 * 1024 * 1024


class InMemory(BytesIO):
    """Keeps at most what `room` still allows, and one byte more to tell that there was more."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any, /) -> int:
        size = len(data)
        kept = min(size, self.room.left)
        self.room.left -= kept
        super().write(data[:kept])
        return size


class Room:
    """How many bytes of files a request may keep, all files together."""

    def __init__(self, left: int) -> None:
        self.left = left


class MemoryRequest(Request):
    """A request whose files stay in memory, all of them together within its limit."""

    largest_file: int | None = None
    _room: Room | None = None

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> Any:
        if self._room is None:
            limit = self.largest_file or current_app.config["MAX_CONTENT_LENGTH"]
            self._room = Room(limit + 1)
        return InMemory(self._room)


def takes_files(largest: int) -> Callable[[View], View]:
    """The view takes files of at most `largest` bytes, from people who are signed in."""

    def mark(view: View) -> View:
        view.largest_file = largest  # type: ignore[attr-defined]
        return view

    return mark


def register(app: Flask) -> None:
    """Must come after the account is known and before anything reads the form (the CSRF token is in it).

    The requests of `app` are of MemoryRequest.
    """
    assert issubclass(app.request_class, MemoryRequest)
    app.before_request(_let_files_in)


def _let_files_in() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    largest = getattr(view, "largest_file", None)
    if largest and current.signed_in() and isinstance(request, MemoryRequest):
        request.largest_file = largest
        request.max_content_length = LARGEST_UPLOAD
