"use client";

import { useState } from "react";
import { addMonths, format, isSameMonth, subMonths } from "date-fns";
import { ChevronLeft, ChevronRight, Download, Plus, Search } from "lucide-react";
import { toast } from "sonner";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader, CardTitle } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { useStoredList } from "@/hooks/use-stored-list";
import { categories, seedExpenses } from "@/lib/expenses/data";
import { inMonth, toCsv } from "@/lib/expenses/summary";
import { type CategoryId, categoryIds, type Expense, type ExpenseInput } from "@/lib/expenses/types";
import { site } from "@/lib/site";
import { Budgets } from "./budgets";
import { ExpenseDialog } from "./expense-dialog";
import { ExpenseTable } from "./expense-table";
import { Kpis } from "./kpis";
import { SpendingChart } from "./spending-chart";

const orders = {
  newest: { label: "Newest first", by: (a: Expense, b: Expense) => b.date.localeCompare(a.date) },
  oldest: { label: "Oldest first", by: (a: Expense, b: Expense) => a.date.localeCompare(b.date) },
  largest: { label: "Largest first", by: (a: Expense, b: Expense) => b.amount - a.amount },
};

type Order = keyof typeof orders;

export function Tracker() {
  const { items: expenses, update, ready } = useStoredList<Expense>("expenses", seedExpenses);
  const [today] = useState(() => new Date());
  const [month, setMonth] = useState(today);
  const [query, setQuery] = useState("");
  const [category, setCategory] = useState<CategoryId | "all">("all");
  const [order, setOrder] = useState<Order>("newest");
  const [editing, setEditing] = useState<Expense | "new" | null>(null);

  if (!ready) return <TrackerSkeleton />;

  const current = inMonth(expenses, month);
  const visible = current
    .filter((expense) => category === "all" || expense.category === category)
    .filter((expense) => expense.title.toLowerCase().includes(query.trim().toLowerCase()))
    .sort(orders[order].by);

  const save = (values: ExpenseInput) => {
    if (editing === "new") {
      update((items) => [{ ...values, id: crypto.randomUUID() }, ...items]);
      toast.success(`Added ${values.title}`);
    } else if (editing) {
      update((items) => items.map((item) => (item.id === editing.id ? { ...values, id: item.id } : item)));
    }
    setEditing(null);
  };

  const remove = (expense: Expense) => {
    update((items) => items.filter(({ id }) => id !== expense.id));
    toast(`Deleted ${expense.title}`, {
      action: { label: "Undo", onClick: () => update((items) => [expense, ...items]) },
    });
  };

  const download = () => {
    const url = URL.createObjectURL(new Blob([toCsv(visible)], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `expenses-${format(month, "yyyy-MM")}.csv`;
    link.click();
    URL.revokeObjectURL(url);
    toast.success(`Exported ${visible.length} expenses`);
  };

  return (
    <main className="mx-auto grid w-full max-w-6xl flex-1 grid-cols-1 content-start gap-4 px-4 py-6 md:px-6 md:py-8">
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div>
          <h1 className="text-2xl font-semibold tracking-tight">{site.headline}</h1>
          <p className="mt-1 text-sm text-muted-foreground">{site.description}</p>
        </div>
        <div className="flex w-full items-center gap-2 sm:w-auto">
          <div className="flex items-center rounded-md border bg-background shadow-xs">
            <Button variant="ghost" size="icon" aria-label="Month before" onClick={() => setMonth(subMonths(month, 1))}>
              <ChevronLeft />
            </Button>
            <span className="w-28 text-center text-sm font-medium" aria-live="polite">
              {format(month, "MMM yyyy")}
            </span>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Next month"
              disabled={isSameMonth(month, today)}
              onClick={() => setMonth(addMonths(month, 1))}
            >
              <ChevronRight />
            </Button>
          </div>
          <Button className="ml-auto" onClick={() => setEditing("new")}>
            <Plus /> Add expense
          </Button>
        </div>
      </div>
      <Kpis expenses={expenses} month={month} today={today} />
      <div className="grid gap-4 lg:grid-cols-3">
        <SpendingChart expenses={expenses} month={month} today={today} />
        <Budgets expenses={current} selected={category} onSelect={setCategory} />
      </div>
      <Card>
        <CardHeader className="flex flex-wrap items-center gap-3">
          <CardTitle className="mr-auto">Expenses</CardTitle>
          <div className="relative w-full sm:w-52">
            <Search className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted-foreground" />
            <Input
              type="search"
              aria-label="Search expenses"
              placeholder="Search…"
              className="pl-8"
              value={query}
              onChange={(event) => setQuery(event.target.value)}
            />
          </div>
          <Select value={category} onValueChange={(value) => setCategory(value as CategoryId | "all")}>
            <SelectTrigger aria-label="Category" className="flex-1 sm:w-40 sm:flex-none">
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              <SelectItem value="all">All categories</SelectItem>
              {categoryIds.map((id) => (
                <SelectItem key={id} value={id}>
                  {categories[id].label}
                </SelectItem>
              ))}
            </SelectContent>
          </Select>
          <Select value={order} onValueChange={(value) => setOrder(value as Order)}>
            <SelectTrigger aria-label="Order" className="flex-1 sm:w-36 sm:flex-none">
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              {Object.entries(orders).map(([id, { label }]) => (
                <SelectItem key={id} value={id}>
                  {label}
                </SelectItem>
              ))}
            </SelectContent>
          </Select>
          <Button variant="outline" size="icon" aria-label="Export as CSV" title="Export as CSV" onClick={download}>
            <Download />
          </Button>
        </CardHeader>
        <CardContent className="px-0">
          <ExpenseTable expenses={visible} onEdit={setEditing} onDelete={remove} />
        </CardContent>
      </Card>
      {editing && (
        <ExpenseDialog
          isNew={editing === "new"}
          values={
            editing === "new"
              ? { title: "", category: "food", method: "Card", date: format(today, "yyyy-MM-dd") }
              : editing
          }
          onSave={save}
          onClose={() => setEditing(null)}
        />
      )}
    </main>
  );
}

function TrackerSkeleton() {
  return (
    <main className="mx-auto grid w-full max-w-6xl flex-1 content-start gap-4 px-4 py-8 md:px-6" aria-busy="true">
      <Skeleton className="h-12 w-64" />
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        {[0, 1, 2, 3].map((n) => (
          <Skeleton key={n} className="h-28 rounded-xl" />
        ))}
      </div>
      <Skeleton className="h-80 rounded-xl" />
    </main>
  );
}
