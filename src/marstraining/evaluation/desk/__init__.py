"""Feedback for trainers and the training team: results, comments, paper, surveys and who is asked."""

from marstraining.evaluation.desk import builder, comments, exports, paper, partners, results, teaching

routes = [
    *comments.routes,
    *exports.routes,
    *partners.routes,
    *builder.routes,
    *paper.routes,
    *results.routes,
    *teaching.routes,
]
