"""What a file is, its content says; what could run or swell is not taken."""

import contextlib
import io
import zipfile

import pytest
from papers import damaged, office_file, repacked
from xlsxwriter import Workbook

from workflow.errors import InvalidInput
from workflow.file_kinds import kind_of, shown_name

WORD, EXCEL = "word/document.xml", "xl/workbook.xml"


def a_real_workbook() -> bytes:
    whole = io.BytesIO()
    book = Workbook(whole, {"in_memory": True})
    book.add_worksheet().write_string(0, 0, "明细")
    book.close()
    return whole.getvalue()


def archive(name: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        made.writestr(name, "x")
    return whole.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4\n...", "pdf"),
        (b"\xff\xd8\xff\xe0 picture", "jpg"),
        (b"\x89PNG\r\n\x1a\n picture", "png"),
        (office_file(WORD), "docx"),
        (office_file(EXCEL, {"xl/printerSettings/printerSettings1.bin": b"x"}), "xlsx"),
        (a_real_workbook(), "xlsx"),
    ],
)
def test_the_content_says_what_it_is(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


MISNAMED = office_file(WORD, {"word/名.xml": b"x"}).replace("名".encode(), b"\xff\xfe\xfd")

REFUSED = {
    "a program": b"MZ\x90\x00" + b"\0" * 100,
    "a page": b"<html><script>alert(1)</script>",
    "an old office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "a picture that is a program": b"<svg onload=alert(1)>",
    "macros in a document": office_file(WORD, {"word/vbaProject.bin": b"x"}),
    "macros in a sheet": office_file(EXCEL, {"xl/macrosheets/sheet1.xml": b"x"}),
    "macros by type": office_file(WORD, types=b"application/vnd.ms-word.document.macroEnabled"),
    "a program within": office_file(WORD, {"word/embeddings/oleObject1.bin": b"x"}),
    "another program within": office_file(WORD, {"word/embeddings/setup.exe": b"x"}),
    "an archive": archive("other.xml"),
    "an archive with an office file's list": office_file("other.xml"),
    "two in one": office_file(WORD, {EXCEL: b"x"}),
    "half a file": office_file(EXCEL)[:-40],
    "its head alone": b"PK\x03\x04",
    "one without its middle": office_file(WORD, {"word/a.xml": b"x" * 99})[:40]
    + office_file(WORD, {"word/a.xml": b"x" * 99})[80:],
    "one with a part whose name is none": MISNAMED,
    "one that is packed as no office file is": office_file(WORD, packed=zipfile.ZIP_LZMA),
    "one that swells": office_file(WORD, {"word/media/a.xml": b"\0" * (30 << 20)}),
    "one with too many parts": office_file(WORD, {f"word/{n}.xml": b"" for n in range(2100)}),
    "nothing": b"",
}


@pytest.mark.parametrize("what", REFUSED)
def test_anything_else_is_refused(what: str) -> None:
    with pytest.raises(InvalidInput, match="附件"):
        kind_of(REFUSED[what])


PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.mark.parametrize("packed", PACKINGS)
def test_a_damaged_file_is_taken_or_refused_and_nothing_else(packed: int) -> None:
    whole = repacked(a_real_workbook(), packed)
    for seed in range(300):
        with contextlib.suppress(InvalidInput):
            assert kind_of(damaged(whole, seed)) == "xlsx", seed


@pytest.mark.parametrize(
    ("sent", "kind", "shown"),
    [
        ("整改照片.JPG", "jpg", "整改照片.jpg"),
        ("../../etc/passwd", "pdf", "passwd.pdf"),
        ("C:\\Users\\x\\表.exe", "xlsx", "表.xlsx"),
        ('a<b>"c|d?.pdf', "pdf", "abcd.pdf"),
        ("x\r\nSet-Cookie: y.png", "png", "xSet-Cookie y.png"),
        ("...", "pdf", "附件.pdf"),
        ("", "pdf", "附件.pdf"),
        ("长" * 300, "pdf", "长" * 60 + ".pdf"),
        ("\u202efdp.exe", "pdf", "fdp.pdf"),
    ],
)
def test_a_name_is_harmless_and_ends_as_the_content_says(sent: str, kind: str, shown: str) -> None:
    assert shown_name(sent, kind) == shown
