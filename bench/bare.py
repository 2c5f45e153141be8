"""The least that Flask can serve: the unit of every multiple."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "<!doctype html><html lang=fr><title>Bonjour</title><p>Bonjour</p></html>"
