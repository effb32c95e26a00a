"""The JSON Schemas of rules/ as an editor uses them: YAML 1.2 in, complaints out; and which words
they have."""

import copy
import glob
import json
import os
import re

import yaml
from jsonschema import Draft7Validator

from program import REPOSITORY

class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema: `no`, `2027-01-01` and `1:30` are texts there."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        """JSON has no other keys than texts."""
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}",
                                     re.compile(f"^(?:{_pattern})$"), list(_first))


def _construct_map(loader, node):
    return loader.construct_mapping(node)


CoreLoader.add_constructor("tag:yaml.org,2002:map", _construct_map)
CoreLoader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def load(text):
    return yaml.load(text, CoreLoader)


class Schema:
    """`rules/NAME`: what it complains of, and its words by the part that has them."""

    def __init__(self, name):
        with open(os.path.join(REPOSITORY, "rules", name)) as file:
            self.root = json.load(file)
        self.validator = Draft7Validator(self.root)

    def complaints(self, data):
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
                for error in self.validator.iter_errors(data)]

    def resolve(self, part):
        """What a reference stands for; its own words come first."""
        while "$ref" in part:
            target = self.root
            for step in part["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
        return part

    def part(self, *path):
        """The part at this path, over references and alternatives that are numbers."""
        part = self.root
        for step in path:
            part = self.resolve(part)[step] if isinstance(part, dict) else part[step]
        return self.resolve(part)

    def parts(self):
        """Every schema within this one."""
        def walk(part):
            if isinstance(part, list):
                for item in part:
                    yield from walk(item)
            elif isinstance(part, dict):
                yield part
                for key, value in part.items():
                    if key not in ("examples", "enum"):
                        yield from walk(value)

        yield from walk(self.root)

    def objects(self):
        """The properties of every part of the schema that has words of its own."""
        return [part["properties"] for part in self.parts()
                if "properties" in part and "additionalProperties" in part]

    def words(self):
        """Every word that stands as a key."""
        return {word for properties in self.objects() for word in properties}

    def all_words(self):
        """(all words of a part, the word), for each word and each value of an enumeration."""
        found = {(tuple(properties), word) for properties in self.objects() for word in properties}
        for part in self.parts():
            found.update((tuple(part["enum"]), value) for value in part.get("enum", [])
                         if isinstance(value, str))
        return found

    def fits(self, part, data):
        return Draft7Validator({"allOf": [part],
                                "definitions": self.root["definitions"]}).is_valid(data)

    def used_words(self, data):
        """Those of all_words() that `data` uses."""
        used = set()

        def walk(part, data):
            part = self.resolve(part)
            for choice in part.get("oneOf", []) + part.get("anyOf", []):
                if self.fits(choice, data):
                    walk(choice, data)
            if "enum" in part and isinstance(data, str):
                used.add((tuple(part["enum"]), data))
            if isinstance(data, list) and "items" in part:
                for item in data:
                    walk(part["items"], item)
            if not isinstance(data, dict) or "additionalProperties" not in part:
                return
            own = part.get("properties", {})
            for key, value in data.items():
                if key in own:
                    used.add((tuple(own), key))
                    walk(own[key], value)
                elif isinstance(part["additionalProperties"], dict):
                    walk(part["additionalProperties"], value)

        walk(self.root, data)
        return used


def positions(data, path=()):
    yield path
    if isinstance(data, dict):
        for key, value in data.items():
            yield from positions(value, path + (key,))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from positions(value, path + (index,))


def at(data, path):
    for step in path:
        data = data[step]
    return data


def changed(data, path, change):
    """A copy of `data` in which `change(parent, key)` was done at `path`."""
    data = copy.deepcopy(data)
    change(at(data, path[:-1]), path[-1])
    return data


def others(old):
    """Things of other kinds. Where a text may stand, `3` and `true` are texts to the program, and to
    a schema most often a mistake: that is left out."""
    yield from ({}, [], "word", ["a", "b"], {"word": "word"}, [["a"]])
    if not isinstance(old, (str, list)):
        yield from (3, -1, [1, 2])
    if not isinstance(old, (str, list, dict)):
        yield from (True, None)


def mutants(data):
    """Each place once with another kind of thing, without it, and with a misspelt word."""
    for path in positions(data):
        if not path:
            continue
        for other in others(at(data, path)):
            yield changed(data, path,
                          lambda parent, key, other=other: parent.__setitem__(key, other))
        yield changed(data, path, lambda parent, key: parent.__delitem__(key))
        if isinstance(path[-1], str):
            yield changed(data, path, lambda parent, key: parent.__setitem__(
                key + "x", parent.pop(key)))


def words_in_sources(pattern):
    """Every text in C files (`src/rules/*.c`) that could be a word."""
    found = set()
    for path in glob.glob(os.path.join(REPOSITORY, pattern)):
        with open(path) as file:
            found.update(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', file.read()))
    assert found
    return found
