#!/usr/bin/env python3
"""embed.py OUTPUT.c PACK.yaml...: writes the table of src/rules/builtin.h from rule packs."""
import os
import sys

ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\t"): "\\t"}


def literal(line):
    """One line of a file as a C string literal; what is not plain ASCII becomes octal."""
    return '"' + "".join(
        ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 and byte != ord("?") else f"\\{byte:03o}")
        for byte in line) + '"'


def main():
    output, packs = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    parts = ["/* Made by src/rules/embed.py. */\n", '#include "rules/builtin.h"\n']
    rows = []
    for number, path in enumerate(packs):
        with open(path, "rb") as file:
            content = file.read()
        file_name = os.path.basename(path)
        lines = content.splitlines(keepends=True) or [b""]
        body = "\n".join("    " + literal(line) for line in lines)
        parts.append(f"static const char pack_{number}[] =\n{body};\n")
        name = file_name.removesuffix(".yaml")
        rows.append(f'    {{"{name}", "builtin:{file_name}", pack_{number}, {len(content)}}},\n')
    rows.append("    {NULL, NULL, NULL, 0},\n")
    parts.append("const struct builtin_pack builtin_packs[] = {\n" + "".join(rows) + "};\n")
    parts.append(f"const size_t builtin_pack_count = {len(packs)};\n")
    with open(output, "w", encoding="ascii") as file:
        file.write("\n".join(parts))


if __name__ == "__main__":
    main()
