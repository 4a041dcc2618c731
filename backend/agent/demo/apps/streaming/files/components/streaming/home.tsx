"use client";

import { useState } from "react";
import { Search } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { genres, rows, titles } from "@/lib/streaming/data";
import { Hero } from "./hero";
import { Row } from "./row";
import { Theatre } from "./theatre";
import { TitleCard } from "./title-card";

const featured = titles.slice(0, 1);

export function Home() {
  const [query, setQuery] = useState("");
  const [genre, setGenre] = useState<string | null>(null);
  const searching = query.trim() !== "" || genre !== null;
  const found = titles.filter(
    (title) =>
      `${title.name} ${title.cast.join(" ")}`.toLowerCase().includes(query.trim().toLowerCase()) &&
      (!genre || title.genres.includes(genre)),
  );

  return (
    <Theatre>
      {(actions, list) => (
        <main>
          {featured.map((title) => (
            <Hero key={title.id} title={title} onPlay={() => actions.onPlay(title)} onOpen={() => actions.onOpen(title)} />
          ))}
          <div className="relative z-10 grid grid-cols-1 gap-4">
            <div className="flex flex-wrap items-center gap-2 px-4 md:px-10">
              <div className="relative mr-2 w-full sm:w-56">
                <Search className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted-foreground" />
                <Input
                  type="search"
                  aria-label="Search titles"
                  placeholder="Titles, people…"
                  className="pl-8"
                  value={query}
                  onChange={(event) => setQuery(event.target.value)}
                />
              </div>
              {genres.map((name) => (
                <Button
                  key={name}
                  size="sm"
                  variant={genre === name ? "default" : "secondary"}
                  aria-pressed={genre === name}
                  className="rounded-full"
                  onClick={() => setGenre(genre === name ? null : name)}
                >
                  {name}
                </Button>
              ))}
            </div>
            {searching ? (
              <section aria-label="Found" className="px-4 py-4 md:px-10">
                <div className="grid grid-cols-2 gap-3 md:grid-cols-3 lg:grid-cols-4">
                  {found.map((title) => (
                    <TitleCard key={title.id} title={title} actions={actions} />
                  ))}
                </div>
                {found.length === 0 && <p className="py-16 text-center text-muted-foreground">Nothing found. Try another word.</p>}
              </section>
            ) : (
              <>
                {list && list.length > 0 && (
                  <Row name="My list" titles={titles.filter(({ id }) => list.includes(id))} actions={actions} />
                )}
                {rows.map(({ name, pick }) => (
                  <Row key={name} name={name} titles={titles.filter(pick)} actions={actions} />
                ))}
              </>
            )}
          </div>
        </main>
      )}
    </Theatre>
  );
}
