# mypy: ignore-errors
"""The tests' own way in: JSON to arrange the campus, to begin launches and to read what arrived."""

import json
import uuid

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from lti_consumer.api import get_lti_1p3_launch_start_url
from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import (
    CourseAllowPIISharingInLTIFlag,
    Lti1p3Passport,
    LtiAgsScore,
    LtiConfiguration,
)
from opaque_keys.edx.keys import CourseKey

from campus.models import Block, CourseRole, CourseSharing, ExternalId, Grade, Profile

PASSPORT = "shared by the blocks under test"


def command(view):
    """A POST whose JSON body becomes keyword arguments and whose dict becomes the answer."""

    @csrf_exempt
    @require_POST
    def answer(request):
        body = json.loads(request.body or b"{}")
        return JsonResponse(view(request, **body) or {})

    return answer


def _passport():
    passport, _ = Lti1p3Passport.objects.get_or_create(name=PASSPORT)
    return passport


def _config(block):
    return LtiConfiguration.objects.get(location=Block.objects.get(name=block).usage_key)


def _person(username, course, role, name=None, email=None):
    user, created = get_user_model().objects.get_or_create(username=username)
    if created or email is not None:
        user.email = f"{username}@example.invalid" if email is None else email
        user.save()
    profile, _ = Profile.objects.get_or_create(user=user, defaults={"name": username})
    if name is not None:
        profile.name = name
        profile.save()
    ExternalId.objects.get_or_create(user=user)
    if role is None:
        CourseRole.objects.get_or_create(user=user, course=course, defaults={"role": "student"})
    else:
        CourseRole.objects.update_or_create(user=user, course=course, defaults={"role": role})
    return user


@command
def reset(_request):
    """Forget people, blocks, grades and links; the client id and the keys stay."""
    for model in (LtiConfiguration, Block, CourseSharing, CourseAllowPIISharingInLTIFlag):
        model.objects.all().delete()
    get_user_model().objects.all().delete()
    passport = _passport()
    return {
        "issuer": settings.LMS_ROOT_URL,
        "client_id": passport.lti_1p3_client_id,
        "passport_id": str(passport.passport_id),
    }


@command
def use_tool(_request, login_url, launch_url, jwks_url, deep_link_url):
    """Register the tool with the shared passport and with every block."""
    Lti1p3Passport.objects.filter(pk=_passport().pk).update(lti_1p3_tool_keyset_url=jwks_url)
    LtiConfiguration.objects.update(
        lti_1p3_oidc_url=login_url,
        lti_1p3_launch_url=launch_url,
        lti_advantage_deep_linking_launch_url=deep_link_url,
    )


@command
def set_options(_request, block, **changes):
    """Change one block: `ags_mode`, `nrps`, `deep_linking`, or a column of Block."""
    config = _config(block)
    columns = {
        "ags_mode": "lti_advantage_ags_mode",
        "nrps": "lti_advantage_enable_nrps",
        "deep_linking": "lti_advantage_deep_linking_enabled",
        "redirect_uris": "lti_1p3_redirect_uris",
    }
    row = Block.objects.get(name=block)
    for key, value in changes.items():
        if key in columns:
            setattr(config, columns[key], value)
        elif key == "due":
            row.due = None if value is None else parse_datetime(value)
        else:
            setattr(row, key, value)
    config.save()
    row.save()


@command
def rotate_key(_request):
    """Make the platform sign with a new key from now on; the old one leaves the key set at once."""
    passport = _passport()
    passport.lti_1p3_internal_private_key = ""
    passport.save()
    return {"kid": passport.lti_1p3_private_key_id}


@command
def set_members(_request, course, members):
    """Make the roster of a course exactly this one; people who leave keep their account."""
    CourseRole.objects.filter(course=course).delete()
    for member in members:
        _person(course=course, **member)


@command
def set_sharing(_request, course, enabled, **fields):
    """Switch names and emails on or off for a course."""
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=CourseKey.from_string(course), enabled=enabled)
    wanted = {key: enabled and value for key, value in fields.items()}
    CourseSharing.objects.update_or_create(course=course, defaults=wanted)


