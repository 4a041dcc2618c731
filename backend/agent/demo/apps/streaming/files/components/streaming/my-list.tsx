"use client";

import Link from "next/link";
import { Bookmark } from "lucide-react";
import { Button } from "@/components/ui/button";
import { titles } from "@/lib/streaming/data";
import { Theatre } from "./theatre";
import { TitleCard } from "./title-card";

export function MyList() {
  return (
    <Theatre>
      {(actions, list) => (
        <main className="flex-1 px-4 py-8 md:px-10">
          <h1 className="text-3xl font-bold tracking-tight">My list</h1>
          {list?.length === 0 && (
            <div className="grid place-items-center gap-3 py-24 text-center">
              <Bookmark className="size-8 text-muted-foreground" />
              <p className="font-medium">Nothing saved yet</p>
              <p className="text-sm text-muted-foreground">Press + on a title to keep it here.</p>
              <Button asChild variant="secondary">
                <Link href="/">Browse titles</Link>
              </Button>
            </div>
          )}
          <div className="mt-6 grid grid-cols-2 gap-3 md:grid-cols-3 lg:grid-cols-4">
            {titles
              .filter(({ id }) => list?.includes(id))
              .map((title) => (
                <TitleCard key={title.id} title={title} actions={actions} />
              ))}
          </div>
        </main>
      )}
    </Theatre>
  );
}
