"""README and pages print the numbers of ``docs/measured.toml``, and no others of their kind."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def measured_module():
    spec = importlib.util.spec_from_file_location("measured_pages", ROOT / "docs" / "measured.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


measured = measured_module()
MARK = re.compile(r"<!-- m:[\w.-]+ -->.*?<!-- /m -->")


@pytest.mark.parametrize("page", measured.pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_page_prints_what_was_measured(page):
    text = page.read_text(encoding="utf-8")
    assert measured.rendered(text, measured.load()) == text, "python docs/measured.py writes it"
    assert text.count("<!-- m:") == len(MARK.findall(text))
    assert not re.search(r"^<!-- m:", text, re.M), "a line that begins with a comment is no paragraph"


def test_readme_prints_no_time_of_its_own():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    prose = MARK.sub("", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    assert MARK.search(text)
    assert not re.findall(r"\b\d[\d.]* (?:ms|µs|s|seconds|minutes|hours|times)\b", prose)


def test_a_changed_number_changes_the_page():
    data = measured.load()
    text = "<!-- m:engine.cold -->old<!-- /m -->, <!-- m:engine.date -->?<!-- /m --> on <!-- m:engine.machine --><!-- /m -->"
    data["measured"]["engine"]["value"]["cold"] = "9 s"
    assert MARK.sub(lambda m: m[0].split("-->")[1].split("<!--")[0], measured.rendered(text, data)) == (
        f"9 s, {data['measured']['engine']['date']} on {data['machine']['epyc']}"
    )
    with pytest.raises(KeyError):
        measured.rendered("<!-- m:engine.nosuch --><!-- /m -->", data)


def test_a_table_has_the_rows_that_are_asked_for_and_ratios_of_its_own_numbers():
    data = {
        "table": {
            "t": {
                "rows_are": "d",
                "columns": ["ours", "theirs", "more"],
                "ratio_to": "ours",
                "heads": {"theirs": "the others"},
                "row": [
                    {"d": 1, "ours": "0.070", "theirs": "21.8", "more": "> 60 s"},
                    {"d": 2, "ours": "3", "theirs": "4"},
                ],
            }
        }
    }
    text = measured.rendered("<!-- table:t -->\n<!-- /table -->", data)
    head, rows = (
        "| d | ours | the others | more |\n|---|---|---|---|\n",
        "| 1 | 0.070 | 21.8 (310) | > 60 s |\n| 2 | 3 | 4 (1.3) |  |",
    )
    assert head + rows in text
    assert measured.rendered(text, data) == text
    part = measured.rendered("<!-- table:t rows=2 columns=theirs -->\n<!-- /table -->", data)
    assert "| d | the others |\n|---|---|\n| 2 | 4 (1.3) |" in part


def test_a_range_goes_over_machines_and_columns():
    data = {
        "table": {
            "here": {"rows_are": "d", "ratio_to": "ours", "row": [{"d": 8, "ours": "0.07", "a": "21", "b": "2"}]},
            "there": {"rows_are": "d", "row": [{"d": 8, "a": "135", "b": "> 60"}, {"d": 32, "a": "4.9"}]},
        },
        "range": {
            "all": {"tables": ["here", "there"], "columns": ["a", "b"]},
            "small": {"tables": ["here", "there"], "columns": ["a"], "rows": ["8"]},
        },
    }
    assert measured.value(data, "range.all") == "4.9 to 300"
    assert measured.value(data, "range.small") == "140 to 300"


def test_every_measurement_says_when_where_and_how():
    data = measured.load()
    for name, about in data["measured"].items():
        assert about["machine"] in data["machine"], name
        assert about["command"], name
        assert re.search(r"\b20(2[6-9]|[3-9]\d)\b", str(about["date"])), name  # the month where the day is not known
    text = "".join(page.read_text(encoding="utf-8") for page in measured.pages())
    for name, about in data["measured"].items():
        for key in about["value"]:
            assert f"<!-- m:{name}.{key} -->" in text, f"{name}.{key} stands on no page"
    for name in data["range"]:
        assert f"<!-- m:range.{name} -->" in text, f"range {name} stands on no page"
    for name in data["table"]:
        assert f"<!-- table:{name}" in text, f"table {name} stands on no page"
