from django.urls import path, register_converter

from worlds.api import clock, jobs, keys, worlds


class WorldName:
    """A world's name as it may stand in an address; whether there is such a world is another question."""

    regex = "[a-z][a-z0-9_-]{0,39}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Tag(WorldName):
    regex = "[a-z0-9][a-z0-9_.-]{0,39}"


register_converter(WorldName, "world")
register_converter(Tag, "tag")

urlpatterns = [
    path("worlds/", worlds.Worlds.as_view(), name="worlds"),
    path("worlds/<world:name>/", worlds.OneWorld.as_view(), name="world"),
    path("worlds/<world:name>/fork/", worlds.Fork.as_view(), name="world-fork"),
    path("worlds/<world:name>/snapshots/", worlds.Snapshots.as_view(), name="world-snapshots"),
    path("worlds/<world:name>/snapshots/<tag:tag>/", worlds.OneSnapshot.as_view(), name="world-snapshot"),
    path("worlds/<world:name>/reset/", worlds.Reset.as_view(), name="world-reset"),
    path("worlds/<world:name>/state-hash/", worlds.WorldStateHash.as_view(), name="world-state-hash"),
    path("worlds/<world:name>/keys/", keys.WorldKeys.as_view(), name="world-keys"),
    path("worlds/<world:name>/keys/<id:key_id>/", keys.OneWorldKey.as_view(), name="world-key"),
    path("clock/", clock.Clock.as_view(), name="clock"),
    path("clock/advance/", clock.Advance.as_view(), name="clock-advance"),
    path("clock/live/", clock.Live.as_view(), name="clock-live"),
    path("clock/pause/", clock.Pause.as_view(), name="clock-pause"),
    path("clock/resume/", clock.Resume.as_view(), name="clock-resume"),
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.OneJob.as_view(), name="job"),
    path("keys/", keys.Keys.as_view(), name="keys"),
    path("keys/<id:key_id>/", keys.OneKey.as_view(), name="key"),
    path("state-hash/", worlds.StateHash.as_view(), name="state-hash"),
]
