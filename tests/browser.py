"""What all tests in a browser share: how Chromium starts, and how long a condition is waited for."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Browser, Page, Playwright, expect

WAIT_S: Final = 30
"""The one limit of every wait. It is reached by a fault alone, so that a busy machine costs time and no test."""

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Playwright can lose a frame that changes its process several times in a second; sites stay sites without them.
    "--disable-features=IsolateOrigins,site-per-process",
    "--disable-site-isolation-trials",
)
SEE_CONFETTI: Final = """new MutationObserver(() => {
  if (document.querySelector("canvas")) document.documentElement.dataset.confetti = "seen";
}).observe(document, { childList: true, subtree: true });"""
"""Confetti takes its canvas away after some seconds, perhaps between two looks of a test; this remembers that it was there."""

OTHER_SCREEN: Final = """() => {
  const screen = document.getElementById("screen");
  return document.readyState === "complete" && screen !== null && screen.dataset.before === undefined;
}"""
"""A function and no expression: the content security policy forbids to evaluate a string."""


def wait_so_long() -> None:
    """Let every `expect` wait as long as pages do by themselves: `WAIT_S`."""
    expect.set_options(timeout=1000 * WAIT_S)


def start_chromium(playwright: Playwright, path: str, *flags: str) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])


def follow(page: Page, name: str) -> None:
    """Press a button that leads to a page of its own, and wait until that has loaded, its scripts included."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def go_on(page: Page) -> None:
    """Press the primary button and wait until another screen is there, by htmx or as a page of its own."""
    page.evaluate("document.getElementById('screen').dataset.before = 'yes'")
    page.locator("[data-primary]").click()
    page.wait_for_function(OTHER_SCREEN)


def see_confetti(page: Page) -> None:
    """Wait until confetti has been on a page that began with `SEE_CONFETTI`."""
    page.wait_for_function("() => document.documentElement.dataset.confetti === 'seen'")
