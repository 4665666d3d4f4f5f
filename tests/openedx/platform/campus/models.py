# mypy: ignore-errors
"""What the campus remembers: people, who they are in a course, blocks and published grades."""

import uuid

from django.conf import settings
from django.db import models


class Profile(models.Model):
    """The LMS keeps the display name here, and the consumer's roster query joins it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    name = models.CharField(max_length=255)


class ExternalId(models.Model):
    """The opaque id that tools see as `sub` and `user_id`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="external_id")
    external_user_id = models.UUIDField(unique=True, default=uuid.uuid4)


class CourseRole(models.Model):
    """One person's single role in one course, in Open edX's words."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="course_roles")
    course = models.CharField(max_length=255)
    role = models.CharField(max_length=64)

    class Meta:
        unique_together = (("user", "course"),)


class CourseSharing(models.Model):
    """Which personal data the blocks of a course ask to send in a launch."""

    course = models.CharField(max_length=255, unique=True)
    full_name = models.BooleanField(default=False)
    email = models.BooleanField(default=False)
    username = models.BooleanField(default=False)


class Block(models.Model):
    """One LTI component placed in a course."""

    name = models.CharField(max_length=64, unique=True)
    usage_key = models.CharField(max_length=255, unique=True)
    course = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255)
    weight = models.FloatField(default=1.0)
    has_score = models.BooleanField(default=True)
    accept_grades_past_due = models.BooleanField(default=True)
    due = models.DateTimeField(null=True)
    custom = models.JSONField(default=dict)


class Grade(models.Model):
    """One call of the gradebook; append-only, so that tests see every publication."""

    block = models.ForeignKey(Block, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    earned = models.FloatField()
    possible = models.FloatField()
    comment = models.TextField(blank=True)
