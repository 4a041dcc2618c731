"use client";

import { useState } from "react";
import { Search } from "lucide-react";
import { Avatar, AvatarFallback } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { customers } from "@/lib/dashboard/data";

const most = Math.max(...customers.map(({ spent }) => spent));

export function Customers() {
  const [query, setQuery] = useState("");
  const visible = customers.filter(({ name, country }) =>
    `${name} ${country}`.toLowerCase().includes(query.trim().toLowerCase()),
  );
  return (
    <main className="grid grid-cols-1 gap-4 p-4 md:p-6">
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div>
          <h1 className="text-2xl font-semibold tracking-tight">Customers</h1>
          <p className="mt-1 text-sm text-muted-foreground">The people who come back.</p>
        </div>
        <div className="relative w-full sm:w-64">
          <Search className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted-foreground" />
          <Input
            type="search"
            aria-label="Search customers"
            placeholder="Name or country…"
            className="pl-8"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </div>
      </div>
      <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
        {visible.map(({ name, email, country, orders, spent, plan }) => (
          <Card key={email} className="gap-4 p-5">
            <div className="flex items-center gap-3">
              <Avatar className="size-10">
                <AvatarFallback className="bg-primary/10 text-sm font-medium text-primary">
                  {name.split(" ").map((word) => word[0])}
                </AvatarFallback>
              </Avatar>
              <div className="min-w-0">
                <p className="truncate font-medium">{name}</p>
                <p className="truncate text-xs text-muted-foreground">
                  {email} · {country}
                </p>
              </div>
              <Badge variant={plan === "Gold" ? "default" : "secondary"} className="ml-auto">
                {plan}
              </Badge>
            </div>
            <div>
              <div className="flex justify-between text-sm">
                <span className="text-muted-foreground">{orders} orders</span>
                <span className="font-medium tabular-nums">${spent.toLocaleString("en-US")}</span>
              </div>
              <div className="mt-2 h-1.5 rounded-full bg-muted">
                <div className="h-full rounded-full bg-primary" style={{ width: `${(spent / most) * 100}%` }} />
              </div>
            </div>
          </Card>
        ))}
      </div>
      {visible.length === 0 && <p className="py-16 text-center text-sm text-muted-foreground">Nobody by that name.</p>}
    </main>
  );
}
