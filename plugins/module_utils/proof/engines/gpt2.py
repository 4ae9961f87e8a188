# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GPT-2 as files: its byte-level BPE and the shape of its checkpoint as MindFormers names it; standard library only.

The tokenizer's rules are those of OpenAI's GPT-2 release (encoder.py); the parameters' names those of MindFormers'
GPT2LMHeadModel, 0.3 to 1.3.2, whose matrices of projection and mapping are stored input first.
"""

import json
import os
import re
import unicodedata

END = "<|endoftext|>"
# GPT-2, its medium, large and xl all have heads of this many channels.
HEAD_CHANNELS = 64
EMBEDDING = "backbone.embedding.word_embedding.embedding_table"
POSITIONS = "backbone.embedding.position_embedding.embedding_table"
# Stored input first; the other matrices output first.
INPUT_FIRST = ("attention.projection.weight", "output.mapping.weight", "output.projection.weight")
_BLOCK = re.compile(r"backbone\.blocks\.(\d+)\.")
_HEADS = re.compile(r"(?m)^\s*num_heads:\s*(\d+)\s*$")
_CONTRACTION = re.compile(r"'(?:s|t|re|ve|m|ll|d)")
# Over one letter per character: a letter, 0 number, _ blank, w other white space, . anything else.
_WORD = re.compile(r"_?a+|_?0+|_?\.+|[_w]+(?![a0.])|[_w]+")


class Tokenizer(object):
    """Text to tokens and back.

    Args:
        folder: where C(vocab.json) and C(merges.txt) are.

    Raises:
        OSError, ValueError: they cannot be read.
    """

    def __init__(self, folder):
        with open(os.path.join(folder, "vocab.json"), encoding="utf-8") as handle:
            self.ids = json.load(handle)
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as handle:
            lines = handle.read().split("\n")
        pairs = [tuple(line.split()) for line in lines if line and not line.startswith("#version")]
        self.rank = {pair: number for number, pair in enumerate(pairs)}
        self.tokens = {number: token for token, number in self.ids.items()}
        self.end = self.ids.get(END)
        visible = set(range(33, 127)) | set(range(161, 173)) | set(range(174, 256))
        hidden = [byte for byte in range(256) if byte not in visible]
        self.letters = [chr(byte) if byte in visible else chr(256 + hidden.index(byte)) for byte in range(256)]
        self.bytes = {letter: byte for byte, letter in enumerate(self.letters)}

    def encode(self, text):
        """The tokens of a text, as numbers."""
        return [self.ids[part] for word in words(text) for part in self._parts(word)]

    def decode(self, ids):
        """The text of tokens, without the mark of its end."""
        letters = "".join(self.tokens[number] for number in ids if number != self.end)
        return bytes(bytearray(self.bytes[letter] for letter in letters)).decode("utf-8", "replace")

    def _parts(self, word):
        parts = [self.letters[byte] for byte in bytearray(word.encode("utf-8"))]
        last = len(self.rank)
        while len(parts) > 1:
            ranks = [self.rank.get(pair, last) for pair in zip(parts, parts[1:])]
            best = min(ranks)
            if best == last:
                break
            at = ranks.index(best)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return parts


def words(text):
    """A text cut where GPT-2 cuts it before it looks for tokens."""
    kinds = "".join(_kind(character) for character in text)
    result, at = [], 0
    while at < len(text):
        end = (_CONTRACTION.match(text, at) or _WORD.match(kinds, at)).end()
        result.append(text[at:end])
        at = end
    return result


def _kind(character):
    if character == " ":
        return "_"
    if character.isspace():
        return "w"
    return {"L": "a", "N": "0"}.get(unicodedata.category(character)[0], ".")


def shape(weights, folder):
    """What a checkpoint says of its model: {"layers", "positions", "hidden", "vocabulary", "heads"}.

    Args:
        weights: {parameter's name: its dimensions}.
        folder: where a yaml description may say the number of heads, which the weights do not.

    Raises:
        ValueError: it is none of GPT-2.
    """
    layers = {int(match.group(1)) for match in map(_BLOCK.match, weights) if match}
    if EMBEDDING not in weights or POSITIONS not in weights or not layers:
        some = ", ".join(sorted(weights)[:3]) or "nothing"
        raise ValueError("the checkpoint does not fit the model: it holds %s, and no GPT-2 of MindFormers" % some)
    positions, hidden = weights[POSITIONS]
    heads = _heads(folder) or max(1, hidden // HEAD_CHANNELS)
    if hidden % heads:
        raise ValueError("%d channels cannot be shared by %d heads (num_heads in the yaml)" % (hidden, heads))
    return {
        "layers": max(layers) + 1,
        "positions": positions,
        "hidden": hidden,
        "vocabulary": weights[EMBEDDING][0],
        "heads": heads,
    }


def _heads(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith((".yaml", ".yml")):
            with open(os.path.join(folder, name), encoding="utf-8") as handle:
                found = _HEADS.search(handle.read())
            if found:
                return int(found.group(1))
    return None
