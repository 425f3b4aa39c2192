"""Pages of people: signing in and out, one's own account, one's Telegram chat."""

from marstraining.people.pages import account, confirming, signing_in, telegram

routes = [*signing_in.routes, *confirming.routes, *account.routes, *telegram.routes]

__all__ = ["routes"]
