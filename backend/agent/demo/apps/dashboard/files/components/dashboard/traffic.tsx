"use client";

import { Area, AreaChart, CartesianGrid, XAxis, YAxis } from "recharts";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import {
  type ChartConfig,
  ChartContainer,
  ChartLegend,
  ChartLegendContent,
  ChartTooltip,
  ChartTooltipContent,
} from "@/components/ui/chart";
import { byChannel, channels, lastDays, pages } from "@/lib/dashboard/data";

const colors = ["var(--primary)", "#0ea5e9", "#f59e0b", "#94a3b8"];
const config: ChartConfig = Object.fromEntries(channels.map((name, n) => [name, { label: name, color: colors[n] }]));
const most = Math.max(...pages.map(({ views }) => views));

export function Traffic({ today }: { today: string }) {
  return (
    <main className="grid grid-cols-1 gap-4 p-4 md:p-6">
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">Traffic</h1>
        <p className="mt-1 text-sm text-muted-foreground">Who comes, from where, and what they read.</p>
      </div>
      <Card>
        <CardHeader>
          <CardTitle>Visitors by channel</CardTitle>
          <CardDescription>The last 30 days</CardDescription>
        </CardHeader>
        <CardContent className="px-2 sm:px-6">
          <ChartContainer config={config} className="aspect-auto h-80 w-full">
            <AreaChart data={byChannel(lastDays(today, 30))} margin={{ left: 0, right: 8, top: 8 }} accessibilityLayer>
              <CartesianGrid vertical={false} />
              <XAxis dataKey="label" tickLine={false} axisLine={false} tickMargin={8} minTickGap={28} />
              <YAxis tickLine={false} axisLine={false} width={44} />
              <ChartTooltip content={<ChartTooltipContent indicator="dot" />} />
              <ChartLegend content={<ChartLegendContent />} />
              {channels.map((name, n) => (
                <Area
                  key={name}
                  dataKey={name}
                  stackId="all"
                  type="monotone"
                  stroke={colors[n]}
                  fill={colors[n]}
                  fillOpacity={0.25}
                  isAnimationActive={false}
                />
              ))}
            </AreaChart>
          </ChartContainer>
        </CardContent>
      </Card>
      <Card>
        <CardHeader>
          <CardTitle>Most read pages</CardTitle>
        </CardHeader>
        <CardContent className="grid gap-4">
          {pages.map(({ path, views, seconds }) => (
            <div key={path}>
              <div className="flex justify-between gap-4 text-sm">
                <span className="truncate font-mono text-xs">{path}</span>
                <span className="shrink-0 text-muted-foreground tabular-nums">
                  {views.toLocaleString("en-US")} views · {seconds} s
                </span>
              </div>
              <div className="mt-1.5 h-2 rounded-full bg-muted">
                <div className="h-full rounded-full bg-primary" style={{ width: `${(views / most) * 100}%` }} />
              </div>
            </div>
          ))}
        </CardContent>
      </Card>
    </main>
  );
}