@command
def add_block(_request, name, course, tool, own_client=False, **columns):
    """Place a component: its row, and the consumer's configuration stored in the database."""
    key = CourseKey.from_string(course).make_usage_key("lti_consumer", uuid.uuid4().hex)
    Block.objects.create(name=name, course=course, usage_key=str(key), **columns)
    passport = _passport()
    if own_client:
        passport = Lti1p3Passport.objects.create(name=name, lti_1p3_tool_keyset_url=tool["jwks_url"])
    LtiConfiguration.objects.create(
        version=LtiConfiguration.LTI_1P3,
        config_store=LtiConfiguration.CONFIG_ON_DB,
        location=key,
        lti_1p3_passport=passport,
        lti_1p3_oidc_url=tool["login_url"],
        lti_1p3_launch_url=tool["launch_url"],
        lti_advantage_enable_nrps=True,
        lti_advantage_deep_linking_enabled=True,
        lti_advantage_deep_linking_launch_url=tool["deep_link_url"],
        lti_advantage_ags_mode=LtiConfiguration.LTI_ADVANTAGE_AGS_DECLARATIVE,
    )
    return {
        "usage_key": str(key),
        "client_id": passport.lti_1p3_client_id,
        "passport_id": str(passport.passport_id),
    }


def _launch_data(user, block):
    role = user.course_roles.get(course=block.course).role
    sharing = CourseSharing.objects.filter(course=block.course).first()
    if not CourseAllowPIISharingInLTIFlag.current(CourseKey.from_string(block.course)).enabled:
        sharing = None
    return Lti1p3LaunchData(
        user_id=user.id,
        user_role=role,
        config_id=_config(block.name).config_id,
        resource_link_id=block.usage_key,
        external_user_id=str(user.external_id.external_user_id),
        name=user.profile.name if sharing and sharing.full_name else None,
        email=user.email if sharing and sharing.email else None,
        preferred_username=user.username if sharing and sharing.username else None,
        launch_presentation_document_target="iframe",
        context_id=block.course,
        context_type=["course_offering"],
        context_title=f"Course under test - {CourseKey.from_string(block.course).org}",
        context_label=block.course,
        custom_parameters=dict(block.custom),
    )


def _pick_item(config, item):
    """Which deep link to open: the only one by itself, the n-th where there are several."""
    saved = list(config.ltidlcontentitem_set.order_by("id"))
    if item is None and len(saved) == 1 and saved[0].content_type == "ltiResourceLink":
        item = 0
    return None if item is None else saved[item].id


def _login_url(request, user, block, deep_linking=False, item=None):
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return get_lti_1p3_launch_start_url(
        _launch_data(user, block),
        deep_link_launch=deep_linking,
        dl_content_id=None if deep_linking else _pick_item(_config(block.name), item),
    )


@command
def start_launch(request, username, role, block, deep_linking, item):
    """Sign the user in to the campus and say where a launch begins."""
    row = Block.objects.get(name=block)
    user = _person(username, row.course, role)
    url = _login_url(request, user, row, deep_linking, item)
    return {"url": url, "sub": str(user.external_id.external_user_id)}


@require_GET
def unit_page(request, block, username):
    """A course page with the tool in a frame, for tests in a browser."""
    row = Block.objects.get(name=block)
    user = _person(username, row.course, request.GET.get("role"))
    url = _login_url(request, user, row, request.GET.get("deep_linking") == "1")
    return HttpResponse(
        f"<!doctype html><html lang='en'><title>{escape(row.display_name)}</title>"
        f"<iframe title='tool' width='1000' height='700' src='{escape(url)}'></iframe></html>"
    )


@require_GET
def record(_request):
    """Everything that the tool has caused here so far."""
    return JsonResponse(
        {
            "people": {str(row.external_user_id): row.user.username for row in ExternalId.objects.select_related("user")},
            "grades": list(
                Grade.objects.order_by("id").values("block__name", "user__username", "earned", "possible", "comment")
            ),
            "blocks": {block.name: _recorded(block) for block in Block.objects.all()},
        }
    )


def _recorded(block):
    config = _config(block.name)
    return {
        "links": [{"type": item.content_type, **item.attributes} for item in config.ltidlcontentitem_set.order_by("id")],
        "line_items": [
            {
                "label": line.label,
                "score_maximum": line.score_maximum,
                "resource_id": line.resource_id,
                "resource_link_id": None if line.resource_link_id is None else str(line.resource_link_id),
                "tag": line.tag,
            }
            for line in config.ltiagslineitem_set.order_by("id")
        ],
        "scores": list(
            LtiAgsScore.objects.filter(line_item__lti_configuration=config)
            .order_by("id")
            .values("user_id", "score_given", "score_maximum", "grading_progress", "activity_progress", "comment")
        ),
    }
