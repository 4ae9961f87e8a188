"""The catalog fits its schema, its rows refer to each other, an overlay is merged or refused in plain words."""

import json
import re
import shutil

import jsonschema
import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames, schema
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import shared_cache
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row, is_known, pattern_holds

DATA = catalog.load()
FILES = sorted(catalog.FOLDER.glob("*.yml"))
SCHEMA = json.loads((catalog.FOLDER / "schema.json").read_text(encoding="utf-8"))
CHIPS = {row["chip"] for row in DATA["chips"]}


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Reads a copy of the catalog as a run does: (what it is, how many of its files were read for it)."""
    shutil.copytree(catalog.FOLDER, tmp_path / "catalog")
    monkeypatch.setattr(catalog, "FOLDER", tmp_path / "catalog")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    read, counted = catalog._read, []
    monkeypatch.setattr(catalog, "_read", lambda path: counted.append(path) or read(path))

    def run():
        counted.clear()
        return catalog._own.__wrapped__(), len(counted)

    return run


def test_what_was_read_is_kept_as_long_as_no_file_changes(copied, tmp_path):
    assert copied() == (DATA, len(FILES))
    assert copied() == (DATA, 0)
    chips = catalog.FOLDER / "chips.yml"
    chips.write_text(chips.read_text() + "# as it was\n")
    assert copied() == (DATA, len(FILES))
    assert copied() == (DATA, 0)
    (catalog.FOLDER / "more.yml").write_text("hdk: [{version: 0.0.1}]\n")
    for _run in (1, 2):  # what cannot be used is not kept
        with pytest.raises(catalog.CatalogError, match=r"more\.yml"):
            copied()
    (catalog.FOLDER / "more.yml").unlink()
    assert copied()[0] == DATA


def test_without_a_place_to_keep_it_the_catalog_is_read(copied, monkeypatch):
    def none():
        raise ArtifactError("No cache folder")

    monkeypatch.setattr(shared_cache, "cache_dir", none)
    assert copied() == copied() == (DATA, len(FILES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_schema(path):
    jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_schema_and_loader_know_the_same_tables():
    assert set(SCHEMA["properties"]) == set(catalog.TABLES)
    assert all(DATA[table] for table in catalog.TABLES)


def test_the_loader_reads_every_keyword_of_the_schema():
    def keywords(part):
        for key, value in part.items():
            if key == "properties":
                yield from (found for one in value.values() for found in keywords(one))
            elif isinstance(value, dict) and key != "const":
                yield from keywords(value)
            elif isinstance(value, list):
                yield from (found for one in value if isinstance(one, dict) for found in keywords(one))
            yield key

    used = {found for part in SCHEMA["$defs"].values() for found in keywords(part)}
    assert len(used) > 10 and used <= schema.Validator(SCHEMA).keywords()


@pytest.mark.parametrize("table", list(catalog.TABLES))
def test_the_loader_and_jsonschema_agree(table):
    """Every row of the catalog, with each of its fields in turn left out, misspelt or of another type."""
    rows = SCHEMA["properties"][table]["items"]
    judge = jsonschema.Draft202012Validator({**rows, "$defs": SCHEMA["$defs"]})
    for row in DATA[table][:5]:
        variants = [row, {**row, "unheard_of": 1}]
        for field in row:
            variants.append({key: value for key, value in row.items() if key != field})
            variants += [{**row, field: other} for other in (None, 7, True, "", "x y", [], [7], {}, {"x": 7}, ["x"])]
        for variant in variants:
            try:
                catalog.check_row(table, variant, "here")
                fits = True
            except catalog.CatalogError as error:
                fits = False
                assert "Traceback" not in str(error)
            patterned = "pattern" not in variant or variant["pattern"] == row.get("pattern")
            assert fits == judge.is_valid(variant) or not patterned, variant


def test_an_overlay_may_bring_a_chip_family(tmp_path):
    chip = {**DATA["chips"][0], "chip": "x1", "npu_smi_names": ["X1"], "source": "us"}
    (tmp_path / "chips.yml").write_text(yaml.safe_dump({"chips": [chip]}))
    assert "x1" in {row["chip"] for row in catalog.load(str(tmp_path))["chips"]}


def test_every_row_says_where_it_comes_from():
    short = {row["id"] for row in DATA["sources"]}
    for table, rows in DATA.items():
        for row in rows if table != "sources" else []:
            assert row["source"].strip()
            for part in row["source"].split("; "):
                head = part.split()[0].rstrip(",:")
                known = head in short or "/" in head or table in ("stacks", "chips") or part[0].isupper()
                assert known, (table, row["source"])


def test_no_version_twice():
    pairs = [(versions.key(row["driver"]), chip) for row in DATA["hdk"] for chip in row["chips"]]
    assert len(pairs) == len(set(pairs))
    for table in ("cann", "mindspore", "mindformers"):
        names = [
            versions.key(name)
            for row in DATA[table]
            for name in [row[table], *row.get("also", []), *row.get("community", [])]
        ]
        assert len(names) == len(set(names)), table


def test_references_resolve():
    for row in DATA["hdk"]:
        assert set(row["chips"]) <= CHIPS
    for row in DATA["cann"]:
        for name in row["hdk"] + row.get("hdk_compatible", []):
            assert any(pattern_holds(item, name) for item in DATA["hdk"]), (row["cann"], name)
        for item in row.get("user_drivers", []):
            assert is_known(DATA, "driver", item["driver"])
    for row in DATA["mindspore"]:
        assert all(find_row(DATA, "cann", name) for name in row["cann"]), row["mindspore"]
    for row in DATA["mindformers"]:
        names = row["mindspore"] + [item["mindspore"] for item in row.get("user_mindspore", [])]
        assert all(is_known(DATA, "mindspore", name) for name in names), row["mindformers"]
        assert row.get("cann") is None or find_row(DATA, "cann", row["cann"])
        assert row.get("hdk") is None or any(pattern_holds(item, row["hdk"]) for item in DATA["hdk"])
    for row in DATA["torch_npu"]:
        assert find_row(DATA, "cann", row["cann"])
    for row in DATA["os_minimum"]:
        assert is_known(DATA, "driver", row["driver"]) and is_known(DATA, "firmware", row["firmware"])
        assert any(item["os"] == row["os"] for item in DATA["os_support"])
    for row in DATA["models"]:
        assert all(is_known(DATA, "mindformers", name) for name in row["mindformers"])
    for row in DATA["stacks"]:
        for component in ("mindspore", "mindformers", "cann", "driver", "firmware"):
            assert component not in row["pins"] or is_known(DATA, component, row["pins"][component])


def test_checksums_are_of_files_the_grammar_knows():
    for row in DATA["checksums"]:
        found = filenames.parse_package(row["file"], DATA["filenames"])
        assert found["component"] == "hdk" and is_known(DATA, "driver", found["version"]), row["file"]


def test_pci_rows_are_unique():
    rows = [
        (item["device"], item.get("subsystem_vendor"), item.get("subsystem_device"))
        for row in DATA["chips"]
        for item in row["pci"]
    ]
    assert len(rows) == len(set(rows))


def test_the_first_generation_910b_is_not_the_family_910b():
    soc = {name: row["chip"] for row in DATA["chips"] for name in row["soc"]}
    assert soc["Ascend910B"] == "910"
    assert {soc[f"Ascend910B{digit}"] for digit in "1234"} == {"910b"}


def test_the_39_models_of_the_article():
    names = {row["model"] for row in DATA["models"]}
    assert (
        len(names) == 39 and {"gpt2", "llama_7b_lora", "clip_vit_l_14@336", "mindspore/qa_bert_base_uncased"} <= names
    )
    assert all(not {"310", "310p", "310b"} & set(row["chips"]) for row in DATA["models"])
    for row in DATA["models"]:
        if re.match(r"llama|bloom|glm", row["model"]):
            assert set(row["cannot"]) == {"int8", "multi_card_inference"}


def write(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


def test_overlay_replaces_and_adds_rows(tmp_path):
    over = write(
        tmp_path,
        "site.yml",
        """
