"use client";

import { useState } from "react";
import { ArrowDownUp, Search } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader, CardTitle } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { orders, type Status } from "@/lib/dashboard/data";
import { cn } from "@/lib/utils";

const statusStyles: Record<Status, string> = {
  Paid: "bg-emerald-500/10 text-emerald-700 dark:text-emerald-300",
  Shipped: "bg-sky-500/10 text-sky-700 dark:text-sky-300",
  Pending: "bg-amber-500/15 text-amber-700 dark:text-amber-300",
  Refunded: "bg-rose-500/10 text-rose-700 dark:text-rose-300",
};

export function OrdersTable() {
  const [query, setQuery] = useState("");
  const [largest, setLargest] = useState(false);
  const visible = orders
    .filter((order) => `${order.customer} ${order.product} ${order.id}`.toLowerCase().includes(query.trim().toLowerCase()))
    .sort((a, b) => (largest ? b.amount - a.amount : b.id.localeCompare(a.id)));

  return (
    <Card>
      <CardHeader className="flex flex-wrap items-center gap-3">
        <CardTitle className="mr-auto">Latest orders</CardTitle>
        <div className="relative w-full sm:w-60">
          <Search className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted-foreground" />
          <Input
            type="search"
            aria-label="Search orders"
            placeholder="Customer, product…"
            className="pl-8"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </div>
      </CardHeader>
      <CardContent className="px-0">
        <Table>
          <TableHeader>
            <TableRow>
              <TableHead className="pl-6">Customer</TableHead>
              <TableHead className="hidden md:table-cell">Order</TableHead>
              <TableHead className="hidden sm:table-cell">Product</TableHead>
              <TableHead>Status</TableHead>
              <TableHead className="pr-4 text-right">
                <Button variant="ghost" size="sm" aria-pressed={largest} onClick={() => setLargest(!largest)}>
                  Amount <ArrowDownUp className={cn(largest && "text-primary")} />
                </Button>
              </TableHead>
            </TableRow>
          </TableHeader>
          <TableBody>
            {visible.map((order) => (
              <TableRow key={order.id}>
                <TableCell className="pl-6">
                  <p className="font-medium">{order.customer}</p>
                  <p className="hidden text-xs text-muted-foreground sm:block">{order.email}</p>
                </TableCell>
                <TableCell className="hidden text-muted-foreground tabular-nums md:table-cell">{order.id}</TableCell>
                <TableCell className="hidden sm:table-cell">{order.product}</TableCell>
                <TableCell>
                  <Badge className={cn("border-transparent", statusStyles[order.status])}>{order.status}</Badge>
                </TableCell>
                <TableCell className="pr-6 text-right font-medium tabular-nums">${order.amount.toFixed(2)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        {visible.length === 0 && <p className="py-10 text-center text-sm text-muted-foreground">No order matches.</p>}
      </CardContent>
    </Card>
  );
}
