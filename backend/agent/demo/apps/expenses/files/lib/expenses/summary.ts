import { format, getDaysInMonth, subMonths } from "date-fns";
import { categories } from "./data";
import { type CategoryId, categoryIds, type Expense } from "./types";

const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

export const formatMoney = (amount: number) => money.format(amount);

export const inMonth = (expenses: Expense[], month: Date) =>
  expenses.filter(({ date }) => date.startsWith(format(month, "yyyy-MM")));

export const total = (expenses: Expense[]) => expenses.reduce((sum, { amount }) => sum + amount, 0);

export const totalBudget = categoryIds.reduce((sum, id) => sum + categories[id].budget, 0);

export function byCategory(expenses: Expense[]): { id: CategoryId; spent: number; budget: number }[] {
  return categoryIds.map((id) => ({
    id,
    spent: total(expenses.filter(({ category }) => category === id)),
    budget: categories[id].budget,
  }));
}

/** Running totals for each day of a month and the month before; days to come have no value. */
export function running(expenses: Expense[], month: Date, today: Date) {
  const isCurrent = format(month, "yyyy-MM") === format(today, "yyyy-MM");
  const upTo = (of: Date, day: number) => {
    const last = `${format(of, "yyyy-MM")}-${String(day).padStart(2, "0")}`;
    return total(inMonth(expenses, of).filter(({ date }) => date <= last));
  };
  return Array.from({ length: getDaysInMonth(month) }, (_, index) => ({
    day: index + 1,
    spent: isCurrent && index + 1 > today.getDate() ? undefined : upTo(month, index + 1),
    before: upTo(subMonths(month, 1), index + 1),
  }));
}

export function toCsv(expenses: Expense[]) {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = expenses.map(({ date, title, category, method, amount }) =>
    [date, quote(title), quote(categories[category].label), method, amount.toFixed(2)].join(","),
  );
  return ["Date,Title,Category,Method,Amount", ...rows].join("\n");
}
