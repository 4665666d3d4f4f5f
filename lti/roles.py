"""Roles: an exact table of URIs. Context roles win; custom parameters never grant anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain.enrolment import Role

MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION: Final = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM: Final = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
TEST_USERS: Final = frozenset({SYSTEM + "TestUser", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"})

_SUB_ROLES: Final = {
    "Administrator": "Administrator Developer ExternalDeveloper ExternalSupport ExternalSystemAdministrator Support "
    "SystemAdministrator",
    "ContentDeveloper": "ContentDeveloper ContentExpert ExternalContentExpert Librarian",
    "Instructor": "ExternalInstructor Grader GuestInstructor Instructor Lecturer PrimaryInstructor SecondaryInstructor "
    "TeachingAssistant TeachingAssistantGroup TeachingAssistantOffering TeachingAssistantSection "
    "TeachingAssistantSectionAssociation TeachingAssistantTemplate",
    "Learner": "ExternalLearner GuestLearner Instructor Learner NonCreditLearner",
    "Manager": "AreaManager CourseCoordinator ExternalObserver Manager Observer",
    "Member": "Member",
    "Mentor": "Advisor Auditor ExternalAdvisor ExternalAuditor ExternalLearningFacilitator ExternalMentor ExternalReviewer "
    "ExternalTutor LearningFacilitator Mentor Reviewer Tutor",
    "Officer": "Chair Communications Secretary Treasurer Vice-Chair",
}
"""Principal context role to its sub-roles: LTI 1.3 core, appendix A.2.3."""

_TEACHING: Final = frozenset({"Administrator", "ContentDeveloper", "Instructor", "Manager"})
_WATCHING: Final = frozenset({"Mentor"})
_ONLOOKERS: Final = frozenset({"ExternalObserver", "Observer"})


def _context_table() -> dict[str, str]:
    """Return URI or short name of each context role to `instructor`, `learner` or `watcher`."""
    table: dict[str, str] = {}
    for principal, subs in _SUB_ROLES.items():
        meaning = "instructor" if principal in _TEACHING else "watcher" if principal in _WATCHING else "learner"
        table[f"{MEMBERSHIP}#{principal}"] = meaning
        table[principal] = meaning
        for sub in subs.split():
            table[f"{MEMBERSHIP}/{principal}#{sub}"] = "watcher" if sub in _ONLOOKERS else meaning
    table["TeachingAssistant"] = "instructor"
    return table


CONTEXT_ROLES: Final = _context_table()
STAFF_WITHOUT_CONTEXT: Final = frozenset(
    {
        INSTITUTION + "Administrator",
        SYSTEM + "Administrator",
        SYSTEM + "AccountAdmin",
        SYSTEM + "SysAdmin",
    }
)
"""Who counts as an instructor where no context role is sent. An institution's Instructor does not: Canvas sends that role
for everybody who teaches anywhere."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the roles of a launch or of a roster's member amount to.

    Args:
        preview: True for platforms' test students and for mentors, who look on and are never counted.
    """

    role: Role
    preview: bool


def standing(roles: Sequence[str]) -> Standing:
    """Return what a list of roles amounts to; unknown and empty entries grant nothing."""
    meanings = {CONTEXT_ROLES[r] for r in roles if r in CONTEXT_ROLES}
    test_user = any(r in TEST_USERS for r in roles)
    if "instructor" in meanings and not test_user:
        return Standing("instructor", preview=False)
    if not meanings and not test_user and any(r in STAFF_WITHOUT_CONTEXT for r in roles):
        return Standing("instructor", preview=False)
    return Standing("learner", preview=test_user or meanings == {"watcher"})
