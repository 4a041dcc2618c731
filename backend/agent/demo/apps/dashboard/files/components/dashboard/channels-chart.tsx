"use client";

import { Cell, Pie, PieChart } from "recharts";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { type ChartConfig, ChartContainer, ChartTooltip, ChartTooltipContent } from "@/components/ui/chart";
import { byChannel, channels, type Day } from "@/lib/dashboard/data";

const colors = ["var(--primary)", "#0ea5e9", "#f59e0b", "#94a3b8"];
const config: ChartConfig = Object.fromEntries(channels.map((name, n) => [name, { label: name, color: colors[n] }]));

export function ChannelsChart({ days }: { days: Day[] }) {
  const rows = byChannel(days);
  const data = channels.map((name) => ({ name, value: rows.reduce((sum, row) => sum + (row[name] ?? 0), 0) }));
  const total = data.reduce((sum, { value }) => sum + value, 0);
  return (
    <Card>
      <CardHeader>
        <CardTitle>Where visitors come from</CardTitle>
        <CardDescription>Share of visits by channel</CardDescription>
      </CardHeader>
      <CardContent>
        <ChartContainer config={config} className="mx-auto aspect-square h-44">
          <PieChart>
            <ChartTooltip content={<ChartTooltipContent hideLabel nameKey="name" />} />
            <Pie data={data} dataKey="value" nameKey="name" innerRadius={54} paddingAngle={2} isAnimationActive={false}>
              {data.map(({ name }, n) => (
                <Cell key={name} fill={colors[n]} stroke="var(--card)" />
              ))}
            </Pie>
          </PieChart>
        </ChartContainer>
        <ul className="mt-4 grid gap-2 text-sm">
          {data.map(({ name, value }, n) => (
            <li key={name} className="flex items-center gap-2">
              <span className="size-2.5 rounded-full" style={{ background: colors[n] }} />
              {name}
              <span className="ml-auto text-muted-foreground tabular-nums">{Math.round((value / total) * 100)}%</span>
            </li>
          ))}
        </ul>
      </CardContent>
    </Card>
  );
}
