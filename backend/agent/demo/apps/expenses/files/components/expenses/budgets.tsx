"use client";

import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { categories } from "@/lib/expenses/data";
import { byCategory, formatMoney } from "@/lib/expenses/summary";
import type { CategoryId, Expense } from "@/lib/expenses/types";
import { cn } from "@/lib/utils";

type Props = { expenses: Expense[]; selected: CategoryId | "all"; onSelect: (category: CategoryId | "all") => void };

export function Budgets({ expenses, selected, onSelect }: Props) {
  return (
    <Card>
      <CardHeader>
        <CardTitle>Budgets</CardTitle>
        <CardDescription>Pick one to see its expenses</CardDescription>
      </CardHeader>
      <CardContent className="grid gap-1">
        {byCategory(expenses).map(({ id, spent, budget }) => {
          const { label, icon: Icon, color } = categories[id];
          const percent = Math.min(100, (spent / budget) * 100);
          return (
            <button
              key={id}
              type="button"
              aria-pressed={selected === id}
              onClick={() => onSelect(selected === id ? "all" : id)}
              className={cn(
                "-mx-2 grid gap-1.5 rounded-lg p-2 text-left transition-colors outline-none hover:bg-muted/60 focus-visible:ring-2 focus-visible:ring-ring",
                selected === id && "bg-muted",
              )}
            >
              <span className="flex items-center gap-2 text-sm">
                <Icon className="size-4" style={{ color }} />
                <span className="font-medium">{label}</span>
                <span
                  className={cn(
                    "ml-auto text-xs text-muted-foreground tabular-nums",
                    spent > budget && "font-medium text-destructive",
                  )}
                >
                  {formatMoney(spent)} / {formatMoney(budget)}
                </span>
              </span>
              <span className="h-1.5 overflow-hidden rounded-full bg-muted-foreground/15">
                <span
                  className="block h-full rounded-full transition-[width] duration-500"
                  style={{ width: `${percent}%`, background: spent > budget ? "var(--destructive)" : color }}
                />
              </span>
            </button>
          );
        })}
      </CardContent>
    </Card>
  );
}
