"""Documents: what can be read, how it is cut, what is refused, and what is found."""

from __future__ import annotations

import itertools
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from benchmarks import rag
from benchmarks.rag_files import docx_around, docx_of, pdf_around, pdf_of
from pipelines import documents, engines, ocr, pdf
from pipelines.documents import keeping, office, searching, splitting, table
from pipelines.errors import Cancelled, InvalidInput, TooLarge, UnknownEngine
from pipelines.job import Job

Put = Callable[[str, "str | bytes"], tuple[Path, str]]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    documents.forget()
    yield
    documents.forget()


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """A file with this content, as (path, name): on the disk it has another name, as uploads do."""

    def write(name: str, content: str | bytes) -> tuple[Path, str]:
        path = tmp_path / f"upload-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path, name

    return write


def whole(file: tuple[Path, str]) -> str:
    return "\n".join(passage.text for passage in documents.read(*file))


def refusal(kind: type[InvalidInput], file: tuple[Path, str]) -> str:
    """Both sentences of the error; each names what is wrong, and no path of the server."""
    with pytest.raises(kind) as caught:
        documents.read(*file)
    said = f"{caught.value.message.en} {caught.value.message.ko}"
    assert str(file[0].parent) not in said and caught.value.message.ko
    return said


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949", "euc-kr"])
def test_korean_text_is_decoded(put: Put, encoding: str) -> None:
    assert whole(put("메모.txt", "도서관은 아홉 시에 엽니다.\r\n점심에는 쉽니다.".encode(encoding))).startswith(
        "도서관은"
    )


def test_utf_16_in_either_order_needs_its_mark(put: Put) -> None:
    for mark, order in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert whole(put("a.txt", mark + "한글 memo".encode(order))) == "한글 memo"
    assert "UTF-8" in refusal(InvalidInput, put("a.txt", "memo without a mark".encode("utf-16-le")))


def test_rare_hangul_of_cp949_and_latin_accents_are_told_apart(put: Put) -> None:
    assert whole(put("a.txt", "찦차를 타고 온 펲시맨과 쑛다리 똠방각하입니다".encode("cp949"))).startswith("찦차를")
    assert whole(put("a.txt", "Le café est ouvert, voilà un résumé “bref”.".encode("cp1252"))).startswith("Le café")


