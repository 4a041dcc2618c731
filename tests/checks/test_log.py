"""Next.js's words for an error, as they stand in its log and in its error pages."""

from backend.checks.log import error_in_page, errors_in_log

FILES = {"app/page.tsx", "app/data.json", "app/globals.css"}

TWO_AT_ONCE = """\
 GET / 200 in 12ms
⨯ ./app/page.tsx:1:1
Error: Export default doesn't exist in target module
> 1 | import d from './data.json'

./app/data.json:1:3
Error: Unable to make a module from invalid JSON
> 1 | { bad json
 GET / 500 in 16ms
"""

RENDERING = """\
⨯ TypeError: Cannot read properties of null (reading 'b')
    at Page (app/page.tsx:2:67)
    at renderWithHooks (/home/user/app/node_modules/next/dist/x.js:2:1)
> 2 | return <h1>{a.b}</h1> {
  digest: '3407569706'
}
 GET / 500 in 16ms
"""


def test_each_error_the_compiler_found_is_told_by_itself():
    found = errors_in_log(TWO_AT_ONCE + TWO_AT_ONCE, FILES)
    assert [(error.file, error.line) for error in found] == [("app/page.tsx", 1), ("app/data.json", 1)]
    assert "invalid JSON" in found[1].message
    assert "GET /" not in found[1].message


def test_an_error_while_rendering_is_told_without_the_frameworks_own_frames():
    [found] = errors_in_log(RENDERING, FILES)
    assert (found.file, found.line) == ("app/page.tsx", 2)
    assert "node_modules" not in found.message
    assert "digest" not in found.message


def test_a_log_without_errors_tells_none():
    assert errors_in_log("✓ Compiled in 72ms\n GET / 200 in 115ms\n", FILES) == []


def test_the_error_page_is_read_when_the_log_says_nothing():
    compiled = (
        '<script id="__NEXT_DATA__" type="application/json">'
        '{"err":{"message":"./app/page.tsx:3:1\\nError: no such thing"}}</script>'
    )
    found = error_in_page(compiled, FILES)
    assert found is not None
    assert (found.file, found.line) == ("app/page.tsx", 3)
    rendered = error_in_page('<template data-next-error-message="it&#x27;s broken">', FILES)
    assert rendered is not None
    assert rendered.message == "it's broken"
    assert error_in_page("<h1>Internal Server Error</h1>", FILES) is None
