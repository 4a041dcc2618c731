"use client";

import { ArrowDownRight, ArrowUpRight } from "lucide-react";
import { Area, AreaChart } from "recharts";
import { Card, CardContent } from "@/components/ui/card";
import { ChartContainer } from "@/components/ui/chart";
import type { Day } from "@/lib/dashboard/data";
import { formatValue, kpis } from "@/lib/dashboard/kpis";
import { cn } from "@/lib/utils";

export function KpiCards({ days, before }: { days: Day[]; before: Day[] }) {
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-[repeat(auto-fit,minmax(13rem,1fr))] lg:gap-4">
      {kpis.map(({ id, label, unit, of }) => {
        const value = of(days);
        const change = ((value - of(before)) / of(before)) * 100;
        const up = change >= 0;
        return (
          <Card key={id} className="gap-0 overflow-hidden py-0">
            <CardContent className="p-4 pb-0 sm:p-5 sm:pb-0">
              <p className="text-sm text-muted-foreground">{label}</p>
              <div className="mt-1.5 flex flex-wrap items-baseline gap-x-2">
                <p className="text-xl font-semibold tracking-tight tabular-nums sm:text-2xl">{formatValue(value, unit)}</p>
                <p
                  className={cn(
                    "flex items-center text-xs font-medium tabular-nums",
                    up ? "text-emerald-600 dark:text-emerald-400" : "text-rose-600 dark:text-rose-400",
                  )}
                >
                  {up ? <ArrowUpRight className="size-3.5" /> : <ArrowDownRight className="size-3.5" />}
                  {Math.abs(change).toFixed(1)}%
                </p>
              </div>
            </CardContent>
            <ChartContainer config={{}} className="aspect-auto h-14 w-full" aria-hidden="true">
              <AreaChart data={days.map((day) => ({ value: of([day]) }))} margin={{ top: 8, bottom: 0, left: 0, right: 0 }}>
                <Area
                  dataKey="value"
                  type="monotone"
                  stroke="var(--primary)"
                  strokeWidth={1.5}
                  fill="var(--primary)"
                  fillOpacity={0.08}
                  isAnimationActive={false}
                />
              </AreaChart>
            </ChartContainer>
          </Card>
        );
      })}
    </div>
  );
}
