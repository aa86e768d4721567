"""Holds flow.schema.json to the model and the shipped flows to the schema; --write writes it anew."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import jsonschema
import yaml

from question_flows.loader import SHIPPED, FlowError, load_flow
from question_flows.problems import field_name
from question_flows.schema import SCHEMA_FILE, schema_text


def mistakes_in(path: Path) -> list[str]:
    """What the schema and the loader have against a flow's file, worded for its author."""
    text = path.read_text("utf-8")
    checker = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))
    found = [
        f"{path.name}: {field_name(tuple(error.absolute_path))}: {error.message}"
        for error in checker.iter_errors(yaml.safe_load(text))
    ]
    try:
        load_flow(path)
    except FlowError as error:
        found.extend(str(mistake) for mistake in error.mistakes)
    return found


def main() -> int:
    """Prints every mistake; 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m scripts.flow_schema", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write flow.schema.json from the model")
    if parser.parse_args().write:
        SCHEMA_FILE.write_text(schema_text(), "utf-8")
        return 0
    found = [mistake for path in sorted(SHIPPED.glob("*.yaml")) for mistake in mistakes_in(path)]
    if not SCHEMA_FILE.exists() or SCHEMA_FILE.read_text("utf-8") != schema_text():
        found.append(
            f"{SCHEMA_FILE.name}: is not what the model says; run .venv/bin/python -m scripts.flow_schema --write"
        )
    for mistake in found:
        print(mistake, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
