"""Writes the JSON Schema of scenario files where editors and the reference find it: ``python -m rehearsal.publish``."""

import json
from pathlib import Path

from rehearsal.scenario import schema

FILE = Path(__file__).parents[1] / "docs" / "reference" / "scenario.schema.json"


def main() -> None:
    """Replace the published file."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(schema(), indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
