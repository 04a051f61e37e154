"""The page of one patient: what it says without a browser, and what a browser sees of it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import pytest

from leukosim import LeukemiaModel
from leukosim.cli import main

PATIENCE = 90_000  # ms, on a busy machine
PANELS = 6
DOSE, TRIGGER, CXCR4, RENDER = 0, 1, 2, -1  # positions among the sliders


def test_without_solara_one_sentence_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setattr(
        "leukosim.cli.serving.find_spec",
        lambda name, package=None: None if name == "solara" else name,
    )
    assert main(["page"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "needs solara, which is not installed" in said and "'leukosim[page]'" in said


@pytest.fixture
def _solara_is_there(monkeypatch):
    """As far as the command line can tell before it starts the page."""
    monkeypatch.setattr("leukosim.cli.serving.find_spec", lambda name, package=None: name)


@pytest.mark.usefixtures("_solara_is_there")
def test_a_port_in_use_is_told_before_anything_runs(capsys, monkeypatch):
    monkeypatch.setattr("leukosim.runs.mesa_model.FollowUp", None)
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["page", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"port = {port} of host = localhost cannot be used" in said and "--port" in said


@pytest.mark.usefixtures("_solara_is_there")
@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_that_there_is_not(capsys, port):
    assert main(["page", "--port", str(port)]) == 2
    assert f"port = {port} is not allowed" in capsys.readouterr().err


# ---------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium of this machine."""
    for needed in ("solara", "playwright"):
        if find_spec(needed) is None:
            pytest.skip(f"needs {needed}: pip install -e '.[page,browser]'")
    try:
        version("solara-assets")
    except PackageNotFoundError:
        pytest.skip("needs solara-assets, not to depend on the internet")
    result = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    if not any(result):
        pytest.skip("needs a browser: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=next(filter(None, result)), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """Of a page that ``leukosim page`` serves, as a user starts it."""
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("page") / "log"
    words = [sys.executable, "-m", "leukosim", "page", "--no-open", "--port", str(port)]
    with log.open("w") as file:
        served = subprocess.Popen(
            words, stdout=file, stderr=file, cwd=log.parent, env={**os.environ, "MPLBACKEND": "agg"}
        )
    try:
        wait_for(lambda: can_connect(port), lambda: f"no page: {log.read_text()}", served)
        yield f"http://localhost:{port}"
        assert served.poll() is None, log.read_text()
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        served.terminate()
        served.wait(30)


def can_connect(port):
    with socket.socket() as tried:
        return tried.connect_ex(("localhost", port)) == 0


def wait_for(condition, said, served, seconds=150.0):
    until = time.monotonic() + seconds
    while not condition():
        assert served.poll() is None and time.monotonic() < until, said()
        time.sleep(0.1)


class Seen:
    """The page as a visitor sees it."""

    def __init__(self, page):
        self.page = page

    def says(self, words):
        """Wait until the patient's state says so; the whole state."""
        state = self.page.locator(".leukosim-day", has_text=words)
        state.wait_for(timeout=PATIENCE)
        return state.inner_text()

    def press(self, name):
        self.page.get_by_role("button", name=name).click(timeout=PATIENCE)

    def move(self, slider, key):
        self.page.get_by_role("slider").nth(slider).press(key)

    def panels(self):
        """The pictures, in the order of :data:`leukosim.figures.trial.patient_course.PANELS`."""
        pictures = self.page.locator("img")
        assert pictures.count() == PANELS
        return [picture.screenshot() for picture in pictures.all()]

    def redrawn(self, before, *which):
        """Wait until these panels look otherwise; all panels as they are then."""
        until = time.monotonic() + PATIENCE / 1000.0
        while True:
            now = self.panels()
            if all(now[i] != before[i] for i in which):
                return now
            assert time.monotonic() < until, f"panels {which} are as they were"
            time.sleep(0.3)


def state_of(day, **wishes):
    """What the page has to say of a patient, from a model that is stepped here."""
    from leukosim.cli.browser import START, in_words_today

    model = LeukemiaModel(**{**START, **wishes})
    while not model.is_over and model.day < day:
        model.step()
    return in_words_today(model).replace("<b>", "").replace("</b>", "")


CELLS, MRD, COMPOSITION, NICHE, NEUTROPHILS, PLATELETS = range(PANELS)


def test_a_visitor_steps_moves_sliders_and_sees_the_plots_change(browser, address):
    page = browser.new_page(viewport={"width": 1440, "height": 1400})
    page.goto(address)
    seen = Seen(page)
    assert seen.says("Day 0") == state_of(0)
    page.locator("img").nth(PANELS - 1).wait_for(timeout=PATIENCE)
    first = seen.panels()

    seen.press("Step")
    assert seen.says("Day 7") == state_of(7)
    stepped = seen.redrawn(first, CELLS, COMPOSITION, NICHE, NEUTROPHILS)

    seen.move(RENDER, "End")  # days until the next drawing
    seen.press("Step")
    treated = seen.says("MRD reported at the trigger on day 91")
    day = int(treated.split()[1])
    assert 91 < day < 112 and treated == state_of(day)
    seen.redrawn(stepped, *range(PANELS))

    seen.page.wait_for_timeout(1000)  # until the last picture has come, not to take it for a change
    untouched = seen.panels()
    seen.move(DOSE, "Home")
    page.get_by_text("Dose: 0 %").wait_for(timeout=PATIENCE)
    without = seen.redrawn(untouched, CELLS, MRD, NEUTROPHILS, PLATELETS)
    assert seen.says(f"Day {day}") == state_of(day, dose_percent=0)

    seen.move(TRIGGER, "Home")
    assert seen.says("on day 63") == state_of(day, dose_percent=0, trigger_level=3.2e-5)
    earlier = seen.redrawn(without, MRD)

    seen.move(CXCR4, "End")
    page.get_by_text("CXCR4 of stem cells: 100 MFI ratio").wait_for(timeout=PATIENCE)
    seen.redrawn(earlier, CELLS, NICHE)
    options = dict(dose_percent=0, trigger_level=3.2e-5, cxcr4=100.0)
    assert seen.says(f"Day {day}").startswith(state_of(day, **options))

    seen.press("▶")
    over = seen.says("the course is over")
    assert over.startswith(state_of(730, **options)) and "relapse diagnosed" in over
    seen.press("❚❚")
    page.get_by_role("button", name="▶").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(1000)  # mesa's thread may take one step more
    seen.press("Reset")
    assert seen.says("Day 0").startswith(state_of(0))
    page.close()


def test_visitors_do_not_share_a_patient(browser, address):
    pages = [Seen(browser.new_page()) for _ in range(2)]
    for seen in pages:
        seen.page.goto(address)
        seen.says("Day 0")
    pages[0].press("Step")
    pages[0].says("Day 7")
    assert pages[1].says("Day 0") == state_of(0)
    for seen in pages:
        seen.page.close()
