"""A small Next.js project, as the simulated store holds it."""

STARTER: dict[str, bytes] = {
    path: text.encode()
    for path, text in {
        "package.json": '{\n  "name": "app",\n  "private": true,\n  "scripts": {\n    "dev": "next dev"\n  }\n}\n',
        "tsconfig.json": '{\n  "compilerOptions": {\n    "strict": true,\n    "jsx": "preserve"\n  }\n}\n',
        "next.config.ts": 'import type { NextConfig } from "next"\n\nconst config: NextConfig = {}\n\nexport default config\n',
        "app/globals.css": '@import "tailwindcss";\n\n:root {\n  --background: #ffffff;\n  --primary: #4f46e5;\n}\n',
        "app/layout.tsx": (
            'import "./globals.css"\n\nexport const metadata = { title: "App" }\n\n'
            "export default function RootLayout({ children }: { children: React.ReactNode }) {\n"
            '  return (\n    <html lang="en">\n      <body className="antialiased">{children}</body>\n    </html>\n  )\n}\n'
        ),
        "app/page.tsx": 'export default function Page() {\n  return <main className="p-8">Hello</main>\n}\n',
        "app/not-found.tsx": 'export default function NotFound() {\n  return <p className="p-8">Not found</p>\n}\n',
        **{
            f"components/ui/{name}.tsx": (
                f'import {{ cn }} from "@/lib/utils"\n\nexport function {name.title()}({{ className, ...props }}: '
                f'React.ComponentProps<"div">) {{\n  return <div data-slot="{name}" className={{cn("rounded-md", className)}} '
                "{...props} />\n}\n"
            )
            for name in ("badge", "button", "card", "dialog", "input", "select", "tabs", "tooltip")
        },
        "hooks/use-mobile.ts": "export const useMobile = () => false\n",
        "lib/utils.ts": 'export const cn = (...names: unknown[]) => names.filter(Boolean).join(" ")\n',
        "public/logo.svg": "<svg/>\n",
    }.items()
}
