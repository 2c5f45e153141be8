"""One function per intention of a user; each is one `work`."""
