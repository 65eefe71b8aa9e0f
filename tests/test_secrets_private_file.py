"""Files that only their owner can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_helpers.secrets.private_file import sddl_is_private, synchronised


@pytest.mark.parametrize(
    ("sddl", "private"),
    [
        ("O:S-1-5-21-1-2-3-1001G:S-1-5-21-1D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1-2-3-1001)", True),
        ("O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)", False),
        ("D:(A;;FR;;;WD)", False),
        ("D:(D;;FR;;;WD)(A;;FA;;;OW)", True),
        ("", False),
        ("O:BA", False),
    ],
)
def test_access_lists_of_windows(sddl: str, private: bool) -> None:
    assert sddl_is_private(sddl) is private


def test_synchronised_folders_are_recognised() -> None:
    assert synchronised(Path("/home/me/OneDrive - Acme/halo/a.secret")) == "onedrive"
    assert synchronised(Path("/home/me/halo/a.secret")) == ""
