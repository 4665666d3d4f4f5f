"""How each family of LMS behaves where the standard leaves room or is not followed.

The numbers name the lines of docs/platforms.md that say what these platforms do; strict is the specification read narrowly, so
that a tool's mistake shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """One platform's ways."""

    name: str
    family_code: str
    product_name: str
    version: str
    context_type: str
    id_token_lifetime_s: int
    json_message_hint: bool
    sends_storage_target: bool
    adds_institution_roles: bool
    substitutes_link_history: bool
    keeps_dates: bool
    sections_variable: str | None
    requires_user_agent: bool
    line_item_query: str
    line_items_page: int | None
    members_page: int | None
    malformed_line_item_links: bool
    wrong_accept_status: int | None
    wrong_content_type_status: int
    content_type_parameters_pass: bool
    whole_second_timestamps: bool
    equal_timestamp_refused: bool
    stale_timestamp_status: int
    future_timestamp_refused: bool
    graded_progress: frozenset[str]
    unfinished_erases: bool
    clamps_to_maximum: bool
    unknown_user_status: int
    teacher_status: int
    suspended_scores_accepted: bool
    locked_status: int
    counts_attempts: bool
    rescales_on_new_maximum: bool
    coupled_delete_status: int | None
    short_roster_roles: bool
    suspended_roster_status: str | None
    rate_limit_status: int
    nested_errors: bool
    configuration_needs_token: bool
    registration_is_pending: bool
    registration_names_deployment: bool
    registered_status: int
    registration_fault_status: int


FULLY = frozenset({"FullyGraded"})

STRICT = Manner(
    name="strict",
    family_code="pacemate-sandbox",
    product_name="Sandbox LMS",
    version="1.0",
    context_type="http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering",
    id_token_lifetime_s=60,
    json_message_hint=False,
    sends_storage_target=True,
    adds_institution_roles=False,
    substitutes_link_history=True,
    keeps_dates=True,
    sections_variable=None,
    requires_user_agent=False,
    line_item_query="",
    line_items_page=None,
    members_page=None,
    malformed_line_item_links=False,
    wrong_accept_status=406,
    wrong_content_type_status=415,
    content_type_parameters_pass=False,
    whole_second_timestamps=False,
    equal_timestamp_refused=True,
    stale_timestamp_status=409,
    future_timestamp_refused=True,
    graded_progress=FULLY,
    unfinished_erases=False,
    clamps_to_maximum=False,
    unknown_user_status=404,
    teacher_status=400,
    suspended_scores_accepted=False,
    locked_status=403,
    counts_attempts=False,
    rescales_on_new_maximum=False,
    coupled_delete_status=403,
    short_roster_roles=False,
    suspended_roster_status="Inactive",
    rate_limit_status=429,
    nested_errors=False,
    configuration_needs_token=False,
    registration_is_pending=False,
    registration_names_deployment=True,
    registered_status=201,
    registration_fault_status=400,
)

MOODLE = Manner(
    name="moodle",
    family_code="moodle",
    product_name="Moodle (played by Sandbox LMS)",
    version="5.1",
    context_type="CourseSection",  # M13
    id_token_lifetime_s=60,  # M12
    json_message_hint=True,  # M12
    sends_storage_target=False,  # M12
    adds_institution_roles=False,
    substitutes_link_history=False,  # M10
    keeps_dates=False,  # M10
    sections_variable="$Moodle.Person.userGroupIds",  # M15
    requires_user_agent=True,  # M6
    line_item_query="?type_id=1",  # M8
    line_items_page=None,
    members_page=None,
    malformed_line_item_links=True,  # M8
    wrong_accept_status=400,
    wrong_content_type_status=400,  # M3
    content_type_parameters_pass=False,
    whole_second_timestamps=True,  # M1
    equal_timestamp_refused=True,
    stale_timestamp_status=409,  # M1
    future_timestamp_refused=False,  # M1
    graded_progress=FULLY,
    unfinished_erases=True,  # M2
    clamps_to_maximum=True,  # M11
    unknown_user_status=400,  # M3
    teacher_status=400,  # M3
    suspended_scores_accepted=True,
    locked_status=500,  # M4
    counts_attempts=False,
    rescales_on_new_maximum=True,  # M11
    coupled_delete_status=None,  # M11
    short_roster_roles=True,  # M9
    suspended_roster_status=None,  # M9
    rate_limit_status=429,
    nested_errors=False,
    configuration_needs_token=False,
    registration_is_pending=True,
    registration_names_deployment=True,
    registered_status=200,
    registration_fault_status=400,
)

CANVAS = Manner(
    name="canvas",
    family_code="canvas",
    product_name="Canvas (played by Sandbox LMS)",
    version="cloud",
    context_type="http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering",
    id_token_lifetime_s=3600,  # C13
    json_message_hint=False,
    sends_storage_target=True,
    adds_institution_roles=True,  # C8
    substitutes_link_history=True,  # C9
    keeps_dates=True,  # C9
    sections_variable="$com.instructure.User.sectionNames",  # C10
    requires_user_agent=False,
    line_item_query="",
    line_items_page=10,  # C7
    members_page=50,  # C7
    malformed_line_item_links=False,
    wrong_accept_status=None,
    wrong_content_type_status=415,
    content_type_parameters_pass=True,  # C13
    whole_second_timestamps=False,
    equal_timestamp_refused=False,  # C2
    stale_timestamp_status=400,  # C2
    future_timestamp_refused=False,
    graded_progress=frozenset({"FullyGraded", "PendingManual"}),  # C6
    unfinished_erases=True,  # C6
    clamps_to_maximum=False,
    unknown_user_status=422,  # C4
    teacher_status=422,  # C4
    suspended_scores_accepted=False,
    locked_status=422,  # C4
    counts_attempts=True,  # C3
    rescales_on_new_maximum=False,
    coupled_delete_status=401,  # C13
    short_roster_roles=False,
    suspended_roster_status=None,  # C7
    rate_limit_status=403,  # C5
    nested_errors=True,  # C13
    configuration_needs_token=True,
    registration_is_pending=True,
    registration_names_deployment=False,
    registered_status=200,
    registration_fault_status=422,
)

MANNERS = {manner.name: manner for manner in (STRICT, MOODLE, CANVAS)}
