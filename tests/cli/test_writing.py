"""What commands write: the cells of a table, and nothing of a set of files of which one cannot be made."""

import argparse

import numpy as np
import pytest

from isogap.cli.writing import csv_text, write_asked


def test_a_cell_is_a_number_of_python_or_empty():
    row = [None, np.float64(1.5), np.int64(3), np.float64("nan"), np.bool_(True), "inf", 0.1, 10**400, False]
    assert csv_text(["a"], [row]) == f"a\n,1.5,3,,True,inf,0.1,{10**400},False\n"


def test_a_table_that_cannot_be_made_leaves_no_file(tmp_path):
    def table():
        raise ValueError("no table")

    options = argparse.Namespace(json=str(tmp_path / "z.json"), csv=str(tmp_path / "z.csv"))
    written = []
    with pytest.raises(ValueError, match="no table"):
        write_asked(options, written, data=dict, table=table)
    assert (written, list(tmp_path.iterdir())) == ([], [])
