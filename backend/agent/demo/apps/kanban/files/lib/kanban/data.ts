import { addDays, format } from "date-fns";
import type { Card, Column, Member } from "./types";

const inDays = (days: number) => format(addDays(new Date(), days), "yyyy-MM-dd");

export const seedColumns: Column[] = [
  { id: "backlog", title: "Backlog", color: "bg-slate-400" },
  { id: "todo", title: "To do", color: "bg-sky-500" },
  { id: "progress", title: "In progress", color: "bg-amber-500" },
  { id: "done", title: "Done", color: "bg-emerald-500" },
];

export const members: Member[] = [
  { id: "maya", name: "Maya Chen", initials: "MC", color: "bg-violet-500" },
  { id: "leo", name: "Leo Martins", initials: "LM", color: "bg-sky-500" },
  { id: "ada", name: "Ada Novak", initials: "AN", color: "bg-rose-500" },
  { id: "sam", name: "Sam Okafor", initials: "SO", color: "bg-emerald-600" },
];

export const seedCards: Card[] = [
  {
    id: "c1",
    columnId: "backlog",
    title: "Interview five customers about onboarding",
    description: "Ask where they got stuck in the first ten minutes. Record and tag the calls.",
    priority: "medium",
    assignee: "maya",
    tag: "Research",
    due: inDays(9),
  },
  {
    id: "c2",
    columnId: "backlog",
    title: "Export boards as CSV",
    description: "",
    priority: "low",
    assignee: "sam",
    tag: "Feature",
    due: "",
  },
  {
    id: "c3",
    columnId: "backlog",
    title: "Audit colour contrast",
    description: "Every text and icon pair should meet WCAG AA in both themes.",
    priority: "low",
    assignee: "ada",
    tag: "Design",
    due: inDays(14),
  },
  {
    id: "c4",
    columnId: "todo",
    title: "Empty states for new workspaces",
    description: "Illustration, one sentence, one button. No tour.",
    priority: "high",
    assignee: "ada",
    tag: "Design",
    due: inDays(2),
  },
  {
    id: "c5",
    columnId: "todo",
    title: "Rate-limit the public API",
    description: "60 requests a minute per key, with clear headers and a 429 that says when to retry.",
    priority: "medium",
    assignee: "leo",
    tag: "Backend",
    due: inDays(4),
  },
  {
    id: "c6",
    columnId: "progress",
    title: "Fix sign-in loop on Safari",
    description: "The session cookie is dropped after the redirect. Reproduced on 17.4.",
    priority: "urgent",
    assignee: "leo",
    tag: "Bug",
    due: inDays(0),
  },
  {
    id: "c7",
    columnId: "progress",
    title: "New pricing page",
    description: "Three plans, yearly switch, honest comparison table.",
    priority: "high",
    assignee: "maya",
    tag: "Marketing",
    due: inDays(3),
  },
  {
    id: "c8",
    columnId: "done",
    title: "Keyboard shortcuts for moving cards",
    description: "Space lifts a card, arrows move it, space drops it.",
    priority: "medium",
    assignee: "sam",
    tag: "Feature",
    due: "",
  },
  {
    id: "c9",
    columnId: "done",
    title: "Weekly digest email",
    description: "",
    priority: "low",
    assignee: "maya",
    tag: "Feature",
    due: "",
  },
];
