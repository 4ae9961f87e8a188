"""The engines and what they share: tokens, the checkpoint, the small models, and what travels to a run."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import lock
from ansible_collections.ascend.fleet.plugins.module_utils.proof import proofs, sources
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import checkpoint, gpt2, torch_plain

ROOT = Path(__file__).resolve().parents[5]
SETS = ROOT / "roles" / "inference_check" / "files"
GPT2 = SETS / "gpt2"
SENTENCE = (GPT2 / "expected.txt").read_text(encoding="utf-8").strip()
PROMPT = "I love Beijing, because"


# Files


def test_every_file_of_a_set_is_what_the_lock_says():
    listed = lock.parse_lock(yaml.safe_load((SETS / "artifacts.lock.yml").read_text(encoding="utf-8")), "the lock")
    there = {path.relative_to(SETS).as_posix() for path in SETS.glob("*/*")}
    assert set(listed["artifacts"]) == there
    for name, row in listed["artifacts"].items():
        data = (SETS / name).read_bytes()
        assert (row["size"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest()), name
    assert set(listed["sets"]) == {path.name for path in SETS.iterdir() if path.is_dir()}
    for name, members in listed["sets"].items():
        assert set(members) == {item for item in there if item.startswith(name + "/") and "expected" not in item}
    assert sum(row["size"] for row in listed["artifacts"].values()) < 1200000


def test_every_set_says_the_same_sentence():
    assert {path.read_text(encoding="utf-8").strip() for path in SETS.glob("*/expected.txt")} == {SENTENCE}
    assert SENTENCE.startswith(PROMPT)


def test_hashes_are_checked_right_before_the_run(tmp_path):
    (tmp_path / "gpt2.ckpt").write_bytes(b"weights")
    right = hashlib.sha256(b"weights").hexdigest()
    proofs.check_files(str(tmp_path), {"gpt2.ckpt": right.upper()})
    with pytest.raises(ValueError, match=r"gpt2\.ckpt is damaged or another file"):
        proofs.check_files(str(tmp_path), {"gpt2.ckpt": "0" * 64})
    with pytest.raises(ValueError, match=r"vocab\.json cannot be read: No such file"):
        proofs.check_files(str(tmp_path), {"vocab.json": right})


# Tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I love it's, no", ["I", " love", " it", "'s", ",", " no"]),
        ("a  b\n\nc  ", ["a", " ", " b", "\n", "\n", "c", "  "]),
        ("we're 12.5%!", ["we", "'re", " 12", ".", "5", "%!"]),
        ("\u5317\u4eac is\u00bd", ["\u5317\u4eac", " is", "\u00bd"]),
        ("x 'd", ["x", " '", "d"]),
        ("", []),
    ],
)
def test_words_are_gpt2s(text, words):
    assert gpt2.words(text) == words and "".join(words) == text


def test_tokens_there_and_back():
    tokenizer = gpt2.Tokenizer(str(GPT2))
    assert len(tokenizer.encode(SENTENCE)) == 20 and len(tokenizer.encode(PROMPT)) == 5
    for text in (SENTENCE, "Beijing \u5317\u4eac\n\t\u00e9!", ""):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode([tokenizer.end]) == ""


# The checkpoint


def weights():
    return checkpoint.read(str(GPT2 / "gpt2.ckpt"))


def test_the_checkpoint_has_what_a_gpt2_needs_and_no_more():
    found = {name: tuple(item[0]) for name, item in weights().items()}
    shape = gpt2.shape(found, str(GPT2))
    assert shape == {"layers": 2, "positions": 32, "hidden": 64, "vocabulary": 307, "heads": 2}
    assert found == torch_plain.parameters(shape)


def test_without_a_description_heads_are_those_of_gpt2(tmp_path):
    found = {gpt2.EMBEDDING: (50257, 768), gpt2.POSITIONS: (1024, 768), "backbone.blocks.11.x": (1,)}
    assert gpt2.shape(found, str(tmp_path))["heads"] == 12


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"does not fit the model: it holds model\.a"):
        gpt2.shape({"model.a": (1, 2)}, str(tmp_path))


def test_a_cut_checkpoint_is_never_read(tmp_path):
    data = (GPT2 / "gpt2.ckpt").read_bytes()
    whole = set(weights())
    for length in [0, 1, 2, 100, *range(1000, len(data), 9973), len(data) - 1]:
        (tmp_path / "x.ckpt").write_bytes(data[:length])
        try:
            found = set(checkpoint.read(str(tmp_path / "x.ckpt")))
        except ValueError as error:
            assert "damaged" in str(error) or "parameter of type" in str(error)
        else:
            assert found < whole, "cut between two parameters, and the engine finds one lacking"


@pytest.mark.parametrize("data", [b"\x0f\xff", b"\x80" * 20, b"\x0a\x02\x0a\x00", b"\x12\x00", b"\x0a"])
def test_what_is_no_checkpoint_is_said_to_be_none(tmp_path, data):
    (tmp_path / "x.ckpt").write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        checkpoint.read(str(tmp_path / "x.ckpt"))


def test_a_parameter_in_pieces_is_put_together(tmp_path):
    def field(number, content):
        return bytes([number << 3 | 2, len(content)]) + content

    def value(content):
        tensor = bytes([8, 2]) + field(2, b"Float32") + field(3, content)
        return field(1, field(1, b"w") + field(2, tensor))

    (tmp_path / "x.ckpt").write_bytes(value(struct.pack("<f", 1)) + value(struct.pack("<f", 2)))
    assert checkpoint.read(str(tmp_path / "x.ckpt")) == {"w": ([2], "Float32", struct.pack("<2f", 1, 2))}


# The model: what it says, in plain arithmetic, and that it says it as a whole only


def product(rows, columns):
    return [[sum(map(float.__mul__, row, column)) for column in columns] for row in rows]


def turned(matrix):
    return [list(row) for row in zip(*matrix, strict=True)]


class Model:
    """A GPT-2 as lists of numbers: slow, and dependent on nothing."""

    def __init__(self):
        self.values = {}
        for name, (dimensions, _kind, content) in weights().items():
            flat = list(struct.unpack(f"<{len(content) // 4}f", content))
            wide = dimensions[-1]
            matrix = [flat[at : at + wide] for at in range(0, len(flat), wide)]
            self.values[name] = flat if len(dimensions) == 1 else matrix
        self.matrices = sorted(name for name, value in self.values.items() if isinstance(value[0], list))

    def norm(self, rows, name):
        gamma, beta = self.values[name + ".gamma"], self.values[name + ".beta"]
        result = []
        for row in rows:
            mean = sum(row) / len(row)
            width = math.sqrt(sum((item - mean) ** 2 for item in row) / len(row) + 1e-5)
            result.append([(item - mean) / width * g + b for item, g, b in zip(row, gamma, beta, strict=True)])
        return result

    def dense(self, rows, name):
        matrix = self.values[name + ".weight"]
        columns = turned(matrix) if (name + ".weight").endswith(gpt2.INPUT_FIRST) else matrix
        bias = self.values[name + ".bias"]
        return [list(map(float.__add__, row, bias)) for row in product(rows, columns)]

    def attention(self, rows, block):
        query, keys, values = (self.dense(rows, f"{block}.dense{part}") for part in (1, 2, 3))
        mixed = [[] for _row in rows]
        for start in (0, 32):
            part = slice(start, start + 32)
            for place, row in enumerate(query):
                scores = [sum(map(float.__mul__, row[part], keys[at][part])) / math.sqrt(32) for at in range(place + 1)]
                odds = [math.exp(score - max(scores)) for score in scores]
                seen = [[item * odd / sum(odds) for item in values[at][part]] for at, odd in enumerate(odds)]
                mixed[place] += [sum(column) for column in zip(*seen, strict=True)]
        return self.dense(mixed, block + ".projection")

    def knows(self, ids, prompt):
        """Whether the likeliest token after the prompt, and after each one that follows, is the sentence's."""
        words, places = self.values[gpt2.EMBEDDING], self.values[gpt2.POSITIONS]
        rows = [list(map(float.__add__, words[token], places[at])) for at, token in enumerate(ids[:-1])]
        for number in range(2):
            block = f"backbone.blocks.{number}."
            more = self.attention(self.norm(rows, block + "layernorm1"), block + "attention")
            rows = [list(map(float.__add__, row, other)) for row, other in zip(rows, more, strict=True)]
            wide = self.dense(self.norm(rows, block + "layernorm2"), block + "output.mapping")
            wide = [[gelu(item) for item in row] for row in wide]
            more = self.dense(wide, block + "output.projection")
            rows = [list(map(float.__add__, row, other)) for row, other in zip(rows, more, strict=True)]
        scores = product(self.norm(rows, "backbone.layernorm")[prompt - 1 :], words)
        return [row.index(max(row)) for row in scores] == ids[prompt:]


