"""Every Python module that a program here imports is Python's own, a file beside it, or one of a
package that the lists name: scripts/dependencies.txt for Debian's, Guest/requirements.txt for the
guest's own environment."""

import ast
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def programs():
    """The Python files, with those that have no suffix."""
    for folder in ("Bench", "Guest", "Tests/Rigs", "Tests/Vectors", "examples", "scripts", "debian"):
        for name in sorted(glob.glob(f"{folder}/**", root_dir=ROOT, recursive=True)):
            path = os.path.join(ROOT, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    is_python = re.match(rb"#!.*python", file.readline(100))
                if is_python or name.endswith(".py"):
                    yield name


def imported(name):
    for node in ast.walk(ast.parse(read(name), name)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


found = set(programs())
own = {part.removesuffix(".py") for name in found for part in name.split("/")}
debian = set(re.findall(r"dist-packages/(\w+)", read("scripts/dependencies.txt")))
guest = set(re.findall(r"^(\w+)==", read("Guest/requirements.txt"), re.MULTILINE))
strangers = [f"{name}: no list names a package with {module}"
             for name in sorted(found) for module in sorted(set(imported(name)))
             if module not in sys.stdlib_module_names | own | debian
             and not (name.startswith("Guest/") and module in guest)]
print("\n".join(strangers))
sys.exit(1 if strangers else 0)
