import { format, subDays } from "date-fns";
import { Bus, Clapperboard, HeartPulse, House, type LucideIcon, ShoppingBag, UtensilsCrossed } from "lucide-react";
import type { CategoryId, Expense } from "./types";

type Category = { label: string; icon: LucideIcon; color: string; budget: number };

export const categories: Record<CategoryId, Category> = {
  housing: { label: "Housing", icon: House, color: "#6366f1", budget: 1400 },
  food: { label: "Food & drink", icon: UtensilsCrossed, color: "#10b981", budget: 520 },
  transport: { label: "Transport", icon: Bus, color: "#0ea5e9", budget: 160 },
  fun: { label: "Leisure", icon: Clapperboard, color: "#f59e0b", budget: 180 },
  health: { label: "Health", icon: HeartPulse, color: "#f43f5e", budget: 120 },
  shopping: { label: "Shopping", icon: ShoppingBag, color: "#a855f7", budget: 250 },
};

const samples: (Omit<Expense, "date"> & { daysAgo: number })[] = [
  { id: "s01", daysAgo: 0, title: "Flat white & croissant", amount: 7.8, category: "food", method: "Card" },
  { id: "s02", daysAgo: 1, title: "Weekly groceries", amount: 86.42, category: "food", method: "Card" },
  { id: "s03", daysAgo: 2, title: "Train to Utrecht", amount: 24.6, category: "transport", method: "Card" },
  { id: "s04", daysAgo: 3, title: "Running shoes", amount: 129, category: "shopping", method: "Card" },
  { id: "s05", daysAgo: 4, title: "Dinner with Noor", amount: 58.5, category: "food", method: "Card" },
  { id: "s06", daysAgo: 5, title: "Cinema, two tickets", amount: 27, category: "fun", method: "Cash" },
  { id: "s07", daysAgo: 7, title: "Pharmacy", amount: 18.35, category: "health", method: "Card" },
  { id: "s08", daysAgo: 8, title: "Weekly groceries", amount: 92.1, category: "food", method: "Card" },
  { id: "s09", daysAgo: 9, title: "Bike repair", amount: 64, category: "transport", method: "Cash" },
  { id: "s10", daysAgo: 11, title: "Concert in the park", amount: 72, category: "fun", method: "Card" },
  { id: "s11", daysAgo: 12, title: "Lunch at the market", amount: 14.2, category: "food", method: "Cash" },
  { id: "s12", daysAgo: 13, title: "Desk lamp", amount: 89.95, category: "shopping", method: "Card" },
  { id: "s13", daysAgo: 15, title: "Weekly groceries", amount: 78.64, category: "food", method: "Card" },
  { id: "s14", daysAgo: 16, title: "Monthly metro pass", amount: 59, category: "transport", method: "Transfer" },
  { id: "s15", daysAgo: 18, title: "Physiotherapy", amount: 45, category: "health", method: "Transfer" },
  { id: "s16", daysAgo: 20, title: "Rent", amount: 1280, category: "housing", method: "Transfer" },
  { id: "s17", daysAgo: 24, title: "Winter coat", amount: 189, category: "shopping", method: "Card" },
  { id: "s18", daysAgo: 27, title: "Weekly groceries", amount: 95.2, category: "food", method: "Card" },
  { id: "s19", daysAgo: 29, title: "Streaming", amount: 15.99, category: "fun", method: "Card" },
  { id: "s20", daysAgo: 33, title: "Birthday dinner", amount: 112.4, category: "food", method: "Card" },
  { id: "s21", daysAgo: 36, title: "Dentist", amount: 95, category: "health", method: "Transfer" },
  { id: "s22", daysAgo: 40, title: "Weekend groceries", amount: 71.3, category: "food", method: "Card" },
  { id: "s23", daysAgo: 44, title: "Taxi from the airport", amount: 38.5, category: "transport", method: "Card" },
  { id: "s24", daysAgo: 50, title: "Rent", amount: 1280, category: "housing", method: "Transfer" },
];

export const seedExpenses: Expense[] = samples.map(({ daysAgo, ...expense }) => ({
  ...expense,
  date: format(subDays(new Date(), daysAgo), "yyyy-MM-dd"),
}));
