# mypy: ignore-errors
"""The answers an LMS would give to the consumer, from the campus's own tables."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone
from opaque_keys.edx.keys import UsageKey

AUTHORS = ("staff", "instructor")


class PlacedBlock:
    """A component as the consumer reads it: attributes of the block, and a gradebook to call."""

    class _Scopes:
        def __init__(self, usage_id):
            self.usage_id = usage_id
            self.user_id = None

    lti_1p3_passport_id = ""

    def __init__(self, row):
        self.row = row
        self.location = UsageKey.from_string(row.usage_key)
        self.scope_ids = self._Scopes(self.location)
        self.context_id = row.course
        self.display_name = row.display_name
        self.weight = row.weight
        self.has_score = row.has_score
        self.accept_grades_past_due = row.accept_grades_past_due
        self.start = None
        self.due = row.due

    def is_past_due(self):
        return self.due is not None and timezone.now() > self.due

    def max_score(self):
        return self.weight if self.has_score else None

    def set_user_module_score(self, user, score, max_score, comment=""):
        from campus.models import Grade

        Grade.objects.create(block=self.row, user=user, earned=score * max_score, possible=max_score, comment=comment or "")


def load_block(location, *_):
    from campus.models import Block

    return PlacedBlock(Block.objects.get(usage_key=str(location)))


def user_of_external_id(external_user_id):
    from lti_consumer.exceptions import LtiError

    from campus.models import ExternalId

    try:
        return ExternalId.objects.select_related("user").get(external_user_id=external_user_id).user
    except (ExternalId.DoesNotExist, ValidationError) as error:
        raise LtiError(f"nobody has the external id {external_user_id!r}") from error


def course_members(course_key):
    from campus.models import CourseRole

    rows = CourseRole.objects.filter(course=str(course_key)).select_related("user__profile")
    return {
        row.user_id: {
            "id": row.user_id,
            "username": row.user.username,
            "email": row.user.email,
            "name": row.user.profile.name,
            "roles": [row.role],
        }
        for row in rows
    }


def external_ids(users):
    from campus.models import ExternalId

    return {user.id: ExternalId.objects.get_or_create(user=user)[0] for user in users}


def may_author(user, course_key):
    if not user.is_authenticated:
        return False
    return user.course_roles.filter(course=str(course_key), role__in=AUTHORS).exists()


def may_open(_course, user, *_args, **_kwargs):
    return isinstance(user, get_user_model())


def install():
    """Put these functions where the consumer looks for the LMS's."""
    from lti_consumer.plugin import compat

    compat.load_enough_xblock = load_block
    compat.load_block_as_user = load_block
    compat.get_user_from_external_user_id = user_of_external_id
    compat.get_course_members = course_members
    compat.batch_get_or_create_externalids = external_ids
    compat.user_has_studio_write_access = may_author
    compat.get_course_by_id = str
    compat.user_course_access = may_open
    compat.user_has_access = lambda user, *_args: user.is_authenticated
