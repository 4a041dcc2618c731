"use client";

import { type ReactNode, useState } from "react";
import { useMyList } from "@/hooks/use-my-list";
import type { Title } from "@/lib/streaming/data";
import { Player } from "./player";
import type { TitleActions } from "./title-card";
import { TitleDialog } from "./title-dialog";

/** Gives its children what can be done with a title, and shows the dialogs that follow. */
export function Theatre({ children }: { children: (actions: TitleActions, list: string[] | null) => ReactNode }) {
  const [open, setOpen] = useState<Title | null>(null);
  const [playing, setPlaying] = useState<Title | null>(null);
  const list = useMyList();

  const actions: TitleActions = {
    listed: ({ id }) => list.ids.includes(id),
    onOpen: setOpen,
    onToggle: list.toggle,
    onPlay: (title) => {
      setOpen(null);
      setPlaying(title);
    },
  };

  return (
    <>
      {children(actions, list.ready ? list.ids : null)}
      {open && <TitleDialog title={open} actions={actions} onClose={() => setOpen(null)} />}
      {playing && <Player title={playing} onClose={() => setPlaying(null)} />}
    </>
  );
}
