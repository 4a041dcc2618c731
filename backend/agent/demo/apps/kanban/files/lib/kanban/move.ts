import { arrayMove } from "@dnd-kit/sortable";
import type { Card } from "./types";

/** Put a card where another card is or, when `over` is a column, at that column's end. */
export function place(cards: Card[], id: string, over: string): Card[] {
  const from = cards.findIndex((card) => card.id === id);
  const to = cards.findIndex((card) => card.id === over);
  const card = cards[from];
  if (!card || id === over) return cards;
  const target = cards[to];
  if (target) {
    const moved = cards.map((c) => (c.id === id ? { ...c, columnId: target.columnId } : c));
    return arrayMove(moved, from, to);
  }
  if (card.columnId === over) return cards;
  return [...cards.filter((c) => c.id !== id), { ...card, columnId: over }];
}
