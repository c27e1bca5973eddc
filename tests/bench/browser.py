"""A page of a real browser, and what it costs: processor time of its main thread, frames, memory, paints.

Rule: what is measured is the page as it is served, its policy on; a probe looks on and is never asked by the page. Time
of the main thread is processor time (CDP ``Performance`` with ``threadTicks``), which a busy machine does not stretch;
what the clock says is stretched by it, and is printed for a machine of one's own.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from tests.soak.serving import TOKEN, Served

CHROMIUM: Final = Path("/usr/bin/chromium")
VIEW: Final = {"width": 1440, "height": 900}

PROBE: Final = """(() => {
    const bench = { nodes: null, frames: [], paints: 0, shown: {} };
    globalThis.bench = bench;
    // After a frame with something in it has been handed over.
    const painted = (act) => requestAnimationFrame(() => setTimeout(act));
    bench.painted = () => new Promise(painted);
    const first = new MutationObserver(() => {
        if (!document.querySelector(".react-flow__node, .far-box")) return;
        first.disconnect();
        painted(() => (bench.nodes = performance.now()));
    });
    if (location.pathname.includes("/graphs/")) first.observe(document, { childList: true, subtree: true });
    let last = 0;
    bench.record = () => {
        bench.frames = [];
        last = performance.now();
        const frame = (now) => {
            bench.frames.push(now - last);
            last = now;
            bench.next = requestAnimationFrame(frame);
        };
        bench.next = requestAnimationFrame(frame);
    };
    bench.stop = () => (cancelAnimationFrame(bench.next), bench.frames);
    // A key, and what the page says afterwards somewhere.
    bench.change = (selector, read) => new Promise((resolve) => {
        const look = () => document.querySelector(selector)?.getAttribute(read) ?? null;
        const before = look();
        let pressed = 0;
        addEventListener("keydown", () => (pressed = performance.now()), { capture: true, once: true });
        const seen = new MutationObserver(() => {
            if (look() === before || pressed === 0) return;
            seen.disconnect();
            painted(() => resolve(performance.now() - pressed));
        });
        seen.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: [read] });
    });
    // The picture of a run: how often it is painted, and when each node is first seen as done.
    bench.watch = () => {
        let isDue = false;
        new MutationObserver((seen) => {
            const moment = () => {
                for (const { target } of seen) {
                    if (target.classList.contains("status-completed")) bench.shown[target.id] ??= Date.now();
                }
            };
            painted(moment);
            if (isDue) return;
            isDue = true;
            requestAnimationFrame(() => {
                isDue = false;
                bench.paints += 1;
            });
        }).observe(document.querySelector(".run-canvas svg"), { subtree: true, attributeFilter: ["class"] });
    };
})()"""


@dataclass(slots=True)
class Cost:
    """What a stretch of time has cost.

    Attributes:
        main_ms: processor time of the main thread.
        frames_ms: between two frames.
    """

    main_ms: float = 0.0
    frames_ms: list[float] = field(default_factory=list[float])


@dataclass(frozen=True, slots=True)
class Looked:
    """One page that is looked at.

    Attributes:
        page: Playwright's.
        session: to its debugger.
        url: of the server.
    """

    page: Page
    session: CDPSession
    url: str

    async def open(self, path: str) -> None:
        """Go to a page."""
        await self.page.goto(f"{self.url}{path}", wait_until="commit")

    async def ask(self, expression: str, given: Any = None) -> Any:
        """What an expression gives in the page."""
        return await self.page.evaluate(expression, given)

    async def main_ms(self) -> float:
        """Processor time that the main thread has used so far."""
        told = await self._told("Performance.getMetrics")
        return float(next(one["value"] for one in told["metrics"] if one["name"] == "TaskDuration")) * 1e3

    @asynccontextmanager
    async def costing(self) -> AsyncGenerator[Cost]:
        """Note what a block costs, frames included."""
        cost = Cost()
        await self.ask("() => bench.record()")
        before = await self.main_ms()
        yield cost
        cost.main_ms = await self.main_ms() - before
        cost.frames_ms = await self.ask("() => bench.stop()")

    async def settled(self) -> None:
        """Return when the main thread has had nothing to do, or after a second: a busy machine may never say so."""
        await self.ask("() => new Promise((done) => requestIdleCallback(done, { timeout: 1000 }))")

    async def heap_mb(self) -> float:
        """JavaScript's memory, garbage taken out, in millions of bytes."""
        await self._told("HeapProfiler.collectGarbage")
        told = await self._told("Runtime.getHeapUsage")
        return float(told["usedSize"]) / 1e6

    async def _told(self, method: str) -> dict[str, Any]:
        """What the browser tells of itself."""
        return await cast("Any", self.session).send(method)  # type: ignore[no-any-return]

    async def count(self, selector: str) -> int:
        """How many elements there are of a sort."""
        return await self.page.locator(selector).count()


@asynccontextmanager
async def browsing() -> AsyncGenerator[Browser]:
    """A browser of its own, drawing without a graphics card as on any server."""
    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def looking(browser: Browser, served: Served) -> AsyncGenerator[Looked]:
    """A page with an empty cache, of somebody who is logged in."""
    context = await browser.new_context(viewport=VIEW, locale="en-US")  # type: ignore[arg-type]
    await context.add_init_script(PROBE)
    await context.request.post(f"{served.url}/api/session", data={"token": TOKEN})
    page = await context.new_page()
    page.set_default_timeout(60_000)
    session = await context.new_cdp_session(page)
    # A page of this origin without a script: what follows stays in its process, and is counted from here.
    await page.goto(f"{served.url}/api/session")
    await cast("Any", session).send("Performance.enable", {"timeDomain": "threadTicks"})
    yield Looked(page, session, served.url)
    await context.close()


def percentile(numbers: list[float], share: float) -> float:
    """The smallest number that so large a share is not above; not a number where there are none."""
    return sorted(numbers)[max(0, math.ceil(len(numbers) * share) - 1)] if numbers else math.nan
