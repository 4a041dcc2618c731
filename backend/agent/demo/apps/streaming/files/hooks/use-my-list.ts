"use client";

import { toast } from "sonner";
import type { Title } from "@/lib/streaming/data";
import { useStoredList } from "./use-stored-list";

const empty: { id: string }[] = [];

export function useMyList() {
  const { items, update, ready } = useStoredList("my-list", empty);
  const ids = ready ? items.map(({ id }) => id) : [];
  return {
    ready,
    ids,
    toggle: ({ id, name }: Title) => {
      const listed = ids.includes(id);
      update((list) => (listed ? list.filter((item) => item.id !== id) : [{ id }, ...list]));
      toast(listed ? `${name} removed from your list` : `${name} added to your list`);
    },
  };
}
