import Link from "next/link";
import type { ReactNode } from "react";
import { AudioLines } from "lucide-react";
import { Button } from "@/components/ui/button";
import { site } from "@/lib/site";

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="sticky top-0 z-30 border-b border-transparent bg-background/70 backdrop-blur-lg">
        <div className="mx-auto flex h-16 max-w-6xl items-center gap-8 px-4 md:px-6">
          <Link href="/" className="flex items-center gap-2 text-lg font-semibold tracking-tight">
            <span className="grid size-8 place-items-center rounded-xl bg-primary text-primary-foreground">
              <AudioLines className="size-4.5" />
            </span>
            {site.name}
          </Link>
          <nav className="hidden items-center gap-6 text-sm text-muted-foreground md:flex">
            {site.nav.map(({ label, href }) => (
              <Link key={href} href={href} className="transition-colors hover:text-foreground">
                {label}
              </Link>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-2">
            <Button asChild size="sm" className="rounded-full">
              <Link href="/#join">Join the waitlist</Link>
            </Button>
          </div>
        </div>
      </header>
      {children}
      <footer className="border-t">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-4 px-4 py-8 text-sm text-muted-foreground md:px-6">
          <p>
            {site.name}, {new Date().getFullYear()}
          </p>
          <nav className="flex flex-wrap gap-5">
            {site.nav.map(({ label, href }) => (
              <Link key={href} href={href} className="hover:text-foreground">
                {label}
              </Link>
            ))}
          </nav>
        </div>
      </footer>
    </div>
  );
}
