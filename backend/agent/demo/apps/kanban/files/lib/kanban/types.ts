export type Priority = "low" | "medium" | "high" | "urgent";

export type Column = { id: string; title: string; color: string };

export type Member = { id: string; name: string; initials: string; color: string };

export type Card = {
  id: string;
  columnId: string;
  title: string;
  description: string;
  priority: Priority;
  assignee: string;
  tag: string;
  due: string;
};

export const priorities: Record<Priority, { label: string; className: string }> = {
  low: { label: "Low", className: "bg-slate-500/10 text-slate-600 dark:text-slate-300" },
  medium: { label: "Medium", className: "bg-sky-500/10 text-sky-700 dark:text-sky-300" },
  high: { label: "High", className: "bg-amber-500/15 text-amber-700 dark:text-amber-300" },
  urgent: { label: "Urgent", className: "bg-rose-500/10 text-rose-700 dark:text-rose-300" },
};
