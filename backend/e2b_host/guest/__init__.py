"""The agent inside a sandbox: does all file and process work, so that no path can lead out of the jail.

Standard library only, started as `python -I -S`. It accepts calls on an inherited unix socket, one connection a call:
the first line is a JSON head `{"op": …}`. Replies are lines of JSON after a letter: `m` before a message, `l` before
the last of a stream, `e` before `[code, text]` of a refusal. Uploads follow the head as u32-length chunks ended by an
empty one; downloads and tunnels are raw after the first reply line.
"""
