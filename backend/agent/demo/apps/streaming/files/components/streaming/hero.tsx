import { Info, Play, Trophy } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { Title } from "@/lib/streaming/data";
import { site } from "@/lib/site";
import { Poster } from "./poster";

type Props = { title: Title; onPlay: () => void; onOpen: () => void };

export function Hero({ title, onPlay, onOpen }: Props) {
  return (
    <section className="relative flex min-h-[74dvh] items-end overflow-hidden">
      <div className="absolute inset-0">
        <Poster title={title} />
        <div className="absolute inset-0 bg-linear-to-r from-background via-background/50 to-transparent" />
        <div className="absolute inset-x-0 bottom-0 h-1/2 bg-linear-to-t from-background to-transparent" />
      </div>
      <div className="relative max-w-2xl px-4 pt-28 pb-10 md:px-10 md:pb-16">
        <p className="flex items-center gap-2 text-sm font-medium text-primary">
          <Trophy className="size-4" /> {site.headline}
        </p>
        <h1 className="mt-3 text-4xl font-black tracking-tight text-balance md:text-6xl">{title.name}</h1>
        <p className="mt-3 flex flex-wrap items-center gap-x-3 text-sm text-foreground/80">
          <span className="font-semibold text-emerald-600 dark:text-emerald-400">{title.match}% match</span>
          <span>{title.year}</span>
          <span className="rounded border border-foreground/40 px-1.5 text-xs">{title.age}</span>
          <span>{title.length}</span>
        </p>
        <p className="mt-4 max-w-xl leading-relaxed text-foreground/85 md:text-lg">{title.description}</p>
        <div className="mt-6 flex gap-3">
          <Button size="lg" onClick={onPlay}>
            <Play className="fill-current" /> Play
          </Button>
          <Button size="lg" variant="secondary" onClick={onOpen}>
            <Info /> More info
          </Button>
        </div>
      </div>
    </section>
  );
}
