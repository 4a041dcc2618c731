"""Watchers of directories through the SDK."""

import pytest
from e2b import FilesystemEventType, NotFoundException, Sandbox

pytestmark = pytest.mark.sandbox


def test_new_file_is_created_owned_and_written(shared: Sandbox) -> None:
    shared.files.make_dir("seen")
    watch = shared.files.watch_dir("seen")
    shared.files.write("seen/a.txt", "x")
    kinds = [event.type for event in watch.get_new_events()]
    assert kinds == [FilesystemEventType.CREATE, FilesystemEventType.CHMOD, FilesystemEventType.WRITE]
    shared.files.write("seen/a.txt", "y")
    assert FilesystemEventType.WRITE in [event.type for event in watch.get_new_events()]
    shared.files.rename("seen/a.txt", "seen/b.txt")
    moved = {(event.name, event.type.value) for event in watch.get_new_events()}
    assert {("a.txt", "rename"), ("b.txt", "create")} <= moved
    watch.stop()


def test_entry_travels_with_its_event_when_asked(shared: Sandbox) -> None:
    shared.files.make_dir("entries")
    watch = shared.files.watch_dir("entries", include_entry=True)
    shared.files.write("entries/a.txt", "four")
    written = [event for event in watch.get_new_events() if event.type is FilesystemEventType.WRITE]
    assert written[-1].entry
    assert (written[-1].entry.path, written[-1].entry.size) == ("/home/user/entries/a.txt", 4)
    watch.stop()


def test_only_a_recursive_watcher_sees_below(shared: Sandbox) -> None:
    shared.files.make_dir("outer/inner")
    flat, deep = shared.files.watch_dir("outer"), shared.files.watch_dir("outer", recursive=True)
    shared.files.write("outer/inner/a.txt", "x")
    assert not [event for event in flat.get_new_events() if event.name != "inner"]
    assert "inner/a.txt" in [event.name for event in deep.get_new_events()]
    flat.stop()
    deep.stop()
    with pytest.raises(NotFoundException):
        shared.files.watch_dir("never-made")
