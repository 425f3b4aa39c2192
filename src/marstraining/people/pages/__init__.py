"""Pages of people: signing in and out, one's own account."""

from marstraining.people.pages import account, confirming, signing_in

routes = [*signing_in.routes, *confirming.routes, *account.routes]

__all__ = ["routes"]
