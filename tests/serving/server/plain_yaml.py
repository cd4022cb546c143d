"""Reads the plain part of YAML that our configuration is written in.

The project has no need of a YAML library but for these few files. What is read: nested
mappings and lists by indentation, [flow, lists] of scalars, quoted and plain scalars,
`>-` blocks, comments. Anything else is an error, so that the files stay plain.
"""

import json
import re
from typing import Any

KEY = re.compile(r"([\w./-]+):(?:\s+(.*))?$")


class Reader:
    """The lines that are left, each with its indentation."""

    def __init__(self, text: str) -> None:
        self.lines = []
        for line in text.splitlines():
            assert "\t" not in line, f"a tab in {line!r}"
            content = re.sub(r"(^|\s)#.*", "", line).rstrip()
            if content:
                self.lines.append((len(content) - len(content.lstrip()), content.strip()))

    def value(self, indent: int) -> Any:
        """A mapping or a list whose lines begin at `indent`."""
        return self.items(indent) if self.lines[0][1].startswith("- ") else self.mapping(indent)

    def mapping(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.lines and self.lines[0][0] == indent:
            match = KEY.match(self.lines.pop(0)[1])
            assert match, "expected KEY: VALUE"
            key, text = match.groups()
            assert key not in found, f"{key} stands twice"
            found[key] = self.nested(indent) if text is None else self.scalar(text, indent)
        assert not self.lines or self.lines[0][0] < indent, f"wrong indentation: {self.lines[0]}"
        return found

    def items(self, indent: int) -> list[Any]:
        found: list[Any] = []
        while self.lines and self.lines[0][0] == indent:
            _, text = self.lines.pop(0)
            assert text.startswith("- "), f"expected an item of a list, found {text!r}"
            text = text[2:]
            if KEY.match(text):  # a mapping whose first line stands behind the dash
                self.lines.insert(0, (indent + 2, text))
                found.append(self.mapping(indent + 2))
            else:
                found.append(self.scalar(text, indent))
        assert not self.lines or self.lines[0][0] < indent, f"wrong indentation: {self.lines[0]}"
        return found

    def nested(self, indent: int) -> Any:
        assert self.lines and self.lines[0][0] > indent, "a key without a value"
        return self.value(self.lines[0][0])

    def scalar(self, text: str, indent: int) -> Any:
        if text == ">-":
            block = []
            while self.lines and self.lines[0][0] > indent:
                block.append(self.lines.pop(0)[1])
            return " ".join(block)
        if text.startswith("["):
            assert text.endswith("]"), f"an open list: {text!r}"
            return [self.scalar(item.strip(), indent) for item in text[1:-1].split(",")]
        if text.startswith('"'):
            return json.loads(text)
        assert text[0] not in "'{}&*!|>%@`", f"not plain: {text!r}"
        return int(text) if text.isdigit() else text


def read_yaml(text: str) -> Any:
    """Reads a file.

    Raises:
      AssertionError: it is not as plain as it should be.
    """
    reader = Reader(text)
    value = reader.value(0)
    assert not reader.lines, f"left over: {reader.lines}"
    return value
