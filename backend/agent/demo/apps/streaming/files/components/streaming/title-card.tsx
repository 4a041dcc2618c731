import { Check, Play, Plus } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { Title } from "@/lib/streaming/data";
import { Poster } from "./poster";

export type TitleActions = {
  listed: (title: Title) => boolean;
  onPlay: (title: Title) => void;
  onOpen: (title: Title) => void;
  onToggle: (title: Title) => void;
};

export function TitleCard({ title, actions }: { title: Title; actions: TitleActions }) {
  const listed = actions.listed(title);
  return (
    <article className="group relative aspect-video overflow-hidden rounded-lg bg-card shadow-md transition duration-300 focus-within:z-10 hover:z-10 hover:scale-105 hover:shadow-2xl motion-reduce:transform-none">
      <Poster title={title} className="absolute inset-0" />
      <button
        type="button"
        aria-label={`About ${title.name}`}
        onClick={() => actions.onOpen(title)}
        className="absolute inset-0 rounded-lg outline-none focus-visible:ring-3 focus-visible:ring-ring focus-visible:ring-inset"
      />
      <div className="pointer-events-none absolute inset-x-0 bottom-0 bg-linear-to-t from-black/90 via-black/50 to-transparent p-3 pt-10 text-white">
        <h3 className="truncate text-sm font-semibold">{title.name}</h3>
        <div className="grid grid-rows-[0fr] transition-[grid-template-rows] duration-300 group-focus-within:grid-rows-[1fr] group-hover:grid-rows-[1fr]">
          <div className="overflow-hidden">
            <p className="mt-1 truncate text-xs text-white/80">
              <span className="font-semibold text-emerald-400">{title.match}%</span> · {title.genres.join(", ")} · {title.length}
            </p>
            <div className="pointer-events-auto mt-2 flex gap-2 pb-0.5 pl-0.5">
              <Button size="icon" className="size-8 rounded-full" aria-label={`Play ${title.name}`} onClick={() => actions.onPlay(title)}>
                <Play className="fill-current" />
              </Button>
              <Button
                size="icon"
                variant="outline"
                className="size-8 rounded-full border-white/50 bg-black/40 text-white hover:bg-white hover:text-black dark:bg-black/40"
                aria-label={listed ? `Remove ${title.name} from my list` : `Add ${title.name} to my list`}
                onClick={() => actions.onToggle(title)}
              >
                {listed ? <Check /> : <Plus />}
              </Button>
            </div>
          </div>
        </div>
      </div>
    </article>
  );
}
