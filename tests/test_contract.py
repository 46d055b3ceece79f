"""The running app against the table of endpoints: names, parameters in order, defaults, number of results."""

from __future__ import annotations

from typing import Any

import contract
import pytest
import raw

from tabs import TABS

SHOWN = {tab.TASK for tab in TABS}
HERE = {name: row for name, row in contract.ENDPOINTS.items() if row.tab is None or row.tab in SHOWN}


@pytest.fixture(scope="module")
def info(app_url: str) -> dict[str, Any]:
    return dict(raw.http.get(f"{app_url}/gradio_api/info", timeout=30).json())


def test_there_is_no_endpoint_outside_the_table(info: dict[str, Any]) -> None:
    assert not set(info["named_endpoints"]) - set(contract.ENDPOINTS)
    assert not info["unnamed_endpoints"]


def test_every_tab_brings_all_of_its_endpoints(info: dict[str, Any]) -> None:
    assert set(HERE) <= set(info["named_endpoints"])


@pytest.mark.parametrize("name", HERE)
def test_names_order_and_defaults_of_the_parameters(info: dict[str, Any], name: str) -> None:
    served = info["named_endpoints"][name]["parameters"]
    assert [one["parameter_name"] for one in served] == list(HERE[name].parameters)
    for one in served:
        wanted = HERE[name].parameters[one["parameter_name"]]
        assert one["parameter_has_default"] == (wanted is not contract.REQUIRED), one["parameter_name"]
        if wanted is not contract.REQUIRED:
            assert one["parameter_default"] == wanted and type(one["parameter_default"]) is type(wanted)


@pytest.mark.parametrize("name", HERE)
def test_the_number_of_results(info: dict[str, Any], name: str) -> None:
    assert len(info["named_endpoints"][name]["returns"]) == HERE[name].results


@pytest.mark.parametrize("name", HERE)
def test_file_parameters_are_published_as_files(info: dict[str, Any], name: str) -> None:
    published = {
        one["parameter_name"]
        for one in info["named_endpoints"][name]["parameters"]
        if "filepath" in str(one["python_type"]["type"])
    }
    assert published == set(HERE[name].files)


@pytest.mark.parametrize("name", HERE)
def test_every_endpoint_and_parameter_is_described(info: dict[str, Any], name: str, app_url: str) -> None:
    """What the API page and MCP clients read."""
    tools = raw.http.get(f"{app_url}/gradio_api/mcp/schema", timeout=30).json()
    tool = next(one for one in tools if one["name"] == name.strip("/"))
    assert len(tool["description"]) > 10
    properties = tool["inputSchema"]["properties"]
    assert set(properties) == set(HERE[name].parameters)
    assert all(one.get("description") for one in properties.values()), properties


def test_private_events_are_not_published(info: dict[str, Any], app_url: str) -> None:
    config = raw.http.get(f"{app_url}/config", timeout=30).json()
    public = [one["api_name"] for one in config["dependencies"] if one["api_visibility"] == "public"]
    assert sorted(f"/{name}" for name in public) == sorted(info["named_endpoints"])
