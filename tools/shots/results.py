"""Pages of feedback: answering, and what the desk and the trainers read and set up."""

from tools.shots.shown import DESK, NOBODY, TRAINER, Shown

RESULTS = (
    Shown("feedback", "{feedback_link}"),
    Shown("feedback-wrong", "{feedback_link}", NOBODY, press="Send my answers"),
    Shown("feedback-over", "/evaluation/nothing", status=404),
    Shown("feedback-thanks", "/evaluation/thanks/{open_survey}"),
    Shown("feedback-room", "/evaluation/room/{room_survey}"),
    Shown("feedback-room-wrong", "/evaluation/room/{room_survey}", press="Go on to the form"),
    Shown("desk-evaluation", "/desk/evaluation", DESK),
    Shown("desk-evaluation-course", "/desk/evaluation/courses/CP", DESK),
    Shown("desk-evaluation-survey", "/desk/evaluation/{closed_survey}", DESK),
    Shown("desk-evaluation-paper", "/desk/evaluation/{room_survey}/paper", DESK),
    Shown("desk-evaluation-print", "/desk/evaluation/{closed_survey}/print", DESK),
    Shown("desk-evaluation-comments", "/desk/evaluation/comments", DESK),
    Shown("desk-evaluation-partners", "/desk/evaluation/partners", DESK),
    Shown(
        "desk-evaluation-partners-check",
        "/desk/evaluation/partners",
        DESK,
        {"title": "Training needs", "instrument": "{partners_instrument}", "sectors": "Education, schools", "whom": "leads"},
        "Continue",
    ),
    Shown("desk-evaluation-partners-returns", "/desk/evaluation/partners/{partners}", DESK),
    Shown("desk-evaluation-later", "/desk/evaluation/later", DESK),
    Shown("desk-surveys", "/desk/evaluation/surveys", DESK),
    Shown("desk-survey", "/desk/evaluation/surveys/{instrument}", DESK),
    Shown("desk-survey-preview", "/desk/evaluation/surveys/{instrument}/preview", DESK),
    Shown("desk-survey-areas", "/desk/evaluation/areas", DESK),
    Shown("teaching-feedback", "/teaching/{taught_past}/feedback", TRAINER),
    Shown("teaching-feedback-screen", "/teaching/{taught_past}/feedback/screen", TRAINER),
    Shown("desk-feedback", "/desk/sessions/{certified}/feedback", DESK),
    Shown("desk-feedback-screen", "/desk/sessions/{certified}/feedback/screen", DESK),
)
