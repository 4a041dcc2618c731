"use client"

import * as React from "react"
import { ChevronDownIcon, ChevronLeftIcon, ChevronRightIcon, ChevronUpIcon } from "lucide-react"
import { DayPicker, getDefaultClassNames, type ChevronProps, type DayButtonProps } from "react-day-picker"

import { Button, buttonVariants } from "@/components/ui/button"
import { cn } from "@/lib/utils"

type CalendarProps = React.ComponentProps<typeof DayPicker> & {
  buttonVariant?: React.ComponentProps<typeof Button>["variant"]
  /** Older names of `autoFocus`, `startMonth` and `endMonth`. */
  initialFocus?: boolean
  fromYear?: number
  toYear?: number
}

const firstMonthOf = (year: number | undefined) => (year === undefined ? undefined : new Date(year, 0))
const lastMonthOf = (year: number | undefined) => (year === undefined ? undefined : new Date(year, 11))

/** A calendar opens on the month of its selection, unless told otherwise. */
function firstSelected(props: React.ComponentProps<typeof DayPicker>): Date | undefined {
  const selected = "selected" in props ? props.selected : undefined
  if (selected instanceof Date) return selected
  if (Array.isArray(selected)) return selected[0]
  return selected?.from
}

function Calendar({
  className,
  classNames,
  showOutsideDays = true,
  captionLayout = "label",
  buttonVariant = "ghost",
  formatters,
  components,
  initialFocus,
  autoFocus = initialFocus,
  fromYear,
  toYear,
  startMonth = firstMonthOf(fromYear),
  endMonth = lastMonthOf(toYear),
  ...props
}: CalendarProps) {
  const base = getDefaultClassNames()
  const navButton = cn(
    buttonVariants({ variant: buttonVariant }),
    "size-(--cell-size) p-0 select-none aria-disabled:opacity-50"
  )
  return (
    <DayPicker
      autoFocus={autoFocus}
      defaultMonth={firstSelected(props)}
      startMonth={startMonth}
      endMonth={endMonth}
      showOutsideDays={showOutsideDays}
      captionLayout={captionLayout}
      className={cn(
        "group/calendar w-fit bg-background p-3 [--cell-size:--spacing(8)] [[data-slot=card-content]_&]:bg-transparent [[data-slot=popover-content]_&]:bg-transparent",
        "rtl:**:[.rdp-button\\_next>svg]:rotate-180 rtl:**:[.rdp-button\\_previous>svg]:rotate-180",
        className
      )}
      formatters={{ formatMonthDropdown: (date, lib) => lib?.format(date, "LLL") ?? "", ...formatters }}
      classNames={{
        root: cn("w-fit", base.root),
        months: cn("relative flex flex-col gap-4 md:flex-row", base.months),
        month: cn("flex w-full flex-col gap-4", base.month),
        nav: cn("absolute inset-x-0 top-0 flex w-full items-center justify-between gap-1", base.nav),
        button_previous: cn(navButton, base.button_previous),
        button_next: cn(navButton, base.button_next),
        month_caption: cn(
          "flex h-(--cell-size) w-full items-center justify-center px-(--cell-size)",
          base.month_caption
        ),
        dropdowns: cn(
          "flex h-(--cell-size) w-full items-center justify-center gap-1.5 text-sm font-medium",
          base.dropdowns
        ),
        dropdown_root: cn(
          "relative rounded-md border border-input shadow-xs has-focus:border-ring has-focus:ring-[3px] has-focus:ring-ring/50",
          base.dropdown_root
        ),
        dropdown: cn("absolute inset-0 bg-popover text-popover-foreground opacity-0", base.dropdown),
        caption_label: cn(
          "font-medium select-none",
          captionLayout === "label"
            ? "text-sm"
            : "flex h-8 items-center gap-1 rounded-md pr-1 pl-2 text-sm [&>svg]:size-3.5 [&>svg]:text-muted-foreground",
          base.caption_label
        ),
        month_grid: cn("w-full border-collapse", base.month_grid),
        weekdays: cn("flex", base.weekdays),
        weekday: cn(
          "w-(--cell-size) flex-1 rounded-md text-[0.8rem] font-normal text-muted-foreground select-none",
          base.weekday
        ),
        week: cn("mt-2 flex w-full", base.week),
        week_number_header: cn("w-(--cell-size) shrink-0 select-none", base.week_number_header),
        week_number: cn(
          "flex w-(--cell-size) shrink-0 items-center justify-center text-[0.8rem] font-normal text-muted-foreground select-none",
          base.week_number
        ),
        day: cn(
          "group/day relative aspect-square h-full w-full min-w-(--cell-size) p-0 text-center select-none last:[&[data-selected=true]_button]:rounded-r-md",
          props.showWeekNumber
            ? "nth-2:[&[data-selected=true]_button]:rounded-l-md"
            : "first:[&[data-selected=true]_button]:rounded-l-md",
          base.day
        ),
        range_start: cn("rounded-l-md bg-accent", base.range_start),
        range_middle: cn("rounded-none", base.range_middle),
        range_end: cn("rounded-r-md bg-accent", base.range_end),
        today: cn(
          "rounded-md bg-accent text-accent-foreground data-[selected=true]:rounded-none",
          base.today
        ),
        outside: cn("text-muted-foreground aria-selected:text-muted-foreground", base.outside),
        disabled: cn("text-muted-foreground opacity-50", base.disabled),
        hidden: cn("invisible", base.hidden),
        ...classNames,
      }}
      components={{ Chevron: CalendarChevron, DayButton: CalendarDayButton, ...components }}
      {...props}
    />
  )
}

