"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { SquareKanban } from "lucide-react";
import { Avatar, AvatarFallback } from "@/components/ui/avatar";
import { members } from "@/lib/kanban/data";
import { site } from "@/lib/site";
import { cn } from "@/lib/utils";

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <Header />
      {children}
    </div>
  );
}

function Header() {
  const pathname = usePathname();
  return (
    <header className="sticky top-0 z-30 border-b bg-background/80 backdrop-blur">
      <div className="flex h-14 items-center gap-3 px-4 md:gap-6 md:px-6">
        <Link href="/" className="flex shrink-0 items-center gap-2 font-semibold tracking-tight">
          <span className="grid size-7 place-items-center rounded-lg bg-primary text-primary-foreground">
            <SquareKanban className="size-4" />
          </span>
          {site.name}
        </Link>
        <nav className="flex min-w-0 items-center gap-1 overflow-x-auto text-sm whitespace-nowrap [scrollbar-width:none]">
          {site.nav.map(({ label, href }) => (
            <Link
              key={href}
              href={href}
              className={cn(
                "rounded-md px-2.5 py-1.5 text-muted-foreground transition-colors hover:text-foreground",
                pathname === href && "bg-muted text-foreground",
              )}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-3">
          <div className="hidden -space-x-2 sm:flex" aria-label="Team">
            {members.map(({ id, name, initials, color }) => (
              <Avatar key={id} title={name} className="size-8 ring-2 ring-background">
                <AvatarFallback className={cn("text-xs font-medium text-white", color)}>{initials}</AvatarFallback>
              </Avatar>
            ))}
          </div>
        </div>
      </div>
    </header>
  );
}
