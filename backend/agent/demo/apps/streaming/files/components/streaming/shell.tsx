"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect, useState } from "react";
import { Clapperboard } from "lucide-react";
import { Avatar, AvatarFallback } from "@/components/ui/avatar";
import { site } from "@/lib/site";
import { cn } from "@/lib/utils";

export function Shell({ children }: { children: ReactNode }) {
  const pathname = usePathname();
  const [scrolled, setScrolled] = useState(false);

  useEffect(() => {
    const look = () => setScrolled(window.scrollY > 24);
    look();
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);

  return (
    <div className="flex min-h-dvh flex-col">
      <header
        className={cn(
          "fixed inset-x-0 top-0 z-40 transition-colors duration-300",
          scrolled || pathname !== "/" ? "bg-background/90 backdrop-blur" : "bg-linear-to-b from-background/80 to-transparent",
        )}
      >
        <div className="flex h-16 items-center gap-6 px-4 md:px-10">
          <Link href="/" className="flex shrink-0 items-center gap-2 text-lg font-bold tracking-tight text-primary">
            <Clapperboard className="size-5" />
            {site.name}
          </Link>
          <nav className="flex min-w-0 items-center gap-4 overflow-x-auto text-sm whitespace-nowrap [scrollbar-width:none]">
            {site.nav.map(({ label, href }) => (
              <Link
                key={href}
                href={href}
                className={cn(
                  "text-foreground/70 transition-colors hover:text-foreground",
                  pathname === href && "font-medium text-foreground",
                )}
              >
                {label}
              </Link>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-3">
            <Avatar className="size-8 rounded-md">
              <AvatarFallback className="rounded-md bg-primary text-xs font-semibold text-primary-foreground">VK</AvatarFallback>
            </Avatar>
          </div>
        </div>
      </header>
      <div className={cn("flex flex-1 flex-col", pathname !== "/" && "pt-16")}>{children}</div>
      <footer className="px-4 py-10 text-xs text-muted-foreground md:px-10">
        {site.name}. {site.description} All titles are invented.
      </footer>
    </div>
  );
}
