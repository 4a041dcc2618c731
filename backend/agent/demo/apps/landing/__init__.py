from backend.agent.demo.apps.app import App, Chapter

LANDING = App(
    slug="landing",
    label="a waitlist and landing page",
    name="Lumen",
    accent="orange",
    keywords={
        r"wait(ing)?[- ]?list": 10,
        r"landing( page)?": 8,
        r"launch|coming soon|early access|pre-?launch": 6,
        r"start-?up|product page|marketing (page|site)": 4,
        r"sign-?ups?|newsletter|email capture": 3,
        r"pricing|faq|testimonials?": 2,
        r"homepage|website|saas": 1,
    },
    plan="""I'll build **{name}**, a landing page with a waitlist that works:

- **A hero** with the form up front and the product drawn below it
- **Features, voices, pricing** with a yearly switch, and an FAQ
- **A real API route** that validates with the same zod schema as the form, counts places and knows who is already in

Content first, so that every word stands in one file.""",
    chapters=(
        Chapter(
            "First the words, the schema that form and server share, and the API.",
            ("lib/site.ts", "lib/landing/content.ts", "lib/landing/waitlist.ts", "app/api/waitlist/route.ts"),
        ),
        Chapter(
            "The frame, the form with its states, and the hero.",
            (
                "components/landing/shell.tsx",
                "components/landing/waitlist-form.tsx",
                "components/landing/product-preview.tsx",
                "components/landing/hero.tsx",
            ),
        ),
        Chapter(
            "The sections below, and the page.",
            (
                "components/landing/features.tsx",
                "components/landing/pricing.tsx",
                "components/landing/faq.tsx",
                "app/layout.tsx",
                "app/page.tsx",
            ),
        ),
    ),
    summary="""**{name}** is ready: a landing page whose waitlist form validates, asks the server, and tells people their place.""",
    ideas=(
        "change the headline to “Talk less, decide more”",
        "make it violet",
        "add an about page",
        "add a question “Is there a free plan?”",
    ),
)
