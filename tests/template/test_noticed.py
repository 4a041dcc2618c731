"""Who waited for the dev server to notice a write is never answered with what was there before."""

import json

import pytest

from tests.template.conftest import Machine

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

ROUNDS = 6
WRITE_AND_ASK = (
    """
const fs = require("node:fs")
const { noticed } = require("/opt/codeflow/noticed.cjs")
const write = (file, text) => {
  fs.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true })
  fs.writeFileSync("page.draft", `export default function Page() { return <p>${text}</p> }`)
  fs.renameSync("page.draft", file)
}
const answer = async (text) => {
  await noticed()
  const response = await fetch("http://127.0.0.1:3000/seen")
  return `${response.status} ${(await response.text()).includes(`${text}</p>`)}`
}
const remove = () => fs.rmSync("app/seen", { recursive: true })

async function main() {
  const answers = { "new": [], edited: [], "made again": [], gone: [] }
  for (let round = 0; round < ROUNDS; round++) {
    write("app/seen/page.tsx", `new${round}`)
    answers["new"].push(await answer(`new${round}`))
    write("app/seen/page.tsx", `edited${round}`)
    answers.edited.push(await answer(`edited${round}`))
    remove()
    write("app/seen/page.jsx", `again${round}`)
    answers["made again"].push(await answer(`again${round}`))
    remove()
    answers.gone.push(await answer(`again${round}`))
  }
  console.log(JSON.stringify(answers))
}
main()
"""
).replace("ROUNDS", str(ROUNDS))


async def test_an_answer_is_of_the_project_as_it_is_now(machine: Machine) -> None:
    await machine.remote.files.write("/tmp/write_and_ask.cjs", WRITE_AND_ASK)
    answers = json.loads(await machine.run("node /tmp/write_and_ask.cjs", timeout_s=200))
    assert {change: set(of) for change, of in answers.items()} == {
        "new": {"200 true"},
        "edited": {"200 true"},
        "made again": {"200 true"},
        "gone": {"404 false"},
    }
