"use client";

import type { ComponentProps } from "react";
import { useSortable } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { differenceInCalendarDays, format, isToday, isTomorrow, parseISO } from "date-fns";
import { CalendarDays, Pencil } from "lucide-react";
import { Avatar, AvatarFallback } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { members } from "@/lib/kanban/data";
import { type Card, priorities } from "@/lib/kanban/types";
import { cn } from "@/lib/utils";

function dueLabel(due: string) {
  const date = parseISO(due);
  if (isToday(date)) return "Today";
  if (isTomorrow(date)) return "Tomorrow";
  return format(date, "MMM d");
}

export function TaskCardView({
  card,
  onEdit,
  className,
  ...props
}: { card: Card; onEdit?: (card: Card) => void } & ComponentProps<"article">) {
  const member = members.find(({ id }) => id === card.assignee);
  const late = card.due !== "" && differenceInCalendarDays(parseISO(card.due), new Date()) < 1;
  return (
    <article
      className={cn(
        "group relative rounded-xl border bg-card p-3.5 text-card-foreground shadow-xs transition-shadow hover:shadow-md",
        className,
      )}
      {...props}
    >
      <div className="mb-2 flex items-center gap-1.5">
        <Badge variant="outline" className="font-normal text-muted-foreground">
          {card.tag}
        </Badge>
        <Badge className={cn("border-transparent", priorities[card.priority].className)}>
          {priorities[card.priority].label}
        </Badge>
      </div>
      <h3 className="text-sm leading-snug font-medium text-pretty">{card.title}</h3>
      {card.description && (
        <p className="mt-1 line-clamp-2 text-xs leading-relaxed text-muted-foreground">{card.description}</p>
      )}
      <div className="mt-3 flex h-6 items-center justify-between">
        {card.due ? (
          <span
            className={cn(
              "flex items-center gap-1 text-xs text-muted-foreground",
              late && card.columnId !== "done" && "font-medium text-rose-600 dark:text-rose-400",
            )}
          >
            <CalendarDays className="size-3.5" />
            {dueLabel(card.due)}
          </span>
        ) : (
          <span />
        )}
        {member && (
          <Avatar title={member.name} className="size-6">
            <AvatarFallback className={cn("text-[10px] font-medium text-white", member.color)}>
              {member.initials}
            </AvatarFallback>
          </Avatar>
        )}
      </div>
      {onEdit && (
        <Button
          size="icon"
          variant="ghost"
          aria-label={`Edit ${card.title}`}
          className="absolute top-2 right-2 size-7 text-muted-foreground opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
          onPointerDown={(event) => event.stopPropagation()}
          onKeyDown={(event) => event.stopPropagation()}
          onClick={() => onEdit(card)}
        >
          <Pencil className="size-3.5" />
        </Button>
      )}
    </article>
  );
}

export function TaskCard({ card, onEdit }: { card: Card; onEdit: (card: Card) => void }) {
  const { attributes, listeners, setNodeRef, transform, transition, isDragging } = useSortable({
    id: card.id,
    attributes: { role: "article", roleDescription: "draggable card" },
  });
  return (
    <TaskCardView
      ref={setNodeRef}
      card={card}
      onEdit={onEdit}
      style={{ transform: CSS.Translate.toString(transform), transition }}
      className={cn(
        "cursor-grab touch-manipulation outline-none focus-visible:ring-2 focus-visible:ring-ring active:cursor-grabbing",
        isDragging && "opacity-30",
      )}
      {...attributes}
      {...listeners}
    />
  );
}
