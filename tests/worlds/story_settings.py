"""The product's settings, with time driven by the story's alarms: for workers in processes of their own."""

from jishi.settings import *  # noqa: F403

JISHI_DEADLINES = "tests.worlds.story.DEADLINES"
JISHI_TIMETABLE = "tests.worlds.story.TIMETABLE"

JISHI_DEAF_SECONDS = 4.0
