"use client";

import { useState } from "react";
import {
  type CollisionDetection,
  closestCorners,
  DndContext,
  type DragOverEvent,
  DragOverlay,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { sortableKeyboardCoordinates } from "@dnd-kit/sortable";
import { Plus } from "lucide-react";
import { toast } from "sonner";
import { Button } from "@/components/ui/button";
import { Progress } from "@/components/ui/progress";
import { Skeleton } from "@/components/ui/skeleton";
import { useBoard } from "@/hooks/use-board";
import { members } from "@/lib/kanban/data";
import { place } from "@/lib/kanban/move";
import type { Card } from "@/lib/kanban/types";
import { site } from "@/lib/site";
import { CardDialog } from "./card-dialog";
import { BoardColumn } from "./column";
import { TaskCardView } from "./task-card";
import { noFilters, Toolbar } from "./toolbar";

/** The pointer decides; a card under it counts more than the column around it. */
const detectCollision: CollisionDetection = (args) => {
  const hits = pointerWithin(args);
  const columns = new Set(args.droppableContainers.filter(({ data }) => !data.current?.sortable).map(({ id }) => id));
  const cards = hits.filter(({ id }) => !columns.has(id));
  if (cards.length > 0) return cards;
  return hits.length > 0 ? hits : closestCorners(args);
};

function newCard(columnId: string): Card {
  return {
    id: crypto.randomUUID(),
    columnId,
    title: "",
    description: "",
    priority: "medium",
    assignee: members[0]?.id ?? "",
    tag: "",
    due: "",
  };
}

export function Board() {
  const board = useBoard();
  const [filters, setFilters] = useState(noFilters);
  const [editing, setEditing] = useState<Card | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [draft, setDraft] = useState<Card[] | null>(null);
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 5 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 180, tolerance: 6 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );

  if (!board.ready) return <BoardSkeleton />;

  const cards = draft ?? board.cards;
  const query = filters.query.trim().toLowerCase();
  const visible = cards.filter((card) => {
    if (query && !`${card.title} ${card.description} ${card.tag}`.toLowerCase().includes(query)) return false;
    if (filters.assignees.length > 0 && !filters.assignees.includes(card.assignee)) return false;
    return true;
  });
  const done = board.cards.filter(({ columnId }) => columnId === "done").length;
  const percent = board.cards.length ? Math.round((done / board.cards.length) * 100) : 0;
  const active = cards.find(({ id }) => id === dragged);

  const dragOver = ({ active, over }: DragOverEvent) => {
    if (!over) return;
    const from = cards.find(({ id }) => id === active.id)?.columnId;
    const to = cards.find(({ id }) => id === over.id)?.columnId ?? over.id;
    if (from !== to) setDraft(place(cards, String(active.id), String(over.id)));
  };

  const stopDragging = () => {
    setDragged(null);
    setDraft(null);
  };

  return (
    <main className="flex flex-1 flex-col gap-5 py-6">
      <div className="flex flex-wrap items-end justify-between gap-4 px-4 md:px-6">
        <div>
          <h1 className="text-2xl font-semibold tracking-tight">{site.headline}</h1>
          <p className="mt-1 text-sm text-muted-foreground">{site.description}</p>
        </div>
        <div className="w-full sm:w-56">
          <div className="mb-1.5 flex justify-between text-xs text-muted-foreground">
            <span>
              {done} of {board.cards.length} done
            </span>
            <span className="tabular-nums">{percent}%</span>
          </div>
          <Progress value={percent} aria-label="Cards done" />
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-3 px-4 md:px-6">
        <Toolbar filters={filters} onChange={setFilters} />
        <Button
          className="ml-auto"
          disabled={board.columns.length === 0}
          onClick={() => setEditing(newCard(board.columns[0]?.id ?? ""))}
        >
          <Plus /> New card
        </Button>
      </div>
      <DndContext
        id="board"
        sensors={sensors}
        collisionDetection={detectCollision}
        onDragStart={({ active }) => setDragged(String(active.id))}
        onDragOver={dragOver}
        onDragEnd={({ active, over }) => {
          board.setCards(over ? place(cards, String(active.id), String(over.id)) : cards);
          stopDragging();
        }}
        onDragCancel={stopDragging}
      >
        <div className="flex flex-1 snap-x snap-mandatory items-stretch gap-4 overflow-x-auto px-4 pb-4 md:px-6 lg:snap-none">
          {board.columns.map((column) => (
            <BoardColumn
              key={column.id}
              column={column}
              cards={visible.filter(({ columnId }) => columnId === column.id)}
              onAdd={() => setEditing(newCard(column.id))}
              onEdit={setEditing}
              onRename={(title) => board.renameColumn(column.id, title)}
              onDelete={() => {
                board.deleteColumn(column.id);
                toast(`Deleted “${column.title}” and its cards`);
              }}
            />
          ))}
          <Button
            variant="outline"
            className="h-12 shrink-0 border-dashed text-muted-foreground"
            onClick={() => board.addColumn("New column")}
          >
            <Plus /> Add column
          </Button>
        </div>
        <DragOverlay>{active && <TaskCardView card={active} className="rotate-2 cursor-grabbing shadow-xl" />}</DragOverlay>
      </DndContext>
      {editing && (
        <CardDialog
          key={editing.id}
          card={editing}
          columns={board.columns}
          isNew={!board.cards.some(({ id }) => id === editing.id)}
          onClose={() => setEditing(null)}
          onSave={(card) => {
            board.saveCard(card);
            setEditing(null);
          }}
          onDelete={() => {
            board.deleteCard(editing.id);
            setEditing(null);
            toast(`Deleted “${editing.title}”`, {
              action: { label: "Undo", onClick: () => board.saveCard(editing) },
            });
          }}
        />
      )}
    </main>
  );
}

function BoardSkeleton() {
  return (
    <main className="flex flex-1 flex-col gap-5 px-4 py-6 md:px-6" aria-busy="true">
      <Skeleton className="h-9 w-52" />
      <Skeleton className="h-9 w-80 max-w-full" />
      <div className="flex flex-1 gap-4 overflow-hidden">
        {[0, 1, 2, 3].map((n) => (
          <Skeleton key={n} className="min-h-96 w-72 shrink-0 rounded-2xl xl:w-auto xl:flex-1" />
        ))}
      </div>
    </main>
  );
}
