"""Feedback for trainers and the training team: results, comments, paper, surveys and who is asked."""

from marstraining.evaluation.desk import builder, comments, exports, later, paper, partners, results, teaching

routes = [
    *comments.routes,
    *exports.routes,
    *partners.routes,
    *builder.routes,
    *later.routes,
    *paper.routes,
    *results.routes,
    *teaching.routes,
]
