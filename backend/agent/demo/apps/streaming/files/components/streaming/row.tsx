"use client";

import { useRef } from "react";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Title } from "@/lib/streaming/data";
import { TitleCard, type TitleActions } from "./title-card";

export function Row({ name, titles, actions }: { name: string; titles: Title[]; actions: TitleActions }) {
  const track = useRef<HTMLDivElement>(null);
  const scroll = (direction: 1 | -1) =>
    track.current?.scrollBy({ left: direction * track.current.clientWidth * 0.8, behavior: "smooth" });

  return (
    <section aria-label={name} className="group/row relative">
      <h2 className="px-4 text-lg font-semibold md:px-10">{name}</h2>
      <div
        ref={track}
        className="flex snap-x scroll-px-4 gap-3 overflow-x-auto px-4 py-4 [scrollbar-width:none] md:scroll-px-10 md:px-10"
      >
        {titles.map((title) => (
          <div key={title.id} className="w-[68vw] max-w-72 shrink-0 snap-start sm:w-64">
            <TitleCard title={title} actions={actions} />
          </div>
        ))}
      </div>
      {([-1, 1] as const).map((direction) => (
        <button
          key={direction}
          type="button"
          aria-label={direction < 0 ? `Scroll ${name} back` : `Scroll ${name} on`}
          onClick={() => scroll(direction)}
          className={`absolute top-11 bottom-4 z-20 hidden w-10 place-items-center bg-background/60 opacity-0 backdrop-blur-xs transition-opacity outline-none group-hover/row:opacity-100 focus-visible:opacity-100 focus-visible:ring-2 focus-visible:ring-ring md:grid ${direction < 0 ? "left-0" : "right-0"}`}
        >
          {direction < 0 ? <ChevronLeft /> : <ChevronRight />}
        </button>
      ))}
    </section>
  );
}