const chevrons = {
  up: ChevronUpIcon,
  down: ChevronDownIcon,
  left: ChevronLeftIcon,
  right: ChevronRightIcon,
}

function CalendarChevron({ className, orientation = "down", style }: ChevronProps) {
  const Icon = chevrons[orientation]
  return <Icon aria-hidden className={cn("size-4", className)} style={style} />
}

function CalendarDayButton({ className, day, modifiers, ...props }: DayButtonProps) {
  const ref = React.useRef<HTMLButtonElement>(null)
  React.useEffect(() => {
    if (modifiers.focused) ref.current?.focus()
  }, [modifiers.focused])

  const inRange = modifiers.range_start || modifiers.range_end || modifiers.range_middle
  return (
    <Button
      ref={ref}
      variant="ghost"
      size="icon"
      data-day={day.isoDate}
      data-selected-single={modifiers.selected && !inRange}
      data-range-start={modifiers.range_start}
      data-range-end={modifiers.range_end}
      data-range-middle={modifiers.range_middle}
      className={cn(
        "flex aspect-square size-auto w-full min-w-(--cell-size) flex-col gap-1 leading-none font-normal [&>span]:text-xs [&>span]:opacity-70",
        "group-data-[focused=true]/day:relative group-data-[focused=true]/day:z-10 group-data-[focused=true]/day:border-ring group-data-[focused=true]/day:ring-[3px] group-data-[focused=true]/day:ring-ring/50",
        "data-[selected-single=true]:bg-primary data-[selected-single=true]:text-primary-foreground data-[selected-single=true]:hover:bg-primary dark:data-[selected-single=true]:hover:bg-primary",
        "data-[range-start=true]:rounded-md data-[range-start=true]:rounded-l-md data-[range-start=true]:bg-primary data-[range-start=true]:text-primary-foreground",
        "data-[range-end=true]:rounded-md data-[range-end=true]:rounded-r-md data-[range-end=true]:bg-primary data-[range-end=true]:text-primary-foreground",
        "data-[range-middle=true]:rounded-none data-[range-middle=true]:bg-accent data-[range-middle=true]:text-accent-foreground",
        className
      )}
      {...props}
    />
  )
}

export { Calendar, CalendarDayButton, type CalendarProps }
