"""The training team's pages about people and agencies."""

from marstraining.people.desk import agencies, listing, merging, person

routes = [*listing.routes, *merging.routes, *person.routes, *agencies.routes]

__all__ = ["routes"]