hdk:
  - {id: "25.3.RC1", hdk: "25.3.RC1", driver: "25.3.rc1", firmware: "7.8.0.9.999", chips: ["910b"],
     confidence: user, source: our lab}
  - {id: ours, hdk: "25.3.RC1.99", driver: "25.3.rc1.99", firmware: "7.8.0.9.998", chips: ["910b"],
     confidence: user, source: our lab}
""",
    )
    merged = catalog.load(over)
    rows = {row["id"]: row for row in merged["hdk"]}
    assert rows["25.3.RC1"]["firmware"] == "7.8.0.9.999" and rows["ours"]["driver"] == "25.3.rc1.99"
    assert len(merged["hdk"]) == len(DATA["hdk"]) + 1
    assert merged["cann"] == DATA["cann"]
    assert catalog.load(over) is merged, "read once"
    assert catalog.load() is not merged


def test_a_changed_overlay_is_read_again(tmp_path):
    row = '{stack: s, pins: {mindspore: "2.7.1"}, confidence: user, source: us}'
    over = write(tmp_path, "a.yml", f"stacks:\n  - {row}\n")
    assert any(item["stack"] == "s" for item in catalog.load(over)["stacks"])
    write(tmp_path, "a.yml", f"stacks:\n  - {row.replace('stack: s', 'stack: other')}\n")
    assert any(item["stack"] == "other" for item in catalog.load(over)["stacks"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "hdk: [{id: a, hdk: '1.0', driver: 25.3, firmware: null, chips: ['910'], confidence: user, source: x}]",
            r'site.yml, table hdk, row 1, id a: `driver` holds the number 25.3; quote versions and chips, "25.3"',
        ),
        (
            "hdk: [{id: a, hdk: '1.0', driver: '1.0', firmware: null, chips: [910], confidence: user, source: x}]",
            "`chips` holds the number 910",
        ),
        (
            "hdk: [{id: a, driver: '1.0', firmware: null, chips: ['910'], confidence: user, source: x}]",
            "row 1, id a: missing hdk",
        ),
        ("hdk: [{driver: '1.0'}]", "row 1: the row has no `id`"),
        (
            "hdk: [{id: a, hdk: '1.0', driver: '1.0', firmware: null, chips: '910', confidence: user, source: x}]",
            "`chips` must be a list",
        ),
        (
            "hdk: [{id: a, hdk: '1.0', driver: '1.0', firmware: null, chips: ['910'], confidence: user}]",
            "missing `source`",
        ),
        (
            "hdk: [{id: a, hdk: '1.0', driver: '1.0', firmware: null, chips: ['910'], confidence: maybe, source: x}]",
            "`confidence` must be one of",
        ),
        (
            "hdk: [{id: a, hdk: '1.0', driver: new, firmware: null, chips: ['910'], confidence: user, source: x}]",
            "`driver` is 'new', which is no version",
        ),
        (
            "hdk: [{id: a, hdk: '1.0', driver: '1.0', firmware: null, chips: ['911'], confidence: user, source: x}]",
            "id a: chip 911 is not in the table chips; it knows 310",
        ),
        ("hdk: {a: 1}", "`hdk` must be a list of rows"),
        ("hdk: [text]", "a row of `hdk` is a mapping"),
        ("hkd: []", "unknown table `hkd`; known: .*hdk"),
        ("[1, 2]", "expected tables"),
        ("hdk: [", "cannot be read as YAML"),
        (
            "stacks: [{stack: s, pins: {}, confidence: user, source: x}, "
            "{stack: s, pins: {}, confidence: user, source: x}]",
            "row 2: stack s stands twice",
        ),
        ("filenames: [{id: a, pattern: '(', source: x}]", "not a regular expression"),
        (
            "hdk: [{id: a, hdk: '1.0', driver: '1.0', firmware: null, chips: ['910'], obs_dri: x,"
            " confidence: user, source: x}]",
            "id a: `obs_dri` is no field; did you mean `obs_dir`",
        ),
        (
            "os_minimum: [{id: a, products: [p], chip: '910', os: kylin, arch: [aarch64], driver: '1.0',"
            " firmware: '1.0', confidence: user, source: x}]",
            "id a: missing versions",
        ),
        (
            "chips: [{chip: x1, name: X, role: training, soc: [AscendX], products: [p], default_flavor: nnae,"
            " kernels: true, pci: [{device: XYZ, subsystem_vendor: '0000', subsystem_device: '0000', product: p,"
            " chips: 1, role: training}], confidence: user, source: x}]",
            "`pci` `device` is 'XYZ'",
        ),
        (
            "models: [{model: m, task: t, mindformers: ['1.0.2', '1.3.2'], chips: ['x9'], confidence: user,"
            " source: x}]",
            "table models, model m: chip x9 is not in the table chips",
        ),
    ],
)
def test_a_wrong_overlay_is_refused(tmp_path, text, message):
    with pytest.raises(catalog.CatalogError, match=message):
        catalog.load(write(tmp_path, "site.yml", text))


def test_a_missing_overlay_folder_is_named(tmp_path):
    with pytest.raises(catalog.CatalogError, match=r"ascend_catalog_overlay: .*nowhere is not a folder"):
        catalog.load(str(tmp_path / "nowhere"))


def test_an_empty_overlay_changes_nothing(tmp_path):
    assert catalog.load(write(tmp_path, "empty.yml", "---\n")) == DATA
