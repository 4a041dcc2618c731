import type { Day } from "./data";

export type Kpi = { id: string; label: string; unit: "money" | "number" | "percent"; of: (days: Day[]) => number };

const sum = (days: Day[], key: "revenue" | "orders" | "visitors" | "refunds") =>
  days.reduce((total, day) => total + day[key], 0);

export const kpis: Kpi[] = [
  { id: "revenue", label: "Revenue", unit: "money", of: (days) => sum(days, "revenue") },
  { id: "orders", label: "Orders", unit: "number", of: (days) => sum(days, "orders") },
  { id: "visitors", label: "Visitors", unit: "number", of: (days) => sum(days, "visitors") },
  { id: "conversion", label: "Conversion", unit: "percent", of: (days) => (sum(days, "orders") / sum(days, "visitors")) * 100 },
];

const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const exactMoney = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const number = new Intl.NumberFormat("en-US");

export function formatValue(value: number, unit: Kpi["unit"]) {
  if (unit === "percent") return `${value.toFixed(2)}%`;
  return unit === "money" ? (value < 1000 ? exactMoney : money).format(value) : number.format(Math.round(value));
}