def test_hangul_written_in_parts_is_composed(put: Put) -> None:
    import unicodedata

    assert whole(put("a.md", unicodedata.normalize("NFD", "한글 파일"))) == "한글 파일"


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t\n", "no text"),
        ("a.txt", b"text\0with nul", "UTF-8"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "UTF-8"),
        ("a.hwp", b"HWP Document File", "hwp"),
        ("a", b"text", "txt, md"),
        ("a.pdf", b"just text", "PDF"),
        ("a.docx", b"just text", "Word"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ("a.csv", b'a,b\n1,"never closed' + b"x" * 200_000, "table"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(put: Put, name: str, content: bytes, hint: str) -> None:
    assert hint in refusal(InvalidInput, put(name, content))


def test_a_long_name_does_not_fill_the_page(put: Put) -> None:
    path, name = put("n" * 5_000 + ".txt", "short")
    assert len(documents.read(path, name)[0].file) < 100
    assert len(refusal(InvalidInput, (path, "n" * 5_000 + ".exe"))) < 700


def test_limits_are_said(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LIMIT_DOCUMENT_BYTES", "1000000")
    assert "at most 1 MB" in refusal(TooLarge, put("a.txt", b"x" * 1_000_001))
    monkeypatch.setenv("MODU_LIMIT_DOCUMENT_CHARACTERS", "2000")
    assert "2,000" in refusal(TooLarge, put("a.txt", "열 글자로 된 문장. " * 300))
    assert "more text" in refusal(TooLarge, put("a.docx", docx_of("열 글자로 된 문장. " * 300)))
    monkeypatch.setenv("MODU_LIMIT_DOCUMENTS", "2")
    with pytest.raises(TooLarge, match="at most 2"):
        documents.search_files("무엇?", [put(f"{at}.txt", f"글 {at}") for at in range(3)])


def test_a_cancel_ends_the_reading(put: Put) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        documents.read(*put("a.txt", "text"), job)


# --- pdf ----------------------------------------------------------------------------------------------------------


def test_passages_of_a_pdf_know_their_page(put: Put) -> None:
    first, second = "The office opens at nine.", "Lunch is served in the cellar (level -1)."
    passages = documents.read(*put("house.pdf", pdf_of(first, second)))
    assert [(one.file, one.page, one.text) for one in passages] == [("house.pdf", 1, first), ("house.pdf", 2, second)]


def test_lines_that_the_page_broke_are_joined_again(put: Put) -> None:
    sentence = (
        "A sentence that is much longer than a line of the page, so that it has to be broken at least twice: " * 2
    )
    assert " ".join(sentence.split()) in whole(put("a.pdf", pdf_of(sentence)))


def test_a_pdf_with_a_password_says_so(put: Put) -> None:
    code = "00" * 32
    lock = f"/ID [<{code}> <{code}>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{code}> /U <{code}> >> "
    catalogue = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
    assert "password" in refusal(InvalidInput, put("a.pdf", pdf_around(catalogue, lock)))


def test_a_scan_is_sent_to_ocr(put: Put) -> None:
    assert "OCR" in refusal(InvalidInput, put("scan.pdf", pdf_of("", "")))


def test_a_damaged_pdf_is_refused(put: Put) -> None:
    good = pdf_of("Some text.")
    assert "damaged" in refusal(InvalidInput, put("a.pdf", good[:60]))
    assert "damaged" in refusal(InvalidInput, put("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40))


def test_too_many_pages_are_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LIMIT_PDF_PAGES", "2")
    said = refusal(TooLarge, put("a.pdf", pdf_of("one", "two", "three")))
    assert "3 pages" in said and "at most 2" in said


def test_pdfs_are_read_in_several_threads_at_once(put: Put) -> None:
    """PDFium itself cannot: each file has a process of its own."""
    files = [put(f"{at}.pdf", pdf_of(*[f"File {at}, page {page}." for page in range(5)])) for at in range(6)]
    with ThreadPoolExecutor(6) as pool:
        texts = list(pool.map(whole, files))
    assert [text.splitlines()[2] for text in texts] == [f"File {at}, page 2." for at in range(6)]


def test_a_pdf_that_unpacks_to_gigabytes_costs_its_own_process_only(put: Put) -> None:
    import zlib

    page = zlib.compress(b"BT /F 11 Tf " + b"(A) Tj " * 7_000_000 + b"ET", 9)
    content = pdf_around(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>",
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        ]
    )
    assert len(content) < 100_000
    assert "too complicated" in refusal(InvalidInput, put("bomb.pdf", content))


def test_a_page_that_takes_for_ever_is_given_up(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "ANSWER_S", 0.0)
    assert "too complicated" in refusal(InvalidInput, put("a.pdf", pdf_of("text")))


def test_no_process_is_left_behind(put: Put) -> None:
    import psutil

    path, name = put("a.pdf", pdf_of("one", "two"))
    before = set(psutil.Process().children())
    with pytest.raises(ZeroDivisionError), pdf.opened(path, name) as opened:
        assert opened.text(1) == "two"
        assert len(set(psutil.Process().children()) - before) == 1
        raise ZeroDivisionError
    assert not set(psutil.Process().children()) - before


# --- docx ---------------------------------------------------------------------------------------------------------


def test_a_word_file_gives_what_a_reader_sees(put: Put) -> None:
    body = (
        "<w:p><w:r><w:t>동아리 </w:t></w:r><w:hyperlink><w:r><w:t>안내</w:t></w:r></w:hyperlink></w:p>"
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr>"
        "<w:ins><w:r><w:t>회비는 만 원이다.</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>회비는 이만 원이다.</w:delText></w:r></w:del></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>상자 안의 글.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>첫째</w:t></w:r></w:p>"
        "<w:p><w:pPr><w:pStyle w:val='ListBullet'/></w:pPr><w:r><w:t>둘째</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>요일</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>화요일</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>목요일</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        "<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>끝.</w:t><w:br/><w:t>정말로.</w:t></w:r></w:p>"
    )
    assert whole(put("a.docx", docx_around(body))).splitlines() == [
        "동아리 안내", "", "회비는 만 원이다.", "", "상자 안의 글.", "- 첫째", "- 둘째", "요일 | 화요일 목요일 |", "",
        "끝.", "정말로.",
    ]  # fmt: skip


def test_a_damaged_word_file_is_refused(put: Put, tmp_path: Path) -> None:
    good = docx_of("글" * 5_000)
    assert "damaged" in refusal(InvalidInput, put("a.docx", good[: len(good) // 2]))
    spoiled = bytearray(good)
    spoiled[good.index(b"word/document.xml") + 30] ^= 0xFF
    assert "damaged" in refusal(InvalidInput, put("a.docx", bytes(spoiled)))
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as parts:
        parts.writestr("picture.png", b"x")
    assert "damaged" in refusal(InvalidInput, (other, "a.docx"))


def test_a_word_file_that_unpacks_to_gigabytes_costs_no_memory(put: Put) -> None:
    """Twice: as text without end, and as XML without text."""
    import tracemalloc

    text = docx_around(f"<w:p><w:r><w:t>{'가나다 ' * 3_000_000}</w:t></w:r></w:p>")
    empty = docx_around("<w:p/>" * 16_000_000)
    for content in (text, empty):
        assert len(content) < 2_000_000
        file = put("bomb.docx", content)
        tracemalloc.start()
        assert "more text" in refusal(TooLarge, file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60_000_000


def test_entities_that_grow_are_refused(put: Put) -> None:
    levels = "".join(f'<!ENTITY e{at + 1} "{f"&e{at};" * 10}">' for at in range(9))
    bomb = f'<!DOCTYPE w [<!ENTITY e0 "ha">{levels}]>'
    assert "damaged" in refusal(InvalidInput, put("a.docx", docx_around("<w:p><w:r><w:t>&e9;</w:t></w:r></w:p>", bomb)))


def test_a_list_of_parts_without_end_is_refused(put: Put) -> None:
    content = bytearray(docx_of("text"))
    at = content.rindex(b"PK\x05\x06")
    content[at + 12 : at + 16] = (office.DIRECTORY + 1).to_bytes(4, "little")
    assert "damaged" in refusal(InvalidInput, put("a.docx", bytes(content)))


# --- csv ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_rows_come_in_groups_under_their_columns(put: Put, delimiter: str) -> None:
    rows = [
        ["이름", "부서", "전화"],
        *[[f"사람{at}", "기획, 운영" if delimiter != "," else "기획", f"02-{at}"] for at in range(90)],
    ]
    passages = documents.read(*put("a.csv", "\r\n".join(delimiter.join(row) for row in rows).encode("cp949")))
    assert len(passages) > 2
    assert all(one.text.startswith("이름 | 부서 | 전화\n") and one.page == 0 for one in passages)
    together = "\n".join(one.text for one in passages)
    assert all(f"사람{at} | " in together for at in range(90))
    assert all(splitting.width(one.text) < splitting.WIDEST for one in passages)


def test_odd_tables_are_read(put: Put) -> None:
    assert whole(put("a.csv", "only,a,header")) == "only | a | header"
    assert whole(put("a.csv", "word\nanother\n")) == "word\nanother"
    assert whole(put("a.csv", 'a,b\n"two\nlines","x, y"\n\n1\n')) == "a | b\ntwo lines | x, y\n1"
    wide = ",".join(f"column {at}" for at in range(200))
    assert all(splitting.width(one.text) < 900 for one in documents.read(*put("a.csv", f"{wide}\n{wide}")))
    assert table.delimiter_of("") in table.DELIMITERS


# --- cutting ------------------------------------------------------------------------------------------------------


def paragraphs(count: int) -> str:
    return "\n\n".join(
        " ".join(f"이것은 문단 {at}의 문장 {sentence}번이며 조금 깁니다." for sentence in range(at % 7 + 1))
        for at in range(count)
    )


def test_nothing_is_lost_and_nothing_is_too_long() -> None:
    text = paragraphs(40)
    passages = splitting.split(text)
    assert len(passages) > 5
    assert all(splitting.width(one) <= splitting.WIDEST + 10 for one in passages)
    wanted = {sentence for paragraph in text.split("\n\n") for sentence in splitting.sentences(paragraph)}
    assert len(wanted) == sum(at % 7 + 1 for at in range(40))
    assert all(any(sentence in passage for passage in passages) for sentence in wanted)


def test_a_cut_paragraph_repeats_its_heading_and_last_sentence() -> None:
    body = " ".join(f"규칙 {at}번은 모두가 함께 정한 것입니다." for at in range(60))
    passages = splitting.split(f"# 모임 규칙\n{body}")
    assert len(passages) > 2 and all(one.startswith("# 모임 규칙\n") for one in passages)
    for before, after in itertools.pairwise(passages):
        assert splitting.sentences(before)[-1] == splitting.sentences(after)[0]


def test_a_heading_is_never_the_end_of_a_passage() -> None:
    section = "A first sentence of some length stands here. " * 9
    passages = splitting.split("\n\n".join(f"Heading {at}\n\n{section}" for at in range(6)))
    assert [one.splitlines()[0] for one in passages] == [f"Heading {at}" for at in range(6)]


def test_short_lines_in_a_row_are_a_list() -> None:
    passages = splitting.split("\n".join(f"item {at}" for at in range(500)))
    assert len(passages) < 10 and all(splitting.width(one) <= splitting.WIDEST for one in passages)


def test_text_without_any_bound_is_cut_all_the_same() -> None:
    for text in ("가" * 5_000, "word " * 2_000, "x" * 5_000):
        passages = splitting.split(text)
        assert all(splitting.width(one) <= splitting.WIDEST for one in passages)
        assert "".join("".join(passages).split()) == "".join(text.split())


def test_sentences_of_both_languages() -> None:
    assert splitting.sentences("오늘은 쉽니다. 내일 오세요! 아시겠죠? 네.") == [
        "오늘은 쉽니다.",
        "내일 오세요!",
        "아시겠죠?",
        "네.",
    ]
    assert splitting.sentences("Dr. Kim paid 3.5 pounds, e.g. for tea. “Why?” She knew.") == [
        "Dr. Kim paid 3.5 pounds, e.g. for tea.", "“Why?”", "She knew.",
    ]  # fmt: skip
    assert splitting.sentences("1. 첫째 항목\n2. 둘째 항목은 길다.") == ["1. 첫째 항목", "2. 둘째 항목은 길다."]


# --- searching ----------------------------------------------------------------------------------------------------


def test_korean_is_found_whatever_its_endings(put: Put) -> None:
    files = [
        put("규칙.txt", "도서관에서는 음식을 드실 수 없습니다. 물은 괜찮습니다."),
        put("시간.txt", "수영장은 새벽 여섯 시에 문을 엽니다."),
        put("english.txt", "The swimming pool opens at six in the morning."),
    ]
    assert documents.search_files("수영장이 여는 시간은?", files)[0].passage.file == "시간.txt"
    assert documents.search_files("도서관 음식 먹어도 되나요", files)[0].passage.file == "규칙.txt"
    assert documents.search_files("When does the POOL open?", files)[0].passage.file == "english.txt"
    assert documents.search_files("zzz qqq", files) == []


def test_scores_fall_and_k_bounds_them(put: Put) -> None:
    index = documents.build([documents.Passage("a", 0, text) for text in paragraphs(30).split("\n\n")])
    found = index.search("문단 7의 문장", k=5)
    assert len(found) == 5
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for k in (0, 21, 2.5, "3", True):
        with pytest.raises(InvalidInput):
            index.search("문단", k=k)  # type: ignore[arg-type]


@pytest.mark.parametrize("question", ["", " \n ", "x" * 9_000, None, 7])
def test_a_question_that_cannot_be_asked(put: Put, question: str) -> None:
    with pytest.raises(InvalidInput):
        documents.search_files(question, [put("a.txt", "text")])


def test_an_index_needs_passages_and_a_known_engine() -> None:
    with pytest.raises(InvalidInput):
        documents.build([])
    with pytest.raises(UnknownEngine):
        documents.build([documents.Passage("a", 0, "text")], "word2vec")
    assert documents.search_files("anything", []) == []


def test_quotes_are_words_of_the_document(put: Put) -> None:
    file = put(
        "a.txt",
        "동물원은 월요일에 쉽니다.\n\n입장료는 어른 오천 원입니다. 아이는 무료입니다.\n\n주차장은 정문 옆입니다.",
    )
    found = documents.search_files("입장료가 얼마예요?", [file])
    quotes = documents.best_quotes("입장료가 얼마예요?", found)
    assert quotes[0].text.startswith("입장료는 어른 오천 원입니다.")
    assert quotes[0].text in quotes[0].source.text and quotes[0].source.file == "a.txt"
    assert documents.best_quotes("입장료", []) == []


def test_a_quote_keeps_the_lines_of_the_document(put: Put) -> None:
    file = put(
        "list.txt",
        "Opening hours are these.\n\n- Monday from nine to five\n- Tuesday from ten to six\n- closed on Sunday",
    )
    (quote,) = documents.best_quotes("When is it open on Monday?", documents.search_files("open on Monday", [file]))
    assert quote.text == "- Monday from nine to five\n- Tuesday from ten to six" and quote.text in quote.source.text


def test_a_row_of_a_table_is_quoted_under_its_columns(put: Put) -> None:
    file = put("prices.csv", "품목,가격\n감,900\n사과,1200\n배,3000\n")
    (quote,) = documents.best_quotes("사과 가격은?", documents.search_files("사과 가격은?", [file]))
    assert quote.text == "품목 | 가격\n사과 | 1200"


def test_a_scan_is_told_what_to_do_and_what_ocr_makes_of_it_can_be_asked(put: Put, tmp_path: Path) -> None:
    page = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(page).text((40, 100), "The museum opens at eleven.", fill="black", font_size=48)
    scan, read = tmp_path / "scan.pdf", tmp_path / "read.pdf"
    page.save(scan)
    with pytest.raises(InvalidInput, match="searchable PDF"):
        documents.read(scan, "scan.pdf", Job())
    read.write_bytes(ocr.read(scan, engine="embedded").pdf)
    assert "museum" in documents.read(read, "read.pdf", Job())[0].text


# --- what is kept -------------------------------------------------------------------------------------------------


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were really read."""
    seen: list[str] = []
    read = searching.read

    def counted(path: Path, name: str, job: Job) -> list[documents.Passage]:
        seen.append(name)
        return read(path, name, job)

    monkeypatch.setattr(searching, "read", counted)
    return seen


def test_the_next_question_does_not_read_again(put: Put, readings: list[str]) -> None:
    file = put("a.txt", "고양이는 야옹 하고 웁니다.")
    again = put("a.txt", "고양이는 야옹 하고 웁니다.")  # a program uploads it anew with each call
    other = put("b.txt", "강아지는 멍멍 하고 짖습니다.")
    for files in ([file], [again], [again, other]):
        assert documents.search_files("고양이", files)[0].passage.file == "a.txt"
    assert readings == ["a.txt", "b.txt"]


def test_citations_name_the_file_as_this_caller_knows_it(put: Put, readings: list[str]) -> None:
    content = "고양이는 야옹 하고 웁니다."
    for name in ("mine.txt", "yours.txt"):
        assert [one.passage.file for one in documents.search_files("고양이", [put(name, content)])] == [name]
    both = [put("mine.txt", content), put("yours.txt", content)]
    assert [one.passage.file for one in documents.search_files("고양이", both)] == ["mine.txt"]


def test_one_changed_letter_is_another_document(put: Put) -> None:
    documents.search_files("비밀번호", [put("a.txt", "비밀번호는 1234입니다.")])
    found = documents.search_files("비밀번호", [put("a.txt", "비밀번호는 9999입니다.")])
    assert "1234" not in "".join(one.passage.text for one in found)


def test_callers_at_once_get_their_own_documents(put: Put) -> None:
    files = [put("a.txt", f"이 문서의 표지는 번호{at}번입니다. 표지를 잘 보세요.") for at in range(8)]

    def ask(at: int) -> str:
        return documents.search_files("표지 번호", [files[at]])[0].passage.text

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(ask, list(range(8)) * 4))
    assert all(f"번호{number % 8}번" in text for number, text in enumerate(texts))


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LIMIT_DOCUMENT_CHARACTERS", "100")
    kept: keeping.Kept[str] = keeping.Kept()
    for at in range(10):
        kept.put(at, "x", 30)
    assert [kept.get(at) for at in range(10)] == [None] * 7 + ["x"] * 3
    kept.get(7)
    kept.put(10, "x", 30)
    assert kept.get(7) == "x" and kept.get(8) is None  # the least recently used goes
    kept.put(11, "too much", 101)
    assert len(kept) == 0


def test_what_nobody_asks_for_is_dropped_by_itself() -> None:
    kept: keeping.Kept[str] = keeping.Kept(kept_s=0.5)
    kept.put("a", "x", 1)
    assert kept.get("a") == "x"
    end = time.monotonic() + 30
    while len(kept) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(kept) == 0
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer) and not one.daemon]


# --- how good it is -----------------------------------------------------------------------------------------------


def test_the_built_in_index_meets_its_goal() -> None:
    """The figures of `benchmarks/rag.py`."""
    asked, known = rag.questions(), rag.passages()
    assert len(asked) >= 40 and len({one.file for one in asked}) == 4
    assert all(any(rag.holds(passage, one) for passage in known) for one in asked)
    index = documents.build(known)
    found = rag.hits(lambda question: [one.passage for one in index.search(question, 3)], asked)
    base = rag.hits(rag.whitespace_bm25(known), asked)
    shares, baseline = rag.by_language(found, asked), rag.by_language(base, asked)
    for part in ("all", "en", "ko"):
        assert shares[part] >= rag.GOAL
        assert shares[part] > baseline[part] + 0.1


def test_small_talk_is_told_from_questions_about_documents() -> None:
    """The last figures of `benchmarks/rag.py`."""
    asked, talk = rag.questions(), rag.small_talk_asked()
    assert not any(rag.as_small_talk([one.question for one in asked]))
    shares = rag.by_language(rag.as_small_talk([one.text for one in talk]), talk)
    assert len(talk) >= 20 and min(shares.values()) >= rag.TALK_GOAL


def test_the_index_is_an_engine_as_any_other() -> None:
    row = engines.row(engines.find("documents", "embedded"))
    assert row["kind"] == "embedded" and row["status"] in ("ready", "loaded")
