"use client";

import { useState } from "react";
import { Bar, BarChart, CartesianGrid, XAxis, YAxis } from "recharts";
import { Card, CardAction, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { type ChartConfig, ChartContainer, ChartTooltip, ChartTooltipContent } from "@/components/ui/chart";
import { Tabs, TabsList, TabsTrigger } from "@/components/ui/tabs";
import type { Day } from "@/lib/dashboard/data";

const config = {
  revenue: { label: "Revenue", color: "var(--primary)" },
  orders: { label: "Orders", color: "var(--primary)" },
} satisfies ChartConfig;

type Metric = keyof typeof config;

export function RevenueChart({ days }: { days: Day[] }) {
  const [metric, setMetric] = useState<Metric>("revenue");
  return (
    <Card className="lg:col-span-2">
      <CardHeader>
        <CardTitle>{config[metric].label} by day</CardTitle>
        <CardDescription>
          {days[0]?.label} to {days.at(-1)?.label}
        </CardDescription>
        <CardAction>
          <Tabs value={metric} onValueChange={(value) => setMetric(value as Metric)}>
            <TabsList>
              <TabsTrigger value="revenue">Revenue</TabsTrigger>
              <TabsTrigger value="orders">Orders</TabsTrigger>
            </TabsList>
          </Tabs>
        </CardAction>
      </CardHeader>
      <CardContent className="px-2 sm:px-6">
        <ChartContainer config={config} className="aspect-auto h-72 w-full">
          <BarChart data={days} margin={{ left: 0, right: 8, top: 8 }} accessibilityLayer>
            <CartesianGrid vertical={false} />
            <XAxis dataKey="label" tickLine={false} axisLine={false} tickMargin={8} minTickGap={28} />
            <YAxis
              tickLine={false}
              axisLine={false}
              width={44}
              tickFormatter={(value: number) => (metric === "revenue" ? `$${value / 1000}k` : `${value}`)}
            />
            <ChartTooltip content={<ChartTooltipContent />} />
            <Bar dataKey={metric} fill="var(--primary)" radius={[4, 4, 0, 0]} isAnimationActive={false} />
          </BarChart>
        </ChartContainer>
      </CardContent>
    </Card>
  );
}
