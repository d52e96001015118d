"""Archives whose bytes depend on their content alone: no times of now in them, nor in the workbooks inside."""

import io
import re
import zipfile
from typing import Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_WORKBOOK: Final = ".xlsx"
_CORE: Final = "docProps/core.xml"
_TIME: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def fixed(archive: bytes, *, inner: bool = False) -> bytes:
    """Write an archive anew with every time in it set to one; a workbook's own times too (`inner`)."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(_WORKBOOK):
                data = fixed(data, inner=True)
            elif inner and name == _CORE:
                data = _TIME.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", data)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            compressed = not name.endswith((".png", ".jpg", ".jpeg", _WORKBOOK))
            entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            new.writestr(entry, data)
    return written.getvalue()
