"""A check whose package or data is not there: not judged, neither a success nor a failure."""

import json
import sys

import pytest

from isogap.cli.verify import main

LABEL = "Real batches"


@pytest.fixture
def without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)


@pytest.mark.usefixtures("without_scikit_learn")
def test_the_rest_is_as_expected(capsys):
    assert main(["--threads", "1", "--only", LABEL, "--only", "E5"]) == 0
    out = capsys.readouterr().out
    assert "2 of 2 verdicts as expected, 1 not judged" in out  # E5 rests on the Weingarten inputs
    assert 'the images come with scikit-learn: pip install "isogap[data]"' in out


@pytest.mark.usefixtures("without_scikit_learn")
def test_alone_it_is_no_success(capsys, tmp_path):
    page = tmp_path / "report.html"
    assert main(["--threads", "1", "--quiet", "--only", LABEL, "--json", "-", "--html", str(page)]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["statements"]
    assert (entry["kind"], entry["verdict"], entry["controls"]) == ("not judged", "not judged", [])
    assert "0 of 0 verdicts: nothing judged; 1 not judged" in page.read_text(encoding="utf-8")
