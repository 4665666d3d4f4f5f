"""Roles by exact URI: context roles win, nothing but the table grants."""

from __future__ import annotations

import pytest

from lti.roles import Standing, standing

M = "http://purl.imsglobal.org/vocab/lis/v2/membership"
I = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"  # noqa: E741 # institution, beside the other roots
S = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
LEARNER = Standing("learner", preview=False)
PREVIEW = Standing("learner", preview=True)
INSTRUCTOR = Standing("instructor", preview=False)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([], LEARNER),
        ([""], LEARNER),
        (["Learner"], LEARNER),
        (["Instructor"], INSTRUCTOR),
        ([f"{M}#Learner"], LEARNER),
        ([f"{M}#Instructor"], INSTRUCTOR),
        ([f"{M}#Administrator"], INSTRUCTOR),
        ([f"{M}#ContentDeveloper"], INSTRUCTOR),
        ([f"{M}/Instructor#PrimaryInstructor"], INSTRUCTOR),
        ([f"{M}/Instructor#TeachingAssistant"], INSTRUCTOR),
        ([f"{M}/Learner#Instructor"], LEARNER),
        ([f"{M}/Manager#Observer"], PREVIEW),
        ([f"{M}#Mentor"], PREVIEW),
        ([f"{M}#Mentor", f"{M}#Learner"], LEARNER),
        (["http://purl.imsglobal.org/vocab/lis/v2.evil/x#Instructor"], LEARNER),
        (["http://evil.example/membership#Instructor"], LEARNER),
        ([f"{M}#instructor"], LEARNER),
        ([f" {M}#Instructor"], LEARNER),
        ([f"{I}Instructor"], LEARNER),
        ([f"{I}Instructor", f"{M}#Learner"], LEARNER),
        ([f"{I}Administrator"], INSTRUCTOR),
        ([f"{I}Administrator", f"{M}#Learner"], LEARNER),
        ([f"{S}SysAdmin"], INSTRUCTOR),
        ([f"{S}User"], LEARNER),
        ([f"{M}#Learner", f"{S}TestUser"], PREVIEW),
        ([f"{M}#Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"], PREVIEW),
        ([f"{M}#Instructor", f"{M}#Learner"], INSTRUCTOR),
    ],
)
def test_standing(roles: list[str], expected: Standing) -> None:
    assert standing(roles) == expected
