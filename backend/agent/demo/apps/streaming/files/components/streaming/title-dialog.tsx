"use client";

import { Check, Play, Plus } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { type Title, titles } from "@/lib/streaming/data";
import { Poster } from "./poster";
import type { TitleActions } from "./title-card";

export function TitleDialog({ title, actions, onClose }: { title: Title; actions: TitleActions; onClose: () => void }) {
  const listed = actions.listed(title);
  const similar = titles
    .filter((other) => other.id !== title.id && other.genres.some((genre) => title.genres.includes(genre)))
    .slice(0, 3);

  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="block max-h-[90dvh] overflow-y-auto p-0 sm:max-w-2xl">
        <div className="relative aspect-video overflow-hidden rounded-t-lg">
          <Poster title={title} />
          <div className="absolute inset-0 bg-linear-to-t from-background via-background/20 to-transparent" />
          <DialogTitle className="absolute bottom-4 left-6 text-3xl font-black tracking-tight">{title.name}</DialogTitle>
        </div>
        <div className="grid gap-4 p-6 pt-3">
          <div className="flex flex-wrap gap-3">
            <Button onClick={() => actions.onPlay(title)}>
              <Play className="fill-current" /> Play
            </Button>
            <Button variant="outline" onClick={() => actions.onToggle(title)}>
              {listed ? <Check /> : <Plus />} {listed ? "In my list" : "My list"}
            </Button>
          </div>
          <p className="flex flex-wrap items-center gap-x-3 text-sm text-muted-foreground">
            <span className="font-semibold text-emerald-600 dark:text-emerald-400">{title.match}% match</span>
            <span>{title.year}</span>
            <span>{title.age}</span>
            <span>{title.length}</span>
          </p>
          <DialogDescription className="text-base leading-relaxed text-foreground">{title.description}</DialogDescription>
          <div className="flex flex-wrap gap-2">
            {title.genres.map((genre) => (
              <Badge key={genre} variant="secondary">
                {genre}
              </Badge>
            ))}
          </div>
          <p className="text-sm text-muted-foreground">With {title.cast.join(", ")}</p>
          {similar.length > 0 && (
            <div>
              <h3 className="mb-3 font-semibold">More like this</h3>
              <div className="grid gap-3 sm:grid-cols-3">
                {similar.map((other) => (
                  <button
                    key={other.id}
                    type="button"
                    onClick={() => actions.onOpen(other)}
                    className="overflow-hidden rounded-lg border text-left transition-colors outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring"
                  >
                    <div className="aspect-video">
                      <Poster title={other} />
                    </div>
                    <p className="truncate p-2 text-sm font-medium">{other.name}</p>
                  </button>
                ))}
              </div>
            </div>
          )}
        </div>
      </DialogContent>
    </Dialog>
  );
}
