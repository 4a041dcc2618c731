"use client";

import { seedCards, seedColumns } from "@/lib/kanban/data";
import type { Card, Column } from "@/lib/kanban/types";
import { useStoredList } from "./use-stored-list";

const colors = ["bg-violet-500", "bg-pink-500", "bg-teal-500", "bg-orange-500", "bg-blue-500"];

export function useBoard() {
  const columns = useStoredList<Column>("board.columns", seedColumns);
  const cards = useStoredList<Card>("board.cards", seedCards);

  return {
    ready: cards.ready,
    columns: columns.items,
    cards: cards.items,
    setCards: (next: Card[]) => cards.update(() => next),
    saveCard: (card: Card) =>
      cards.update((items) =>
        items.some(({ id }) => id === card.id)
          ? items.map((item) => (item.id === card.id ? card : item))
          : [card, ...items],
      ),
    deleteCard: (id: string) => cards.update((items) => items.filter((card) => card.id !== id)),
    addColumn: (title: string) =>
      columns.update((items) => [
        ...items,
        { id: crypto.randomUUID(), title, color: colors[items.length % colors.length] ?? "bg-violet-500" },
      ]),
    renameColumn: (id: string, title: string) =>
      columns.update((items) => items.map((item) => (item.id === id ? { ...item, title } : item))),
    deleteColumn: (id: string) => {
      cards.update((items) => items.filter((card) => card.columnId !== id));
      columns.update((items) => items.filter((column) => column.id !== id));
    },
  };
}

export type Board = ReturnType<typeof useBoard>;
