"""Invented territories: people, work and breaks drawn from behaviour, written as an import bundle."""

from coordination.exchange.simulate.writer import BUNDLE_COLUMNS, Bundle, simulate, write_bundle

__all__ = ["BUNDLE_COLUMNS", "Bundle", "simulate", "write_bundle"]
