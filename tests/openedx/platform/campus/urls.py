# mypy: ignore-errors
"""The consumer's addresses under /api/, as an LMS mounts them, and the tests' own under /control/."""

from django.urls import include, path

from campus import control

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer")),
    path("control/reset", control.reset),
    path("control/tool", control.use_tool),
    path("control/options", control.set_options),
    path("control/rotate-key", control.rotate_key),
    path("control/members", control.set_members),
    path("control/sharing", control.set_sharing),
    path("control/blocks", control.add_block),
    path("control/launch", control.start_launch),
    path("control/record", control.record),
    path("unit/<slug:block>/<str:username>", control.unit_page),
]
