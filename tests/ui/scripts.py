"""What the simulated agent writes."""

DATA = """export type Card = { id: string; title: string; label: string }

export type Column = { id: string; name: string; cards: Card[] }

export const columns: Column[] = [
  { id: "todo", name: "To do", cards: [{ id: "1", title: "Write release notes", label: "docs" }] },
  { id: "doing", name: "In progress", cards: [{ id: "2", title: "Drag and drop on touch", label: "frontend" }] },
  { id: "done", name: "Done", cards: [] },
]
"""
DATA_FIXED = DATA.replace("label: string }", "label: string; due?: string }")
CARD = """"use client"

import { useDraggable } from "@dnd-kit/core"
import type { Card } from "@/lib/data"

export function BoardCard({ card }: { card: Card }) {
  const { attributes, listeners, setNodeRef, transform } = useDraggable({ id: card.id })
  const style = transform ? { transform: `translate(${transform.x}px, ${transform.y}px)` } : undefined
  return (
    <article ref={setNodeRef} style={style} className="rounded-lg bg-white p-3 shadow-sm" {...listeners} {...attributes}>
      <h3 className="text-sm font-medium">{card.title}</h3>
      <span className="text-xs text-indigo-600">{card.label}</span>
    </article>
  )
}
"""
BOARD = """"use client"

import { DndContext, useDroppable, type DragEndEvent } from "@dnd-kit/core"
import { useState } from "react"
import { BoardCard } from "@/components/card"
import { columns as start, type Column } from "@/lib/data"

export function Board() {
  const [columns, setColumns] = useState(start)

  function onDragEnd({ active, over }: DragEndEvent) {
    if (!over) return
    const card = columns.flatMap((c) => c.cards).find((c) => c.id === active.id)
    setColumns(columns.map((c) => move(c, card, over.id)))
  }

  return (
    <DndContext onDragEnd={onDragEnd}>
      <div className="grid gap-4 md:grid-cols-3">
        {columns.map((column) => (
          <section key={column.id} title={`${column.name} (${column.cards.filter((c) => c.due).length} due)`}>
            {column.cards.map((card) => (
              <BoardCard key={card.id} card={card} />
            ))}
          </section>
        ))}
      </div>
    </DndContext>
  )
}
"""
PAGE = """import { Board } from "@/components/board"

export default function Page() {
  return (
    <main className="min-h-screen bg-zinc-50 p-8">
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">Team board</h1>
      <Board />
    </main>
  )
}
"""
HOSTILE = (
    "Look: <img src=x onerror=window.hacked=4> and ${window.hacked=5} and {{window.hacked=6}}\n"
    "</script><script>window.hacked=7</script> **bold** `<b>code</b>` [link](javascript:window.hacked=8)\n"
)
