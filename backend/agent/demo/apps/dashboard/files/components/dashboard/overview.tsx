"use client";

import { useState } from "react";
import { Download } from "lucide-react";
import { toast } from "sonner";
import { Button } from "@/components/ui/button";
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from "@/components/ui/select";
import { lastDays } from "@/lib/dashboard/data";
import { site } from "@/lib/site";
import { ChannelsChart } from "./channels-chart";
import { KpiCards } from "./kpi-cards";
import { OrdersTable } from "./orders-table";
import { RevenueChart } from "./revenue-chart";

export function Overview({ today }: { today: string }) {
  const [range, setRange] = useState(30);
  const both = lastDays(today, range * 2);
  const days = both.slice(range);

  const download = () => {
    const rows = days.map(({ date, revenue, orders, visitors }) => [date, revenue, orders, visitors].join(","));
    const url = URL.createObjectURL(new Blob([["Date,Revenue,Orders,Visitors", ...rows].join("\n")], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `report-${today}.csv`;
    link.click();
    URL.revokeObjectURL(url);
    toast.success(`Exported ${days.length} days`);
  };

  return (
    <main className="grid grid-cols-1 gap-4 p-4 md:p-6">
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div>
          <h1 className="text-2xl font-semibold tracking-tight">{site.headline}</h1>
          <p className="mt-1 text-sm text-muted-foreground">{site.description}</p>
        </div>
        <div className="flex gap-2">
          <Select value={String(range)} onValueChange={(value) => setRange(Number(value))}>
            <SelectTrigger aria-label="Date range" className="w-36">
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              <SelectItem value="7">Last 7 days</SelectItem>
              <SelectItem value="30">Last 30 days</SelectItem>
              <SelectItem value="90">Last 90 days</SelectItem>
            </SelectContent>
          </Select>
          <Button variant="outline" onClick={download}>
            <Download /> Export
          </Button>
        </div>
      </div>
      <KpiCards days={days} before={both.slice(0, range)} />
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-3">
        <RevenueChart days={days} />
        <ChannelsChart days={days} />
      </div>
      <OrdersTable />
    </main>
  );
}
