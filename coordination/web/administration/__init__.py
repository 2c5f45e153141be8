"""Pages of the administrator: accounts, roles, structures, lists, neighbourhoods, school years. No journey."""

from coordination.web.administration import accounts, lists, passwords, service, structures
from coordination.web.administration.pages import blueprint

__all__ = ["accounts", "blueprint", "lists", "passwords", "service", "structures"]
