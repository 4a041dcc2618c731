import { z } from "zod";

export const categoryIds = ["housing", "food", "transport", "fun", "health", "shopping"] as const;
export const methods = ["Card", "Cash", "Transfer"] as const;

export type CategoryId = (typeof categoryIds)[number];

export const expenseSchema = z.object({
  title: z.string().trim().min(2, "What was it for?").max(80, "Keep it under 80 characters"),
  amount: z.number("Enter an amount").positive("Must be more than zero").max(100_000, "That is a lot. Check the amount."),
  category: z.enum(categoryIds),
  method: z.enum(methods),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "Pick a date"),
});

export type ExpenseInput = z.infer<typeof expenseSchema>;

export type Expense = ExpenseInput & { id: string };
