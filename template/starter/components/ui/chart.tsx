"use client"

import * as React from "react"
import * as RechartsPrimitive from "recharts"
import type { NameType, Payload, ValueType } from "recharts/types/component/DefaultTooltipContent"

import { cn } from "@/lib/utils"

/** CSS selectors under which a theme's colours hold. */
const THEMES = { light: "", dark: ".dark" } as const

export type ChartConfig = Record<
  string,
  {
    label?: React.ReactNode
    icon?: React.ComponentType
  } & ({ color?: string; theme?: never } | { color?: never; theme: Record<keyof typeof THEMES, string> })
>

const ChartContext = React.createContext<{ config: ChartConfig } | null>(null)

/** Labels, icons and colours of the chart around the caller. Throws outside of `<ChartContainer>`. */
function useChart() {
  const context = React.useContext(ChartContext)
  if (!context) throw new Error("useChart must be used within a <ChartContainer />")
  return context
}

/** Until the container is measured, and on the server, a chart is laid out at this size. */
const UNMEASURED = { width: 320, height: 200 }

function ChartContainer({
  id,
  className,
  children,
  config,
  initialDimension = UNMEASURED,
  ...props
}: React.ComponentProps<"div"> & {
  config: ChartConfig
  children: React.ComponentProps<typeof RechartsPrimitive.ResponsiveContainer>["children"]
  initialDimension?: { width: number; height: number }
}) {
  const uniqueId = React.useId()
  const chartId = `chart-${(id ?? uniqueId).replace(/[^\w-]/g, "")}`
  return (
    <ChartContext.Provider value={{ config }}>
      <div
        data-slot="chart"
        data-chart={chartId}
        className={cn(
          "flex aspect-video justify-center text-xs [&_.recharts-cartesian-axis-tick_text]:fill-muted-foreground [&_.recharts-cartesian-grid_line[stroke='#ccc']]:stroke-border/50 [&_.recharts-curve.recharts-tooltip-cursor]:stroke-border [&_.recharts-dot[stroke='#fff']]:stroke-transparent [&_.recharts-layer]:outline-hidden [&_.recharts-polar-grid_[stroke='#ccc']]:stroke-border [&_.recharts-radial-bar-background-sector]:fill-muted [&_.recharts-rectangle.recharts-tooltip-cursor]:fill-muted [&_.recharts-reference-line_[stroke='#ccc']]:stroke-border [&_.recharts-sector]:outline-hidden [&_.recharts-sector[stroke='#fff']]:stroke-transparent [&_.recharts-surface]:outline-hidden",
          className
        )}
        {...props}
      >
        <ChartStyle id={chartId} config={config} />
        <RechartsPrimitive.ResponsiveContainer initialDimension={initialDimension}>
          {children}
        </RechartsPrimitive.ResponsiveContainer>
      </div>
    </ChartContext.Provider>
  )
}

/** Gives every series of `config` its `--color-<key>` inside of the chart. */
function ChartStyle({ id, config }: { id: string; config: ChartConfig }) {
  const series = Object.entries(config).filter(([, item]) => item.color ?? item.theme)
  if (series.length === 0) return null
  const rules = (Object.keys(THEMES) as Array<keyof typeof THEMES>).map((theme) => {
    const colors = series.map(([key, item]) => `--color-${key}: ${item.theme?.[theme] ?? item.color};`)
    return `${THEMES[theme]} [data-chart=${id}] { ${colors.join(" ")} }`
  })
  return <style dangerouslySetInnerHTML={{ __html: rules.join("\n") }} />
}

const ChartTooltip = RechartsPrimitive.Tooltip

type TooltipItem = Payload<ValueType, NameType>

type ChartTooltipContentProps = React.ComponentProps<"div"> & {
  active?: boolean
  payload?: ReadonlyArray<TooltipItem>
  label?: React.ReactNode
  labelClassName?: string
  color?: string
  hideLabel?: boolean
  hideIndicator?: boolean
  indicator?: "line" | "dot" | "dashed"
  nameKey?: string
  labelKey?: string
  // Methods, so that a caller may narrow the parameters to the type of its own data.
  labelFormatter?(label: string | number, payload: ReadonlyArray<TooltipItem>): React.ReactNode
  formatter?(
    value: ValueType,
    name: NameType,
    item: TooltipItem,
    index: number,
    payload: ReadonlyArray<TooltipItem>
  ): React.ReactNode
}

