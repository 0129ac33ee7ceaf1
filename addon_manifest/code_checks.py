"""Checks of the extension's Python files: syntax of the oldest Blender, what is imported, words for the interface."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST_PYTHON = (3, 11)  # of Blender 4.5
_BLENDERS_MODULES = {"bpy", "bpy_extras", "gpu", "gpu_extras", "blf", "mathutils", "bl_ui", "bl_operators"}
_OPERATOR = "deepfake."
_CLASSES = ("DEEPFAKE_", "Deepfake")


def code_problems(package: Path) -> Iterator[str]:
    """One sentence for each thing that is wrong in the package's files."""
    for file in sorted(package.rglob("*.py")):
        where = file.relative_to(package)
        try:
            tree = ast.parse(file.read_text("utf-8"), str(where), feature_version=OLDEST_PYTHON)
        except SyntaxError as error:
            oldest = ".".join(map(str, OLDEST_PYTHON))
            yield f"{where}, line {error.lineno}: {error.msg}; Python {oldest} must be able to read it."
            continue
        yield from _import_problems(tree, where)
        yield from _word_problems(tree, where)


def _import_problems(tree: ast.Module, where: Path) -> Iterator[str]:
    """Imports of anything but the standard library, Blender and the extension itself."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names | _BLENDERS_MODULES:
                yield f"{where} imports {name}, which Blender does not bring."
            if top in _BLENDERS_MODULES and "core" in where.parts:
                yield f"{where} imports {name}, but core is free of Blender."


def _word_problems(tree: ast.Module, where: Path) -> Iterator[str]:
    """Properties and operators without a description, and names that could be another extension's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (kind := _property(node.func)):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            text = given.get("description")
            if None in given:  # by a mapping: the test of the registered properties looks at these
                continue
            if text is None or (isinstance(text, ast.Constant) and not text.value):
                yield f"{where}, line {node.lineno}: a {kind} without a description."
        elif isinstance(node, ast.ClassDef) and (idname := _text(node, "bl_idname")) is not None:
            is_operator = "_OT_" in node.name
            if is_operator and not idname.startswith(_OPERATOR):
                yield f"{where}: the operator {idname} must begin with {_OPERATOR!r}."
            if not is_operator and not idname.startswith(_CLASSES):
                yield f"{where}: the name {idname} must begin with {_CLASSES[0]}."
            if is_operator and not (_has(node, "bl_description") or ast.get_docstring(node)):
                yield f"{where}: the operator {idname} has no description."


def _property(called: ast.expr) -> str:
    """ "FloatProperty" where it is one of Blender's properties."""
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name if name.endswith("Property") and name[0].isupper() else ""


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    assignments = [statement for statement in node.body if isinstance(statement, ast.Assign)]
    return next((a.value for a in assignments for t in a.targets if isinstance(t, ast.Name) and t.id == name), None)


def _has(node: ast.ClassDef, name: str) -> bool:
    value = _assigned(node, name)
    return value is not None and not (isinstance(value, ast.Constant) and not value.value)


def _text(node: ast.ClassDef, name: str) -> str | None:
    value = _assigned(node, name)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
