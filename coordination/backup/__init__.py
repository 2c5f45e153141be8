"""Backup and restore: encrypted archives, their manifest, and the proof that they can be restored."""