function ChartTooltipContent({
  active,
  payload,
  className,
  indicator = "dot",
  hideLabel = false,
  hideIndicator = false,
  label,
  labelFormatter,
  labelClassName,
  formatter,
  color,
  nameKey,
  labelKey,
}: ChartTooltipContentProps) {
  const { config } = useChart()
  if (!active || !payload?.length) return null

  const nested = payload.length === 1 && indicator !== "dot"
  const labelNode = hideLabel ? null : (
    <TooltipLabel
      className={labelClassName}
      value={tooltipLabel(config, payload, label, labelKey)}
      format={labelFormatter && ((value) => labelFormatter(value, payload))}
    />
  )
  return (
    <div
      className={cn(
        "grid min-w-[8rem] items-start gap-1.5 rounded-lg border border-border/50 bg-background px-2.5 py-1.5 text-xs text-foreground shadow-xl",
        className
      )}
    >
      {!nested && labelNode}
      <div className="grid gap-1.5">
        {payload
          .filter((item) => item.type !== "none")
          .map((item, index) => {
            const itemConfig = configOf(config, item, `${nameKey ?? item.name ?? item.dataKey ?? "value"}`)
            const indicatorColor = color ?? fillOf(item.payload) ?? item.color
            return (
              <div
                key={index}
                className={cn(
                  "flex w-full flex-wrap items-stretch gap-2 [&>svg]:size-2.5 [&>svg]:text-muted-foreground",
                  indicator === "dot" && "items-center"
                )}
              >
                {formatter && item.value !== undefined && item.name !== undefined ? (
                  formatter(item.value, item.name, item, index, payload)
                ) : (
                  <>
                    {itemConfig?.icon ? (
                      <itemConfig.icon />
                    ) : (
                      !hideIndicator && (
                        <TooltipIndicator shape={indicator} color={indicatorColor} nested={nested} />
                      )
                    )}
                    <div
                      className={cn(
                        "flex flex-1 justify-between gap-4 leading-none",
                        nested ? "items-end" : "items-center"
                      )}
                    >
                      <div className="grid gap-1.5">
                        {nested && labelNode}
                        <span className="text-muted-foreground">{itemConfig?.label ?? item.name}</span>
                      </div>
                      {item.value != null && (
                        <span className="font-mono font-medium text-foreground tabular-nums">
                          {typeof item.value === "number" ? item.value.toLocaleString() : String(item.value)}
                        </span>
                      )}
                    </div>
                  </>
                )}
              </div>
            )
          })}
      </div>
    </div>
  )
}

function TooltipLabel({
  value,
  format,
  className,
}: {
  value: React.ReactNode
  format?: (value: string | number) => React.ReactNode
  className?: string
}) {
  const text = format && (typeof value === "string" || typeof value === "number") ? format(value) : value
  if (text == null || text === "") return null
  return <div className={cn("font-medium", className)}>{text}</div>
}

function TooltipIndicator({
  shape,
  color,
  nested,
}: {
  shape: "line" | "dot" | "dashed"
  color?: string
  nested: boolean
}) {
  return (
    <div
      className={cn(
        "shrink-0 rounded-[2px] border-(--color-border) bg-(--color-bg)",
        shape === "dot" && "size-2.5",
        shape === "line" && "w-1",
        shape === "dashed" && "w-0 border-[1.5px] border-dashed bg-transparent",
        shape === "dashed" && nested && "my-0.5"
      )}
      style={{ "--color-bg": color, "--color-border": color } as React.CSSProperties}
    />
  )
}

function tooltipLabel(
  config: ChartConfig,
  payload: ReadonlyArray<TooltipItem>,
  label: React.ReactNode,
  labelKey?: string
): React.ReactNode {
  const [first] = payload
  if (!labelKey && typeof label === "string") return config[label]?.label ?? label
  if (!labelKey && typeof label === "number") return label
  return configOf(config, first, `${labelKey ?? first?.dataKey ?? first?.name ?? "value"}`)?.label
}

const ChartLegend = RechartsPrimitive.Legend

function ChartLegendContent({
  className,
  hideIcon = false,
  payload,
  verticalAlign = "bottom",
  nameKey,
}: React.ComponentProps<"div"> & {
  payload?: ReadonlyArray<RechartsPrimitive.LegendPayload>
  verticalAlign?: "top" | "middle" | "bottom"
  hideIcon?: boolean
  nameKey?: string
}) {
  const { config } = useChart()
  if (!payload?.length) return null
  return (
    <div
      className={cn(
        "flex flex-wrap items-center justify-center gap-x-4 gap-y-1",
        verticalAlign === "top" ? "pb-3" : "pt-3",
        className
      )}
    >
      {payload
        .filter((item) => item.type !== "none")
        .map((item, index) => {
          const itemConfig = configOf(config, item, `${nameKey ?? item.dataKey ?? "value"}`)
          return (
            <div
              key={index}
              className="flex items-center gap-1.5 text-foreground [&>svg]:size-3 [&>svg]:text-muted-foreground"
            >
              {itemConfig?.icon && !hideIcon ? (
                <itemConfig.icon />
              ) : (
                <div className="size-2 shrink-0 rounded-[2px]" style={{ backgroundColor: item.color }} />
              )}
              {itemConfig?.label ?? item.value}
            </div>
          )
        })}
    </div>
  )
}

/** The entry of `config` for a tooltip's or legend's item: `key` may name a field of the item or of its datum. */
function configOf(config: ChartConfig, item: unknown, key: string) {
  const datum = fieldOf(item, "payload")
  const name = [fieldOf(item, key), fieldOf(datum, key)].find((value) => typeof value === "string")
  return config[typeof name === "string" ? name : key] ?? config[key]
}

function fillOf(datum: unknown): string | undefined {
  const fill = fieldOf(datum, "fill")
  return typeof fill === "string" ? fill : undefined
}

function fieldOf(item: unknown, key: string): unknown {
  return typeof item === "object" && item !== null ? (item as Record<string, unknown>)[key] : undefined
}

export { ChartContainer, ChartTooltip, ChartTooltipContent, ChartLegend, ChartLegendContent, ChartStyle }
