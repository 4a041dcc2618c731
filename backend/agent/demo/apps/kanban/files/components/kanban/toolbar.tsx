"use client";

import { Search, X } from "lucide-react";
import { Avatar, AvatarFallback } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { members } from "@/lib/kanban/data";
import { cn } from "@/lib/utils";

export type Filters = { query: string; assignees: string[] };

export const noFilters: Filters = { query: "", assignees: [] };

export function Toolbar({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const toggle = (id: string) =>
    onChange({
      ...filters,
      assignees: filters.assignees.includes(id)
        ? filters.assignees.filter((other) => other !== id)
        : [...filters.assignees, id],
    });
  const active = JSON.stringify(filters) !== JSON.stringify(noFilters);

  return (
    <div className="contents">
      <div className="relative w-full sm:w-64">
        <Search className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted-foreground" />
        <Input
          type="search"
          aria-label="Search cards"
          placeholder="Search cards…"
          className="pl-8"
          value={filters.query}
          onChange={(event) => onChange({ ...filters, query: event.target.value })}
        />
      </div>
      <div className="flex gap-1" role="group" aria-label="Filter by assignee">
        {members.map(({ id, name, initials, color }) => (
          <button
            key={id}
            type="button"
            title={name}
            aria-label={name}
            aria-pressed={filters.assignees.includes(id)}
            onClick={() => toggle(id)}
            className={cn(
              "rounded-full p-0.5 ring-2 ring-transparent transition outline-none hover:ring-border focus-visible:ring-ring",
              filters.assignees.includes(id) && "ring-primary hover:ring-primary",
            )}
          >
            <Avatar className="size-7">
              <AvatarFallback className={cn("text-[11px] font-medium text-white", color)}>{initials}</AvatarFallback>
            </Avatar>
          </button>
        ))}
      </div>
      {active && (
        <Button variant="ghost" size="sm" onClick={() => onChange(noFilters)}>
          <X /> Clear
        </Button>
      )}
    </div>
  );
}
