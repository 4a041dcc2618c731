from backend.workspace.routes import affected_routes, handler_routes, page_routes

APP = [
    "app/layout.tsx",
    "app/page.tsx",
    "app/about/page.mdx",
    "app/(shop)/cart/page.tsx",
    "app/blog/layout.tsx",
    "app/blog/page.tsx",
    "app/blog/[slug]/page.tsx",
    "app/_private/page.tsx",
    "app/photos/(.)view/page.tsx",
    "app/@modal/page.tsx",
    "app/api/tasks/route.ts",
    "app/api/tasks/[id]/route.ts",
    "lib/page.tsx",
    "components/page.tsx",
]


def test_every_page_that_needs_no_parameter_is_a_route():
    assert page_routes(APP) == ["/", "/about", "/blog", "/cart"]


def test_src_and_pages_folders_count_too():
    assert page_routes(
        ["src/app/page.tsx", "pages/index.tsx", "pages/x/index.tsx", "pages/_app.tsx", "pages/api/a.ts"]
    ) == [
        "/",
        "/x",
    ]


def test_handlers_are_routes_of_their_own():
    assert handler_routes(APP) == ["/api/tasks"]


def test_a_page_affects_itself_and_a_layout_the_first_page_below_it():
    assert affected_routes(["app/about/page.mdx"], APP) == ["/about"]
    assert affected_routes(["app/layout.tsx"], APP) == ["/"]
    assert affected_routes(["app/blog/layout.tsx", "app/blog/page.tsx"], APP) == ["/blog"]
    assert affected_routes(["lib/utils.ts", "app/blog/[slug]/page.tsx"], APP) == []
