"use client";

import { format, subMonths } from "date-fns";
import { Area, CartesianGrid, ComposedChart, Line, XAxis, YAxis } from "recharts";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { type ChartConfig, ChartContainer, ChartTooltip, ChartTooltipContent } from "@/components/ui/chart";
import { running } from "@/lib/expenses/summary";
import type { Expense } from "@/lib/expenses/types";

export function SpendingChart({ expenses, month, today }: { expenses: Expense[]; month: Date; today: Date }) {
  const config = {
    spent: { label: format(month, "MMMM"), color: "var(--primary)" },
    before: { label: format(subMonths(month, 1), "MMMM"), color: "var(--muted-foreground)" },
  } satisfies ChartConfig;

  return (
    <Card className="lg:col-span-2">
      <CardHeader>
        <CardTitle>Running total</CardTitle>
        <CardDescription>This month, day by day, against the month before</CardDescription>
      </CardHeader>
      <CardContent className="flex-1 px-2 sm:px-6">
        <ChartContainer config={config} className="aspect-auto h-64 w-full lg:h-full lg:min-h-64">
          <ComposedChart data={running(expenses, month, today)} margin={{ left: 0, right: 8, top: 8 }} accessibilityLayer>
            <defs>
              <linearGradient id="spent" x1="0" x2="0" y1="0" y2="1">
                <stop offset="0%" stopColor="var(--primary)" stopOpacity={0.35} />
                <stop offset="100%" stopColor="var(--primary)" stopOpacity={0} />
              </linearGradient>
            </defs>
            <CartesianGrid vertical={false} />
            <XAxis dataKey="day" tickLine={false} axisLine={false} tickMargin={8} minTickGap={24} />
            <YAxis tickLine={false} axisLine={false} width={48} tickFormatter={(value: number) => `$${value}`} />
            <ChartTooltip content={<ChartTooltipContent indicator="line" hideLabel />} />
            <Line dataKey="before" stroke="var(--color-before)" strokeDasharray="4 4" dot={false} strokeOpacity={0.6} isAnimationActive={false} />
            <Area
              dataKey="spent"
              type="monotone"
              stroke="var(--color-spent)"
              strokeWidth={2}
              fill="url(#spent)"
              isAnimationActive={false}
            />
          </ComposedChart>
        </ChartContainer>
      </CardContent>
    </Card>
  );
}
