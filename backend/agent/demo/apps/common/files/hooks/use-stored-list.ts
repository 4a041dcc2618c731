"use client";

import { useCallback, useSyncExternalStore } from "react";

type Item = { id: string };
type Entry = { seed: Item[]; items: Item[]; known: string[] };

const entries = new Map<string, Entry>();
const listeners = new Set<() => void>();

function saved(key: string): Pick<Entry, "items" | "known"> | null {
  try {
    const text = window.localStorage.getItem(key);
    const value = text ? JSON.parse(text) : null;
    return Array.isArray(value?.items) && Array.isArray(value?.known) ? value : null;
  } catch {
    return null;
  }
}

/** Saved items, plus whatever the seed gained since they were saved. */
function withNew(items: Item[], known: string[], seed: Item[]): Item[] {
  const merged = [...items];
  seed.forEach((item, index) => {
    if (known.includes(item.id)) return;
    const before = merged.findIndex(({ id }) => id === seed[index - 1]?.id);
    merged.splice(before < 0 && index > 0 ? merged.length : before + 1, 0, item);
  });
  return merged;
}

function load(key: string, seed: Item[]): Item[] {
  const entry = entries.get(key);
  if (entry?.seed === seed) return entry.items;
  const old = entry ?? saved(key);
  const items = old ? withNew(old.items, old.known, seed) : seed;
  const known = [...new Set([...(old?.known ?? []), ...seed.map(({ id }) => id)])];
  entries.set(key, { seed, items, known });
  return items;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

const never = () => () => {};

/**
 * A list kept in this browser. `ready` is false on the server and while hydrating,
 * so a page can show a skeleton instead of data that would not match.
 */
export function useStoredList<T extends Item>(key: string, seed: T[]) {
  const items = useSyncExternalStore(
    subscribe,
    () => load(key, seed) as T[],
    () => seed,
  );
  const ready = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

  const update = useCallback(
    (change: (items: T[]) => T[]) => {
      const next = change(load(key, seed) as T[]);
      const known = entries.get(key)?.known ?? [];
      entries.set(key, { seed, items: next, known });
      try {
        window.localStorage.setItem(key, JSON.stringify({ items: next, known }));
      } catch {
        // Private windows may refuse storage: the list then lives as long as the page.
      }
      listeners.forEach((listener) => listener());
    },
    [key, seed],
  );

  return { items, update, ready };
}
