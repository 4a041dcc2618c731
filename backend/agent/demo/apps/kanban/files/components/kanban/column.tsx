"use client";

import { useState } from "react";
import { useDroppable } from "@dnd-kit/core";
import { SortableContext, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { Ellipsis, Pencil, Plus, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { Input } from "@/components/ui/input";
import type { Card, Column } from "@/lib/kanban/types";
import { cn } from "@/lib/utils";
import { TaskCard } from "./task-card";

type Props = {
  column: Column;
  cards: Card[];
  onAdd: () => void;
  onEdit: (card: Card) => void;
  onRename: (title: string) => void;
  onDelete: () => void;
};

export function BoardColumn({ column, cards, onAdd, onEdit, onRename, onDelete }: Props) {
  const [renaming, setRenaming] = useState(false);
  const { setNodeRef, isOver } = useDroppable({ id: column.id });

  const rename = (title: string) => {
    setRenaming(false);
    if (title.trim()) onRename(title.trim());
  };

  return (
    <section
      aria-label={column.title}
      className="flex w-[82vw] shrink-0 snap-center flex-col rounded-2xl bg-muted/60 p-2 sm:w-72 xl:w-auto xl:min-w-64 xl:flex-1"
    >
      <header className="flex h-10 items-center gap-2 px-2">
        <span className={cn("size-2.5 rounded-full", column.color)} />
        {renaming ? (
          <Input
            autoFocus
            defaultValue={column.title}
            aria-label="Column name"
            className="h-7 bg-background"
            onBlur={(event) => rename(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") rename(event.currentTarget.value);
              if (event.key === "Escape") setRenaming(false);
            }}
          />
        ) : (
          <h2 className="truncate text-sm font-semibold">{column.title}</h2>
        )}
        <span className="text-xs text-muted-foreground tabular-nums">{cards.length}</span>
        <div className="ml-auto flex">
          <Button size="icon" variant="ghost" className="size-7" aria-label={`Add to ${column.title}`} onClick={onAdd}>
            <Plus className="size-4" />
          </Button>
          <DropdownMenu>
            <DropdownMenuTrigger asChild>
              <Button size="icon" variant="ghost" className="size-7" aria-label={`${column.title} options`}>
                <Ellipsis className="size-4" />
              </Button>
            </DropdownMenuTrigger>
            <DropdownMenuContent align="end" onCloseAutoFocus={(event) => event.preventDefault()}>
              <DropdownMenuItem onSelect={() => setRenaming(true)}>
                <Pencil /> Rename
              </DropdownMenuItem>
              <DropdownMenuItem variant="destructive" onSelect={onDelete}>
                <Trash2 /> Delete column
              </DropdownMenuItem>
            </DropdownMenuContent>
          </DropdownMenu>
        </div>
      </header>
      <div
        ref={setNodeRef}
        className={cn("flex min-h-32 flex-1 flex-col gap-2 rounded-xl p-1 transition-colors", isOver && "bg-primary/5")}
      >
        <SortableContext items={cards.map(({ id }) => id)} strategy={verticalListSortingStrategy}>
          {cards.map((card) => (
            <TaskCard key={card.id} card={card} onEdit={onEdit} />
          ))}
        </SortableContext>
        {cards.length === 0 && (
          <button
            type="button"
            onClick={onAdd}
            className="grid flex-1 place-items-center rounded-xl border border-dashed text-xs text-muted-foreground transition-colors hover:border-primary/50 hover:text-foreground"
          >
            Drop a card here, or add one
          </button>
        )}
      </div>
    </section>
  );
}
