import { subMonths } from "date-fns";
import { ArrowDownRight, ArrowUpRight, PiggyBank, Receipt, TrendingUp, Wallet } from "lucide-react";
import { Card, CardContent } from "@/components/ui/card";
import { formatMoney, inMonth, total, totalBudget } from "@/lib/expenses/summary";
import type { Expense } from "@/lib/expenses/types";
import { cn } from "@/lib/utils";

export function Kpis({ expenses, month, today }: { expenses: Expense[]; month: Date; today: Date }) {
  const current = inMonth(expenses, month);
  const spent = total(current);
  const before = total(inMonth(expenses, subMonths(month, 1)));
  const change = before ? Math.round(((spent - before) / before) * 100) : 0;
  const isCurrent = month.getMonth() === today.getMonth() && month.getFullYear() === today.getFullYear();
  const days = isCurrent ? today.getDate() : 30;
  const left = totalBudget - spent;

  const items = [
    { label: "Spent", value: formatMoney(spent), icon: Wallet, note: `${current.length} expenses` },
    {
      label: left < 0 ? "Over budget" : "Left to spend",
      value: formatMoney(Math.abs(left)),
      icon: PiggyBank,
      note: `of ${formatMoney(totalBudget)}`,
      bad: left < 0,
    },
    { label: "A day", value: formatMoney(spent / days), icon: Receipt, note: "on average" },
    {
      label: "Vs last month",
      value: before ? `${change > 0 ? "+" : ""}${change}%` : "–",
      icon: TrendingUp,
      note: `${formatMoney(before)} before`,
      trend: before ? change : undefined,
    },
  ];

  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4 lg:gap-4">
      {items.map(({ label, value, icon: Icon, note, bad, trend }) => (
        <Card key={label} className="py-4 sm:py-5">
          <CardContent className="px-4 sm:px-5">
            <div className="flex items-center justify-between text-sm text-muted-foreground">
              {label}
              <Icon className="size-4" />
            </div>
            <p
              className={cn("mt-2 text-xl font-semibold tracking-tight tabular-nums sm:text-2xl", bad && "text-destructive")}
            >
              {value}
            </p>
            <p className="mt-1 flex items-center gap-1 text-xs text-muted-foreground">
              {trend !== undefined &&
                (trend > 0 ? (
                  <ArrowUpRight className="size-3.5 text-rose-500" />
                ) : (
                  <ArrowDownRight className="size-3.5 text-emerald-500" />
                ))}
              {note}
            </p>
          </CardContent>
        </Card>
      ))}
    </div>
  );
}
