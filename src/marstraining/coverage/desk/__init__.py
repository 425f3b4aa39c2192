"""Coverage for the training team: a person's record, who falls due, the rules."""

from marstraining.coverage.desk import forecast, record, rules

routes = [*record.routes, *forecast.routes, *rules.routes]

__all__ = ["routes"]
