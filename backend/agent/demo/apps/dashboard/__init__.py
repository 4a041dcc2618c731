from backend.agent.demo.apps.app import App, Chapter

DASHBOARD = App(
    slug="dashboard",
    label="an analytics dashboard",
    name="Northstar",
    accent="blue",
    keywords={
        r"dashboards?": 10,
        r"analytics?": 8,
        r"metrics?|kpis?": 6,
        r"admin( panel)?": 5,
        r"(sales|revenue|traffic|business)( data| report| overview)?": 3,
        r"charts?|graphs?|reports?|statistics|stats": 3,
        r"saas": 1,
    },
    plan="""I'll build **{name}**, an analytics dashboard for a shop:

- **Three pages** in a sidebar layout that folds into a sheet on phones: overview, customers, traffic
- **Key figures** with sparklines and the change against the period before
- **Charts** for revenue, orders and channels, over 7, 30 or 90 days
- **A table** of orders to search and sort, and an export as CSV

Numbers come from a seeded generator, so server and browser always agree. Data first.""",
    chapters=(
        Chapter(
            "First the data and the key figures, each with its own formula.",
            ("lib/site.ts", "lib/dashboard/data.ts", "lib/dashboard/kpis.ts"),
        ),
        Chapter(
            "The frame with its sidebar, and the figures and charts.",
            (
                "components/dashboard/shell.tsx",
                "components/dashboard/kpi-cards.tsx",
                "components/dashboard/revenue-chart.tsx",
                "components/dashboard/channels-chart.tsx",
            ),
        ),
        Chapter(
            "The orders, and the overview that holds it all together.",
            (
                "components/dashboard/orders-table.tsx",
                "components/dashboard/overview.tsx",
                "app/layout.tsx",
                "app/page.tsx",
            ),
        ),
        Chapter(
            "The overview is up. Now the two other pages.",
            (
                "components/dashboard/customers.tsx",
                "components/dashboard/traffic.tsx",
                "app/customers/page.tsx",
                "app/traffic/page.tsx",
            ),
        ),
    ),
    summary="""**{name}** is ready: key figures, charts and orders, with pages for customers and traffic.""",
    ideas=("add a KPI for average order value", "make it teal", "add a status filter", "add a dark mode toggle"),
)
