"""Hostile and careless requests to the running app: nothing leaks, nothing is fetched, the server lives on."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import contract
import httpx
import pytest
import raw
from conftest import ROOT, SCRATCH, example
from gradio_client import Client
from test_contract import HERE

SYSTEM_FILE = Path("/etc/passwd")
OWN_SOURCE = ROOT / "app.py"
SECRETS = ("root:", "def build_app", "prepare()")
CODES = ("[invalid_input]", "[unknown_engine]", "[too_large]")

FORMS: dict[str, Callable[[str], Any]] = {
    "bare string": lambda path: path,
    "no meta": lambda path: {"path": path},
    "wrong meta": lambda path: {"path": path, "meta": {"_type": "gradio.Other"}},
    "right meta": lambda path: {"path": path, "meta": {"_type": "gradio.FileData"}},
}
FILE_PARAMETERS = [(name, parameter) for name, row in HERE.items() for parameter in row.files]
EXAMPLES = {"image": ("digits", "*.png"), "files": ("digits", "*.png"), "video": ("face_mosaic", "*.mp4")}
EXAMPLES |= {"audio": ("speech_to_text", "*.wav"), "document": ("digits", "*.png"), "mask": ("digits", "*.png")}


def wrapped(value: Any) -> dict[str, Any]:
    return {"alone": value, "in a list": [value]}


@pytest.fixture(scope="module", autouse=True)
def still_alive(app_url: str, client: Client) -> Iterator[None]:
    """After all of this the app still answers."""
    yield
    assert raw.http.get(f"{app_url}/config", timeout=90).status_code == 200
    answer, _, _ = client.predict(example_value("image"), api_name="/digits")
    assert answer["engine"]


def example_value(parameter: str) -> Any:
    from gradio_client import handle_file

    return handle_file(str(example(*EXAMPLES[parameter])))


@pytest.fixture(scope="module")
def good_files(app_url: str) -> dict[str, Any]:
    """A really uploaded file for every file parameter."""
    values: dict[str, Any] = {}
    for parameter in {parameter for _, parameter in FILE_PARAMETERS}:
        path = example(*EXAMPLES.get(parameter, EXAMPLES["image"]))
        values[parameter] = raw.file_value(raw.upload(app_url, path, path.name), path.name)
    values["files"] = [values["files"]]
    return values


def arguments(name: str, good_files: dict[str, Any], **changes: Any) -> list[Any]:
    """The values of a call in order: defaults, good files, and `changes`."""
    plain: dict[str, Any] = {"message": "hello", "text": "Hello.", "prompt": "a house", "task": "digits"}
    plain["engine"] = "embedded"
    values = []
    for parameter, default in contract.ENDPOINTS[name].parameters.items():
        value = plain.get(parameter, "") if default is contract.REQUIRED else default
        value = good_files[parameter] if parameter in contract.ENDPOINTS[name].files and value != [] else value
        values.append(changes.get(parameter, value))
    return values


def refused(event: str, answer: Any) -> str:
    assert event == "error", answer
    text = str(answer)
    assert not any(secret in text for secret in SECRETS)
    return (answer or {}).get("error") or ""


# --- files of the server ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "parameter"), FILE_PARAMETERS)
def test_a_file_of_the_server_cannot_be_named(
    app_url: str, good_files: dict[str, Any], name: str, parameter: str, form: str
) -> None:
    for path in (SYSTEM_FILE, OWN_SOURCE):
        for value in wrapped(FORMS[form](str(path))).values():
            data = arguments(name, good_files, **{parameter: value})
            said = refused(*raw.call(app_url, name, data))
            assert said.endswith("[invalid_input]"), said
            assert "uploaded" in said or "a list" in said, "it must not even be opened"


@pytest.mark.parametrize(("name", "parameter"), FILE_PARAMETERS)
def test_no_roundabout_path_leads_out_of_the_upload_folder(
    app_url: str, good_files: dict[str, Any], name: str, parameter: str
) -> None:
    uploads = SCRATCH / "gradio"
    link = uploads / "link.png"
    if not link.exists():
        link.symlink_to(SYSTEM_FILE)
    roundabout = [
        str(uploads / ".." / ".." / "etc" / "passwd"),
        str(uploads) + "/../" * 12 + "etc/passwd",
        f"file://{SYSTEM_FILE}",
        str(link),
        str(uploads),
        "",
        "\0",
        "a\0b",
        "~/.bashrc",
        "/proc/self/environ",
        "/dev/stdin",
        "x" * 5000,
        ".",
        "%2fetc%2fpasswd",
    ]
    for number, path in enumerate(roundabout):
        form = ("bare string", "no meta", "wrong meta")[number % 3]
        value = FORMS[form](path)
        data = arguments(name, good_files, **{parameter: [value] if parameter in ("files", "documents") else value})
        assert refused(*raw.call(app_url, name, data)).endswith("[invalid_input]"), (path[:40], form)


@pytest.mark.parametrize(("name", "parameter"), FILE_PARAMETERS)
@pytest.mark.parametrize(
    "value", [5, True, 1.5, {}, {"path": None}, {"path": ["/etc/passwd"]}, {"path": {}}, [[]]], ids=repr
)
def test_what_is_no_file_is_refused(
    app_url: str, good_files: dict[str, Any], name: str, parameter: str, value: Any
) -> None:
    data = arguments(name, good_files, **{parameter: value})
    assert refused(*raw.call(app_url, name, data)).endswith("[invalid_input]")


@pytest.mark.parametrize(("name", "parameter"), FILE_PARAMETERS)
def test_a_missing_file_is_asked_for(app_url: str, good_files: dict[str, Any], name: str, parameter: str) -> None:
    if contract.ENDPOINTS[name].parameters[parameter] is not contract.REQUIRED:
        pytest.skip("this file is optional")
    for empty in (None, "") if parameter != "files" else (None, [], [None]):
        data = arguments(name, good_files, **{parameter: empty})
        assert refused(*raw.call(app_url, name, data)).endswith("[invalid_input]")


FILE_COMPONENTS = ("image", "imageeditor", "file", "video", "audio", "gallery", "multimodaltextbox", "downloadbutton")


def events(app_url: str) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    config = raw.http.get(f"{app_url}/config", timeout=90).json()
    components = {component["id"]: component for component in config["components"]}
    return [one for one in config["dependencies"] if one["api_visibility"] != "public"], components


@pytest.mark.parametrize("form", FORMS)
def test_the_pages_own_events_take_no_file_of_the_server(app_url: str, form: str) -> None:
    """Private events can be posted by anyone too, by their number."""
    private, components = events(app_url)
    tried = 0
    for event in private:
        kinds = [components[number]["type"] for number in event["inputs"]]
        plain = [components[number].get("props", {}).get("value") for number in event["inputs"]]
        for at, kind in enumerate(kinds):
            if kind not in FILE_COMPONENTS:
                continue
            for path in (SYSTEM_FILE, OWN_SOURCE):
                value = FORMS[form](str(path))
                shapes = [
                    value,
                    [value],
                    {"video": value},
                    {"background": value, "layers": [value], "composite": value},
                ]
                for shape in shapes:
                    data = [*plain[:at], shape, *plain[at + 1 :]]
                    worked, output = raw.press(app_url, event["id"], data)
                    tried += 1
                    assert not any(secret in str(output) for secret in SECRETS)
                    assert not worked or str(path) not in str(output), (event["api_name"], shape)
    assert tried >= 10
    copies = [path for path in (SCRATCH / "gradio").rglob("*") if path.name in ("passwd", "app.py")]
    assert not copies, "a file of the server was copied to where visitors can fetch it"


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bait() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that must not be asked."""
    hits: list[str] = []

    class Bait(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"root: secret of another service")

        def log_message(self, *_: Any) -> None:
            """Hits are counted, not printed."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bait)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", hits
    server.shutdown()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "parameter"), FILE_PARAMETERS)
def test_no_address_is_fetched(
    app_url: str, good_files: dict[str, Any], bait: tuple[str, list[str]], name: str, parameter: str, form: str
) -> None:
    url, hits = bait
    addresses = [f"{url}/x.png", "https://example.com/x.png", f"{app_url}/gradio_api/file=/etc/passwd"]
    for address in addresses:
        value = FORMS[form](address)
        if isinstance(value, dict):
            value["url"] = address
        data = arguments(name, good_files, **{parameter: [value] if parameter in ("files", "documents") else value})
        said = refused(*raw.call(app_url, name, data))
        assert said.endswith("[invalid_input]"), said
    assert hits == []


def test_the_address_beside_an_uploaded_file_is_not_fetched(app_url: str, bait: tuple[str, list[str]]) -> None:
    url, hits = bait
    path = example("digits", "*.png")
    value = {**raw.file_value(raw.upload(app_url, path, path.name), path.name), "url": f"{url}/x.png"}
    event, answer = raw.call(app_url, "digits", [value, "auto"])
    assert event == "complete" and answer[0]["engine"] and hits == []


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "Https"])
def test_the_file_route_is_no_proxy(app_url: str, bait: tuple[str, list[str]], scheme: str) -> None:
    url, hits = bait
    address = url.replace("http", scheme, 1)
    for route in (f"/gradio_api/file={address}/x", f"/file={address}/x", f"/gradio_api/file=/{address}/x"):
        for method in ("GET", "HEAD"):
            answer = raw.http.request(method, f"{app_url}{route}", timeout=90)
            assert answer.status_code in (400, 403, 404) and "secret" not in answer.text
    assert hits == []


# --- wrong values -------------------------------------------------------------------------------------------------

WRONG = {
    str: [{"a": 1}, ["x"], 5, None, True, float("nan")],
    float: ["abc", "0.5", None, {"a": 1}, [1], True, float("nan"), float("inf"), float("-inf"), 1e308, -1e308],
    int: ["abc", "1", None, {"a": 1}, [1], True, 1.5, float("nan"), float("inf"), 1e308, -1e308],
    bool: ["yes", [], None, 2, {}, "true", 0.5],
    list: ["abc", 5, {"a": 1}, True, ["abc"], [[1, 2]], [None], [[None] * 4], [-1], [float("nan")], [1.5]],
}
KINDS: dict[str, type] = {"threshold": float, "guidance_scale": float, "task": str, "engine": str}
OTHERS = [
    (name, parameter)
    for name, row in HERE.items()
    for parameter in row.parameters
    if parameter not in row.files and name != "/engine_unload"
]


@pytest.mark.parametrize(("name", "parameter"), OTHERS)
def test_wrong_types_and_ranges_are_errors(app_url: str, good_files: dict[str, Any], name: str, parameter: str) -> None:
    default = contract.ENDPOINTS[name].parameters[parameter]
    kind = KINDS.get(parameter, str if default is contract.REQUIRED else type(default))
    for value in WRONG[kind]:
        data = arguments(name, good_files, **{parameter: value})
        try:
            said = refused(*raw.call(app_url, name, data))
        except httpx.HTTPStatusError as error:  # JSON that Gradio itself refuses
            assert error.response.status_code in (400, 422)
            continue
        assert said.endswith(CODES), (value, said)
        assert len(said) < 400 and "Traceback" not in said


ENGINES = [(name, parameter) for name, parameter in OTHERS if parameter == "engine" or parameter.endswith("_engine")]


@pytest.mark.parametrize(("name", "parameter"), ENGINES)
@pytest.mark.parametrize("engine", ["nobody", "", "../embedded", "한국어" * 999])
def test_an_unknown_engine_is_answered_with_the_choices(
    app_url: str, good_files: dict[str, Any], name: str, parameter: str, engine: str
) -> None:
    said = refused(*raw.call(app_url, name, arguments(name, good_files, **{parameter: engine})))
    assert said.endswith("[unknown_engine]") and "auto" in said and len(said) < 500


@pytest.mark.parametrize("language", ["en", "ko"])
def test_refusals_speak_the_visitors_language(app_url: str, language: str) -> None:
    _, answer = raw.call(app_url, "digits", ["/etc/passwd", "auto"], {"Accept-Language": language})
    assert ("업로드" in answer["error"]) == (language == "ko") and answer["error"].endswith("[invalid_input]")
    address = {"path": "http://127.0.0.1:9/x", "meta": {"_type": "gradio.FileData"}}
    _, answer = raw.call(app_url, "digits", [address, "auto"], {"Accept-Language": language})
    assert ("업로드" in answer["error"]) == (language == "ko") and answer["error"].endswith("[invalid_input]")


@pytest.mark.parametrize("data", [[], [None] * 40, "text", {"image": 1}, None])
def test_a_wrong_number_of_values_does_no_harm(app_url: str, data: Any) -> None:
    for name in HERE:
        try:
            raw.call(app_url, name, data)
        except httpx.HTTPStatusError as error:
            assert error.response.status_code in (400, 404, 422, 500)
    assert raw.http.get(f"{app_url}/config", timeout=90).status_code == 200


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_wrong_way_to_name_values_is_told(app_url: str, language: str) -> None:
    """As curl and fetch call: values by name, or by place. Gradio itself answers null, or 500."""
    headers = {"Accept-Language": language, "Content-Type": "application/json"}

    def told(path: str, content: bytes) -> tuple[int, str]:
        answer = raw.http.post(f"{app_url}/gradio_api/call/{path}", content=content, headers=headers)
        said = answer.json()
        assert said["error"] == said["detail"]
        assert (re.search("[가-힣]", said["error"]) is not None) == (language == "ko")
        return answer.status_code, said["error"]

    for name, row in HERE.items():
        status, said = told(f"v2{name}", b'{"zzz": 1}')
        assert status == 400 and "'zzz'" in said and said.endswith("[invalid_input]")
        assert all(parameter in said for parameter in row.parameters)
        required = [one for one, default in row.parameters.items() if default is contract.REQUIRED]
        if required:
            status, said = told(f"v2{name}", b"{}")
            assert status == 400 and required[0] in said and said.endswith("[invalid_input]")
        event, answer = raw.call(app_url, name, [], headers)
        assert event == "error" and answer["error"].endswith("[invalid_input]") and "0" in answer["error"]
        event, answer = raw.call(app_url, name, [None] * 40, headers)
        assert event == "error" and answer["error"].endswith("[invalid_input]") and "40" in answer["error"]
    for body in (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000):
        status, said = told("v2/digits", body)
        assert status == 400 and '"image"' in said and said.endswith("[invalid_input]")
    for path in ("nope", "v2/nope"):
        status, said = told(path, b'{"data": []}')
        assert status == 404 and "'nope'" in said and "/digits" in said and said.endswith("[invalid_input]")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_upload_that_was_deleted_meanwhile_is_told(app_url: str, language: str) -> None:
    path = raw.upload(app_url, example("digits", "*.png"))
    Path(path).unlink()
    for value in (raw.file_value(path), path):
        event, answer = raw.call(app_url, "digits", [value, "auto"], {"Accept-Language": language})
        assert event == "error" and answer["error"].endswith("[invalid_input]")
        assert ("no longer on the server" in answer["error"]) == (language == "en")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_gradio_refuses_by_itself_is_a_sentence_too(app_url: str, language: str) -> None:
    """An editor's pictures, choices and sliders are checked by Gradio before our handlers: in English, or by null."""
    config = raw.http.get(f"{app_url}/config").json()
    named = {one["id"]: one["props"].get("elem_id") for one in config["components"]}
    good = {
        "digits-mode": "one", "digits-engine": "auto", "face-style": "mosaic", "face-strength": 0.5,
        "face-threshold": -1, "face_mosaic-engine": "auto",
    }  # fmt: skip

    def pressed(component: str, value: Any) -> str:
        event = next(one for one in config["dependencies"] if component in [named[here] for here in one["inputs"]])
        data = [value if named[here] == component else good.get(named[here]) for here in event["inputs"]]
        worked, output = raw.press(app_url, event["id"], data, {"Accept-Language": language})
        assert not worked and output["error"].endswith("[invalid_input]")
        assert (re.search("[가-힣]", output["error"]) is not None) == (language == "ko")
        return str(output["error"])

    def sheet(path: str) -> dict[str, Any]:
        return {"background": None, "layers": [], "composite": raw.file_value(path)}

    deleted = raw.upload(app_url, example("digits", "*.png"))
    Path(deleted).unlink()
    told = {
        "system file": pressed("digits-drawing", sheet(str(SYSTEM_FILE))),
        "deleted": pressed("digits-drawing", sheet(deleted)),
        "choice": pressed("face-style", "glitter"),
        "high": pressed("face-strength", 5),
        "low": pressed("face-threshold", -3),
    }
    assert len(set(told.values())) == len(told)
    assert "5" in told["high"] and "-3" in told["low"] and "1" in told["high"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"data": ' + b"[" * 5000])
def test_a_body_that_is_no_call_does_no_harm(app_url: str, body: bytes) -> None:
    for door in ("/gradio_api/call/digits", "/gradio_api/queue/join", "/gradio_api/mcp/"):
        answer = raw.http.post(
            f"{app_url}{door}", content=body, headers={"Content-Type": "application/json"}, timeout=90
        )
        assert 400 <= answer.status_code < 600 and "Traceback" not in answer.text


# --- file names -----------------------------------------------------------------------------------------------------

NAMES = [
    "../../../evil.png", "..\\..\\evil.png", "C:\\Windows\\evil.png", "가족 사진.png", "x" * 300 + ".png",
    "<script>alert(1)</script>.png", "a'b\"c`d.png", "con.png", ".png", "..", "名前.PNG", "😀.png", "a\nb.png",
    "%2e%2e%2fx.png",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_of_uploads_are_harmless(app_url: str, name: str) -> None:
    picture = example("face_mosaic", "*.jpg")
    try:
        path = raw.upload(app_url, picture, name)
    except httpx.HTTPStatusError as error:  # Gradio refuses some names itself
        assert error.response.status_code == 400 and name in ("..", ".")
        return
    uploads = (SCRATCH / "gradio").resolve()
    assert Path(path).resolve().is_relative_to(uploads)
    value = raw.file_value(path, name)
    event, answer = raw.call(app_url, "digits", [value, "auto"])
    assert event == "complete", answer
    boxes = [[10, 10, 50, 50]]
    event, answer = raw.call(app_url, "face_mosaic", [value, "solid", 0.7, 0.99, [], boxes, "auto"])
    assert event == "complete", answer
    result = Path(answer[0]["path"])
    assert result.resolve().is_relative_to(uploads) and result.name.endswith("-mosaic.png")
    assert raw.http.get(f"{app_url}/gradio_api/file={result}", timeout=90).status_code == 200


@pytest.mark.parametrize("name", [*NAMES, "a\0b.png", "", "x" * 5000, "/etc/passwd", 5, None, ["x"]])
def test_odd_original_names_are_harmless(app_url: str, name: Any) -> None:
    """The original name is only what the request says it is."""
    picture = example("face_mosaic", "*.jpg")
    value = {**raw.file_value(raw.upload(app_url, picture, "ok.jpg")), "orig_name": name}
    if isinstance(name, (int, list)):
        value.pop("meta")
    event, answer = raw.call(app_url, "face_mosaic_batch", [[value, value], "solid", 0.7, 0.99, "auto"])
    assert event == "complete", answer
    files, archive, report = answer
    uploads = (SCRATCH / "gradio").resolve()
    assert len(files) == 2 and all(Path(file["path"]).resolve().is_relative_to(uploads) for file in files)
    import zipfile

    inside = zipfile.ZipFile(archive["path"]).namelist()
    assert len(set(inside)) == 2
    assert not any(".." in entry or entry.startswith("/") or "\\" in entry or ":" in entry for entry in inside)
    assert not (SCRATCH / "evil.png").exists() and report["failed"] == []
