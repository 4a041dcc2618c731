"use client";

import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from "@/components/ui/select";
import { type Priority, priorities } from "@/lib/kanban/types";

type Value = Priority | "all";

export function PriorityFilter({ value, onChange }: { value: Value; onChange: (value: Value) => void }) {
  return (
    <Select value={value} onValueChange={(next) => onChange(next as Value)}>
      <SelectTrigger aria-label="Filter by priority" className="w-36">
        <SelectValue />
      </SelectTrigger>
      <SelectContent>
        <SelectItem value="all">Any priority</SelectItem>
        {Object.entries(priorities).map(([id, { label }]) => (
          <SelectItem key={id} value={id}>
            {label}
          </SelectItem>
        ))}
      </SelectContent>
    </Select>
  );
}
