"""Table Schema (Frictionless Data): what the columns of a table are, for programs that check or load it."""

from typing import Any, Final

from opendata.model.datasets import Declaration, FileSpec

VERSION: Final = "https://specs.frictionlessdata.io/schemas/table-schema.json"
_FORMATS: Final = {"date": "default", "datetime": "any", "time": "default"}


def table_schema(declared: Declaration, spec: FileSpec) -> dict[str, Any]:
    """The schema of one table, in the order of its columns. Raises ValueError for a file without columns."""
    if not spec.columns:
        raise ValueError(f"{spec.name} is no table")
    fields = []
    for column in spec.columns:
        field: dict[str, Any] = {"name": column.name, "type": column.kind, "description": column.means}
        if column.kind in _FORMATS:
            field["format"] = _FORMATS[column.kind]
        constraints: dict[str, Any] = {"required": True} if column.required else {}
        if column.pattern:
            constraints["pattern"] = column.pattern
        if column.allowed:
            constraints["enum"] = list(column.allowed)
        if constraints:
            field["constraints"] = constraints
        fields.append(field)
    return {
        "$schema": VERSION,
        "name": f"{declared.code}-{spec.name.rsplit('.', 1)[0]}",
        "title": spec.means,
        "description": declared.description,
        "fields": fields,
        "missingValues": [""],
    }
