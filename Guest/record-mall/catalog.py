"""Reads the sample catalog: enough of JSON5 for files like it (comments, bare names, commas)."""

import json
import re

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<number>[-+]?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_$][\w$]*)
      | (?P<mark>[{}\[\]:,])""",
    re.VERBOSE | re.DOTALL,
)


def read(path):
    """The value in a JSON5 file; ValueError with the line for what this reader does not know."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    out, at = [], 0
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None:
            line = text.count("\n", 0, at) + 1
            raise ValueError(f"{path}:{line}: not understood: {text[at:at + 20]!r}")
        at = token.end()
        word = token.group()
        if token.lastgroup == "skip":
            continue
        if token.lastgroup == "name" and word not in ("true", "false", "null"):
            word = f'"{word}"'
        if word in ("}", "]") and out and out[-1] == ",":
            out.pop()
        out.append(word)
    return json.loads(" ".join(out))
