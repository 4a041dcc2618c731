from backend.agent.demo.apps.app import App, Chapter

STREAMING = App(
    slug="streaming",
    label="a Netflix-style homepage",
    name="Cinemo",
    accent="red",
    keywords={
        r"netflix": 10,
        r"(movie|film|video|tv)s?[- ](streaming|site|app|homepage|platform|service|catalogue|catalog)": 6,
        r"streaming": 7,
        r"(disney|hulu|hbo|prime video)\+?": 8,
        r"movies?|films?|series|cinema|shows|trailers?": 4,
        r"watchlist|my list": 3,
        r"posters?|hero": 1,
    },
    plan="""I'll build **{name}**, a streaming homepage in the style of Netflix:

- **A hero** with the title of the week, and rows that scroll with arrows, touch or keyboard
- **Details** on hover and in a dialog, with similar titles and a player
- **My list**, kept in the browser, with a page of its own
- **Search and genres**

Every poster is drawn as SVG from the title's own colours, so nothing is loaded from elsewhere.""",
    chapters=(
        Chapter(
            "First the catalogue: twelve invented titles, and the rows they fall into.",
            ("lib/site.ts", "lib/streaming/data.ts"),
        ),
        Chapter(
            "The artwork, the frame and the list.",
            (
                "components/streaming/poster.tsx",
                "components/streaming/shell.tsx",
                "hooks/use-stored-list.ts",
                "hooks/use-my-list.ts",
            ),
        ),
        Chapter(
            "Now hero, cards and rows.",
            (
                "components/streaming/hero.tsx",
                "components/streaming/title-card.tsx",
                "components/streaming/row.tsx",
            ),
        ),
        Chapter(
            "Details, the player, and the pages.",
            (
                "components/streaming/title-dialog.tsx",
                "components/streaming/player.tsx",
                "components/streaming/theatre.tsx",
                "components/streaming/home.tsx",
                "components/streaming/my-list.tsx",
                "app/layout.tsx",
                "app/page.tsx",
                "app/my-list/page.tsx",
            ),
        ),
    ),
    summary="""**{name}** is ready: a hero, rows of titles with details on hover, a player, search, and a list of your own.""",
    ideas=("add a film “Northern Lights”", "make it blue", "add a dark mode toggle", "add an about page"),
)
