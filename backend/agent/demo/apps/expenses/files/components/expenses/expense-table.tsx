"use client";

import { format, parseISO } from "date-fns";
import { Pencil, ReceiptText, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { categories } from "@/lib/expenses/data";
import { formatMoney, total } from "@/lib/expenses/summary";
import type { Expense } from "@/lib/expenses/types";

type Props = {
  expenses: Expense[];
  onEdit: (expense: Expense) => void;
  onDelete: (expense: Expense) => void;
};

export function ExpenseTable({ expenses, onEdit, onDelete }: Props) {
  if (expenses.length === 0) {
    return (
      <div className="grid place-items-center gap-2 py-16 text-center">
        <ReceiptText className="size-8 text-muted-foreground/60" />
        <p className="font-medium">Nothing here</p>
        <p className="text-sm text-muted-foreground">No expense matches. Change the filters, or add one.</p>
      </div>
    );
  }
  return (
    <>
      <Table>
        <TableHeader>
          <TableRow>
            <TableHead className="pl-4 sm:pl-6">Expense</TableHead>
            <TableHead className="hidden sm:table-cell">Date</TableHead>
            <TableHead className="hidden md:table-cell">Paid by</TableHead>
            <TableHead className="text-right">Amount</TableHead>
            <TableHead className="w-20 pr-4 sm:pr-6">
              <span className="sr-only">Actions</span>
            </TableHead>
          </TableRow>
        </TableHeader>
        <TableBody>
          {expenses.map((expense) => {
            const { label, icon: Icon, color } = categories[expense.category];
            const date = format(parseISO(expense.date), "MMM d");
            return (
              <TableRow key={expense.id}>
                <TableCell className="pl-4 sm:pl-6">
                  <div className="flex items-center gap-3">
                    <span
                      className="grid size-9 shrink-0 place-items-center rounded-full"
                      style={{ color, background: `color-mix(in srgb, ${color} 14%, transparent)` }}
                    >
                      <Icon className="size-4" />
                    </span>
                    <div className="min-w-0">
                      <p className="max-w-32 truncate font-medium sm:max-w-none">{expense.title}</p>
                      <p className="text-xs text-muted-foreground">
                        {label}
                        <span className="sm:hidden"> · {date}</span>
                      </p>
                    </div>
                  </div>
                </TableCell>
                <TableCell className="hidden text-muted-foreground sm:table-cell">{date}</TableCell>
                <TableCell className="hidden text-muted-foreground md:table-cell">{expense.method}</TableCell>
                <TableCell className="text-right font-medium tabular-nums">{formatMoney(expense.amount)}</TableCell>
                <TableCell className="pr-4 sm:pr-6">
                  <div className="flex justify-end text-muted-foreground">
                    <Button
                      variant="ghost"
                      size="icon"
                      className="size-8"
                      aria-label={`Edit ${expense.title}`}
                      onClick={() => onEdit(expense)}
                    >
                      <Pencil />
                    </Button>
                    <Button
                      variant="ghost"
                      size="icon"
                      className="size-8 hover:text-destructive"
                      aria-label={`Delete ${expense.title}`}
                      onClick={() => onDelete(expense)}
                    >
                      <Trash2 />
                    </Button>
                  </div>
                </TableCell>
              </TableRow>
            );
          })}
        </TableBody>
      </Table>
      <p className="border-t px-6 pt-4 text-right text-sm text-muted-foreground">
        {expenses.length} expenses, <span className="font-medium text-foreground">{formatMoney(total(expenses))}</span>
      </p>
    </>
  );
}
