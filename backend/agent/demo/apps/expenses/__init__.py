from backend.agent.demo.apps.app import App, Chapter, Slip

EXPENSES = App(
    slug="expenses",
    label="an expense tracker with budgets",
    name="Pennywell",
    accent="emerald",
    keywords={
        r"expenses?": 10,
        r"budget(s|ing)?": 6,
        r"spending|spendings": 6,
        r"(personal )?financ(e|es|ial)": 5,
        r"money|bills?|receipts?": 4,
        r"(expense|money|spending|budget|finance)[- ]track(er|ing)?": 6,
        r"csv": 1,
    },
    plan="""I'll build **{name}**, an expense tracker:

- **Add, edit and delete** expenses in a validated form, with undo
- **Budgets** by category that fill up as you spend, and act as filters
- **A chart** of the running total against last month, and four key figures
- **Search, filter, sort**, move between months, and **export as CSV**

Everything stays in the browser. Data first, then the pieces, then the page.""",
    chapters=(
        Chapter(
            "First the types with their validation, sample data, and the sums.",
            ("lib/site.ts", "lib/expenses/types.ts", "lib/expenses/data.ts", "lib/expenses/summary.ts"),
        ),
        Chapter(
            "The frame, the key figures and the chart.",
            (
                "hooks/use-stored-list.ts",
                "components/expenses/shell.tsx",
                "components/expenses/kpis.tsx",
                "components/expenses/spending-chart.tsx",
            ),
        ),
        Chapter(
            "Now what you work with: budgets, the form and the table.",
            (
                "components/expenses/budgets.tsx",
                "components/expenses/expense-dialog.tsx",
                "components/expenses/expense-table.tsx",
            ),
        ),
        Chapter(
            "Last the tracker, which holds it all together, and the page.",
            ("components/expenses/tracker.tsx", "app/layout.tsx", "app/page.tsx"),
        ),
    ),
    summary="""**{name}** is ready: add, edit, filter and export expenses, and watch the budgets of six categories.""",
    ideas=("add an expense “Coffee” 4.50", "make it indigo", "filter by payment method", "add a settings page"),
    slip=Slip(
        path="components/expenses/tracker.tsx",
        right="onDelete={remove}",
        wrong="onRemove={remove}",
        text="The table's property is called `onDelete`; I passed `onRemove`, so the delete button would have done nothing. I'll correct it.",
    ),
)
