"""The gallery shows every figure of the studies as the code and their pages have it."""

from importlib.util import module_from_spec, spec_from_file_location

import pytest


@pytest.fixture
def maker(request):
    """The program that makes the page."""
    path = request.config.rootpath / "docs" / "gallery.py"
    if not (path.exists() and (request.config.rootpath / "experiments").exists()):
        pytest.skip("needs a checkout")
    spec = spec_from_file_location("gallery", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_current_and_shows_every_picture_once(maker):
    page = maker.gallery()
    assert page == maker.PAGE.read_text(encoding="utf-8")  # else: make docs
    pictures = sorted((maker.ROOT / "experiments").glob("*/figures/*.png"))
    assert len(pictures) >= 30
    for picture in pictures:
        path = picture.relative_to(maker.ROOT).as_posix()
        assert page.count(f'src="../{path}"') == 1, path


def test_a_figure_stands_under_the_command_with_its_verb(maker):
    lines = ["leukosim compare outputs/a", "leukosim power outputs/a biomarker=age_years"]
    assert maker.command_of("comparison", lines) == lines[0]
    assert maker.command_of("power", lines) == lines[1]
    assert maker.command_of("targets", ["leukosim run study=a", *lines]) == "leukosim run study=a"
    assert "`week_occupancy`" in maker.needs_of("treatment_hours")
