from backend.agent.demo.apps.app import App, Chapter

KANBAN = App(
    slug="kanban",
    label="a kanban board with drag and drop",
    name="Flowboard",
    accent="violet",
    keywords={
        r"kanban": 10,
        r"trello": 10,
        r"jira|linear": 6,
        r"(task|project|sprint|scrum|agile)s?[- ](board|management|manager|tracker)": 7,
        r"drag[- ]and[- ]drop": 3,
        r"boards?": 3,
        r"sprints?|backlog": 4,
        r"tasks?|cards?|tickets?|issues?": 1,
        r"columns?": 2,
        r"team": 1,
    },
    plan="""I'll build **{name}**, a kanban board for a small team:

- **Columns and cards** you drag with mouse, touch or keyboard; columns can be added, renamed and deleted
- **Cards** with priority, tag, due date and assignee, edited in a dialog, with undo for deletes
- **Search and filter** by person, and progress at a glance
- **Kept in the browser**, so a reload loses nothing; light and dark follow the system

I start with the data, then the pieces, then the page.""",
    chapters=(
        Chapter(
            "First the types, a believable sprint to start with, and the one function that moves a card.",
            ("lib/site.ts", "lib/kanban/types.ts", "lib/kanban/data.ts", "lib/kanban/move.ts"),
        ),
        Chapter(
            "Now the state. It lives in local storage and shows a skeleton until it is read, so server and browser never disagree.",
            ("hooks/use-stored-list.ts", "hooks/use-board.ts"),
        ),
        Chapter(
            "The visible pieces: header, card, column, dialog and toolbar.",
            (
                "components/kanban/shell.tsx",
                "components/kanban/task-card.tsx",
                "components/kanban/column.tsx",
                "components/kanban/card-dialog.tsx",
                "components/kanban/toolbar.tsx",
            ),
        ),
        Chapter(
            "Last the board itself, which ties dragging, filtering and editing together, and the page.",
            ("components/kanban/board.tsx", "app/layout.tsx", "app/page.tsx"),
        ),
    ),
    summary="""**{name}** is ready: a kanban board with drag and drop, card editing, search and filters.

Drag a card to another column, or lift it with the space bar and move it with the arrow keys.""",
    ideas=("add a Review column", "make it emerald", "add a dark mode toggle", "add a priority filter"),
)
