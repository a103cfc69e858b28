import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lab import Lab  # noqa: E402


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests need root: Postfix's master runs as root", returncode=77)


@pytest.fixture(scope="module")
def lab():
    """One laboratory a test module; tests tell their messages apart by their text."""
    lab = Lab(settings={"archive": 'segment_bytes = "64M";'}).start()
    yield lab
    lab.stop()


@pytest.fixture
def fresh_lab():
    """A factory of laboratories of their own, with settings; stopped at the end."""
    labs = []

    def make(start=True, **kwargs):
        lab = Lab(**kwargs)
        labs.append(lab)
        return lab.start() if start else lab

    yield make
    for lab in labs:
        lab.stop()
