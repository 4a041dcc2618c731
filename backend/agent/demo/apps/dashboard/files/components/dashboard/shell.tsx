"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useState } from "react";
import { Compass, FileText, LayoutDashboard, type LucideIcon, Menu, MousePointerClick, Users } from "lucide-react";
import { Avatar, AvatarFallback } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { Sheet, SheetContent, SheetDescription, SheetTitle, SheetTrigger } from "@/components/ui/sheet";
import { site } from "@/lib/site";
import { cn } from "@/lib/utils";

const icons: Record<string, LucideIcon> = { "/": LayoutDashboard, "/customers": Users, "/traffic": MousePointerClick };

function Navigation({ onNavigate }: { onNavigate?: () => void }) {
  const pathname = usePathname();
  return (
    <div className="flex h-full flex-col gap-6 p-4">
      <Link href="/" onClick={onNavigate} className="flex items-center gap-2 px-2 pt-1 font-semibold tracking-tight">
        <span className="grid size-7 place-items-center rounded-lg bg-primary text-primary-foreground">
          <Compass className="size-4" />
        </span>
        {site.name}
      </Link>
      <nav className="grid gap-1 text-sm" aria-label="Main">
        {site.nav.map(({ label, href }) => {
          const Icon = icons[href] ?? FileText;
          return (
            <Link
              key={href}
              href={href}
              onClick={onNavigate}
              aria-current={pathname === href ? "page" : undefined}
              className={cn(
                "flex items-center gap-2.5 rounded-lg px-2.5 py-2 text-muted-foreground transition-colors hover:bg-sidebar-accent hover:text-foreground",
                pathname === href && "bg-sidebar-accent font-medium text-foreground",
              )}
            >
              <Icon className={cn("size-4", pathname === href && "text-primary")} />
              {label}
            </Link>
          );
        })}
      </nav>
      <div className="mt-auto flex items-center gap-3 rounded-xl border bg-background p-3">
        <Avatar className="size-9">
          <AvatarFallback className="bg-primary/15 text-xs font-medium text-primary">JR</AvatarFallback>
        </Avatar>
        <div className="min-w-0 text-sm">
          <p className="truncate font-medium">Jordan Rivers</p>
          <p className="truncate text-xs text-muted-foreground">Owner</p>
        </div>
      </div>
    </div>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const pathname = usePathname();
  const [open, setOpen] = useState(false);
  return (
    <div className="flex min-h-dvh">
      <aside className="sticky top-0 hidden h-dvh w-60 shrink-0 border-r bg-sidebar lg:block">
        <Navigation />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-30 flex h-14 items-center gap-3 border-b bg-background/80 px-4 backdrop-blur md:px-6">
          <Sheet open={open} onOpenChange={setOpen}>
            <SheetTrigger asChild>
              <Button variant="ghost" size="icon" className="lg:hidden" aria-label="Open navigation">
                <Menu />
              </Button>
            </SheetTrigger>
            <SheetContent side="left" className="w-64 bg-sidebar p-0">
              <SheetTitle className="sr-only">Navigation</SheetTitle>
              <SheetDescription className="sr-only">Pages of {site.name}</SheetDescription>
              <Navigation onNavigate={() => setOpen(false)} />
            </SheetContent>
          </Sheet>
          <span className="text-sm font-medium">{site.nav.find(({ href }) => href === pathname)?.label}</span>
          <div className="ml-auto flex items-center gap-3">
            <span className="flex items-center gap-2 text-xs text-muted-foreground">
              <span className="relative flex size-2">
                <span className="absolute size-full animate-ping rounded-full bg-emerald-500 opacity-60" />
                <span className="size-2 rounded-full bg-emerald-500" />
              </span>
              Live
            </span>
          </div>
        </header>
        {children}
      </div>
    </div>
  );
}
