"""What people ask the demo model in these tests."""

BUILDS = {
    "kanban": "a kanban board for a small team",
    "expenses": "an expense tracker with budgets",
    "dashboard": "Build an analytics dashboard for my shop",
    "streaming": "a Netflix-style homepage",
    "landing": "a waitlist page for my startup",
}

GENERIC = (
    "make it teal",
    "add a dark mode toggle",
    "rename it to Orbit",
    'change the headline to "Hello there"',
    "add an about page",
    "add a settings page",
    'add a page called "Team"',
)

CHANGES = {
    "kanban": (
        "add a Review column",
        "add a priority filter",
        'add a card "Write release notes" to Done',
        "add an urgent task: fix the login for Ada",
    ),
    "expenses": ("add an expense “Coffee” 4.50", "filter by payment method", "add 12.90 for lunch"),
    "dashboard": ("add a KPI for average order value", "add a status filter", "add a refunds metric"),
    "streaming": ("add a film “Northern Lights”", "add a comedy series called Two Left Feet"),
    "landing": ("add a question “Is there a free plan?”",),
}

ASKS = {
    "make me a trello clone": "kanban",
    "I need a project management board where I can drag and drop tasks": "kanban",
    "todo board with columns": "kanban",
    "admin panel with metrics and charts": "dashboard",
    "sales analytics": "dashboard",
    "SaaS dashboard": "dashboard",
    "build a movie streaming site": "streaming",
    "Netflix clone with trailers": "streaming",
    "track my spending and budgets": "expenses",
    "personal finance app": "expenses",
    "landing page for a new product launch with email signup": "landing",
    "coming soon page": "landing",
}
"""Free words, and the app they mean."""

UNKNOWN = (
    "a chess engine with an opening book",
    "hello",
    "write a poem about rain",
    "${7*7} <script>alert(1)</script>",
    "????",
)
