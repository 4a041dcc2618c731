"use client";

import { type FormEvent, useState } from "react";
import { Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { members } from "@/lib/kanban/data";
import { type Card, type Column, type Priority, priorities } from "@/lib/kanban/types";

type Props = {
  card: Card;
  columns: Column[];
  isNew: boolean;
  onSave: (card: Card) => void;
  onDelete: () => void;
  onClose: () => void;
};

type Option = { value: string; label: string };

function Choice(props: { id: string; label: string; value: string; options: Option[]; onChange: (v: string) => void }) {
  return (
    <div className="grid gap-2">
      <Label htmlFor={props.id}>{props.label}</Label>
      <Select value={props.value} onValueChange={props.onChange}>
        <SelectTrigger id={props.id} className="w-full">
          <SelectValue />
        </SelectTrigger>
        <SelectContent>
          {props.options.map(({ value, label }) => (
            <SelectItem key={value} value={value}>
              {label}
            </SelectItem>
          ))}
        </SelectContent>
      </Select>
    </div>
  );
}

export function CardDialog({ card, columns, isNew, onSave, onDelete, onClose }: Props) {
  const [draft, setDraft] = useState(card);
  const set = (change: Partial<Card>) => setDraft((current) => ({ ...current, ...change }));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (draft.title.trim()) onSave({ ...draft, title: draft.title.trim(), tag: draft.tag.trim() || "Task" });
  };

  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="sm:max-w-lg">
        <form onSubmit={submit} className="grid gap-4">
          <DialogHeader>
            <DialogTitle>{isNew ? "New card" : "Edit card"}</DialogTitle>
            <DialogDescription>Everything is saved in this browser.</DialogDescription>
          </DialogHeader>
          <div className="grid gap-2">
            <Label htmlFor="card-title">Title</Label>
            <Input
              id="card-title"
              autoFocus
              required
              value={draft.title}
              placeholder="What needs doing?"
              onChange={(event) => set({ title: event.target.value })}
            />
          </div>
          <div className="grid gap-2">
            <Label htmlFor="card-description">Description</Label>
            <Textarea
              id="card-description"
              rows={3}
              value={draft.description}
              onChange={(event) => set({ description: event.target.value })}
            />
          </div>
          <div className="grid grid-cols-2 gap-4">
            <Choice
              id="card-column"
              label="Column"
              value={draft.columnId}
              options={columns.map(({ id, title }) => ({ value: id, label: title }))}
              onChange={(columnId) => set({ columnId })}
            />
            <Choice
              id="card-priority"
              label="Priority"
              value={draft.priority}
              options={Object.entries(priorities).map(([value, { label }]) => ({ value, label }))}
              onChange={(priority) => set({ priority: priority as Priority })}
            />
            <Choice
              id="card-assignee"
              label="Assignee"
              value={draft.assignee}
              options={members.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={(assignee) => set({ assignee })}
            />
            <div className="grid gap-2">
              <Label htmlFor="card-due">Due date</Label>
              <Input
                id="card-due"
                type="date"
                value={draft.due}
                onChange={(event) => set({ due: event.target.value })}
              />
            </div>
          </div>
          <div className="grid gap-2">
            <Label htmlFor="card-tag">Tag</Label>
            <Input
              id="card-tag"
              value={draft.tag}
              placeholder="Design, Bug, Feature…"
              onChange={(event) => set({ tag: event.target.value })}
            />
          </div>
          <DialogFooter className="sm:justify-between">
            {isNew ? (
              <span />
            ) : (
              <Button type="button" variant="ghost" className="text-destructive" onClick={onDelete}>
                <Trash2 /> Delete
              </Button>
            )}
            <Button type="submit">{isNew ? "Add card" : "Save changes"}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
