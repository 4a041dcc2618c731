"use client";

import { useEffect, useState } from "react";
import { Pause, Play, RotateCcw } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { Slider } from "@/components/ui/slider";
import type { Title } from "@/lib/streaming/data";
import { Poster } from "./poster";

const SECONDS = 90;
const clock = (s: number) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;

/** A trailer without a film: the picture moves, the clock runs, the controls work. */
export function Player({ title, onClose }: { title: Title; onClose: () => void }) {
  const [playing, setPlaying] = useState(true);
  const [at, setAt] = useState(0);

  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setAt((now) => Math.min(SECONDS, now + 0.25)), 250);
    return () => clearInterval(timer);
  }, [playing]);

  const ended = at >= SECONDS;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="gap-0 overflow-hidden border-0 bg-black p-0 text-white sm:max-w-4xl">
        <div className="relative aspect-video overflow-hidden">
          <div className="size-full transition-transform duration-300 ease-linear" style={{ transform: `scale(${1.05 + at / 300})` }}>
            <Poster title={title} />
          </div>
          <div className="absolute inset-x-0 bottom-0 bg-linear-to-t from-black p-4 pt-16">
            <DialogTitle className="text-lg font-bold">{title.name}</DialogTitle>
            <DialogDescription className="text-sm text-white/70">Trailer</DialogDescription>
            <div className="mt-3 flex items-center gap-3">
              <Button
                size="icon"
                variant="ghost"
                className="text-white hover:bg-white/20 hover:text-white"
                aria-label={ended ? "Play again" : playing ? "Pause" : "Play"}
                onClick={() => (ended ? setAt(0) : setPlaying(!playing))}
              >
                {ended ? <RotateCcw /> : playing ? <Pause className="fill-current" /> : <Play className="fill-current" />}
              </Button>
              <Slider value={[at]} max={SECONDS} step={0.25} aria-label="Position" onValueChange={([value]) => setAt(value ?? 0)} />
              <span className="w-20 text-right text-xs tabular-nums">
                {clock(at)} / {clock(SECONDS)}
              </span>
            </div>
          </div>
        </div>
      </DialogContent>
    </Dialog>
  );
}
