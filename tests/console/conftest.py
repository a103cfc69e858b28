import os
import shutil
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from browser import Browser  # noqa: E402


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the console's tests need root: they start Postfix", returncode=77)
    if shutil.which("chromium") is None or not os.path.isdir(os.path.join(HERE, "node_modules")):
        pytest.exit("no chromium, or tests/console/node_modules is missing: run contrib/install-deps", returncode=77)


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def accessible(browser):
    """accessible(page): axe-core finds nothing wrong with it, and nothing in it was refused by its policy."""
    def check(page, **options):
        found = browser.violations(page, **options)
        assert not found, "\n".join(f"{one['id']}: {one['help']}\n  " + "\n  ".join(one["nodes"]) for one in found)
        assert not browser.log(page)["errors"]
    return check
