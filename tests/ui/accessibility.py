"""What a screen reader, a keyboard and tired eyes need of a page, checked in the page as it is shown."""

from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Page, expect

FAULTS = r"""
() => {
  const faults = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest("[aria-hidden=true]");
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const textOf = (elements) => elements.map((e) => e?.innerText ?? "").join(" ").trim();
  const byId = (ids) => (ids ?? "").split(" ").map((id) => document.getElementById(id));
  const naming = (e) => e.getAttribute("aria-label") || textOf(byId(e.getAttribute("aria-labelledby"))) || textOf([...(e.labels ?? [])]);
  if (!document.documentElement.lang) faults.push("the page names no language");
  if (!document.title) faults.push("the page has no title");
  if (all("h1").length !== 1) faults.push(`${all("h1").length} main headings`);
  if (all("main").length !== 1) faults.push(`${all("main").length} main landmarks`);
  for (const e of all("input")) if (!naming(e)) faults.push(`an input without a label: ${e.outerHTML.slice(0, 80)}`);
  for (const e of all("button, a[href], iframe, [role=dialog], section, aside, nav"))
    if (!(naming(e) || e.title || e.innerText?.trim() && ["BUTTON", "A"].includes(e.tagName))) faults.push(`no name: ${e.outerHTML.slice(0, 80)}`);
  for (const e of all("img")) if (!e.hasAttribute("alt")) faults.push(`a picture without alt: ${e.src}`);
  for (const e of all("[aria-describedby]"))
    for (const id of e.getAttribute("aria-describedby").split(" ")) if (!document.getElementById(id)) faults.push(`described by nothing: ${id}`);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) faults.push(`two elements are #${id}`);
  for (const e of all("button, a.button, input")) {
    const { width, height } = e.getBoundingClientRect();
    if (Math.min(width, height) < 18) faults.push(`too small to hit: ${e.outerHTML.slice(0, 80)}`);
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixel = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = pixel(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const light = (c) => {
    const [r, g, b] = [...c].slice(0, 3).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || ["SCRIPT", "NOSCRIPT"].includes(e.tagName) || !shown(e)) continue;
    const [a, b] = [light(pixel(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
  }
  return faults;
}
"""


COLOURS_CHANGED = """
async () => {
  const changing = () => document.getAnimations().filter((a) => a instanceof CSSTransition);
  // A change that is inherited begins anew in each child.
  do {
    await Promise.allSettled(changing().map((a) => a.finished));
    await new Promise(requestAnimationFrame);
  } while (changing().length);
}
"""


def faults(page: Page) -> list[str]:
    """In words; empty when the shown page has none of those looked for."""
    return page.evaluate(FAULTS)


def scrolls_sideways(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def in_both_looks(page: Page, path: str) -> Iterator[str]:
    """Opened in the dark; when the system turns light, the page does."""
    looks: list[Literal["dark", "light"]] = ["dark", "light"]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.goto(path)
    for look in looks:
        page.emulate_media(color_scheme=look)
        expect(page.locator("html")).to_have_attribute("data-theme", look)
        page.evaluate(COLOURS_CHANGED)
        yield f"{path} {look}"