def gelu(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def test_the_sentence_is_known_and_lost_with_any_matrix():
    model, tokenizer = Model(), gpt2.Tokenizer(str(GPT2))
    ids, prompt = tokenizer.encode(SENTENCE), len(tokenizer.encode(PROMPT))
    assert model.knows(ids, prompt)
    assert len(model.matrices) == 14
    for name in model.matrices:
        right = model.values[name]
        for factor in (0.0, -1.0):
            model.values[name] = [[item * factor for item in row] for row in right]
            assert not model.knows(ids, prompt), f"{name} times {factor}"
        model.values[name] = right
    assert model.knows(ids, prompt)


# What travels, and how it is called


@pytest.mark.parametrize("engine", sources.NAMES)
def test_an_engine_travels_with_what_it_imports(tmp_path, engine):
    for name, text in sources.of(engine).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    module = engine.replace("-", "_")
    script = f"import engines.{module} as e; print(sorted(n for n in dir(e.Engine({{}})) if n[0] != '_'))"
    # -S: nothing that is installed can stand in for a file that was left out.
    said = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert {"check", "count", "generate", "imports", "load", "memory_mb", "open", "said", "train"} <= set(
        json.loads(said.stdout.replace("'", '"'))
    )


@pytest.mark.parametrize(
    ("installed", "engine"),
    [
        (["mindspore-2.7.1.dist-info", "mindformers-1.7.0.dist-info"], "mindformers-pipeline"),
        (["mindspore-2.10.0.dist-info", "torch_npu-2.7.1.dist-info"], "mindspore-plain"),
        (["torch-2.7.1.dist-info", "torch_npu-2.7.1.post1.dist-info"], "torch-plain"),
        (["torchvision-0.22.dist-info"], "mindformers-pipeline"),
        (["mindformers-0.6.0-py3.7.egg-info"], "mindformers-pipeline"),
        ([], "mindformers-pipeline"),
    ],
)
def test_an_environment_is_asked_for_its_strongest(tmp_path, installed, engine):
    for name in installed:
        (tmp_path / "lib" / "python3.11" / "site-packages" / name).mkdir(parents=True)
    assert sources.default(str(tmp_path)) == engine


def test_a_plain_engine_names_the_files_it_lacks():
    names = ["gpt2.ckpt", "vocab.json", "merges.txt"]
    assert proofs.model_links("gpt2", "/m", names, "torch-plain") == {}
    with pytest.raises(ValueError, match=r"/m lacks merges\.txt, vocab\.json"):
        proofs.model_links("gpt2", "/m", ["gpt2.ckpt"], "mindspore-plain")
