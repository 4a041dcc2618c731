/** Class lists that several components share, so that one edit changes all of them. */

export const focusRing =
  "outline-none focus-visible:border-ring focus-visible:ring-[3px] focus-visible:ring-ring/50"

export const invalidRing =
  "aria-invalid:border-destructive aria-invalid:ring-destructive/20 dark:aria-invalid:ring-destructive/40"

export const disabledControl = "disabled:cursor-not-allowed disabled:opacity-50"

/** Icons take the size of their control unless they carry a size class of their own. */
export const iconSize =
  "[&_svg]:pointer-events-none [&_svg]:shrink-0 [&_svg:not([class*='size-'])]:size-4"

/** Fades with `data-state`; the base of every overlay animation. */
export const fade =
  "data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=closed]:animate-out data-[state=closed]:fade-out-0"

export const fadeAndZoom = `${fade} data-[state=open]:zoom-in-95 data-[state=closed]:zoom-out-95`

/** Slides a popper in from the side of its trigger. */
export const slideFromSide =
  "data-[side=bottom]:slide-in-from-top-2 data-[side=left]:slide-in-from-right-2 data-[side=right]:slide-in-from-left-2 data-[side=top]:slide-in-from-bottom-2"

export const scrim = `fixed inset-0 z-50 bg-black/50 ${fade}`

export const popover = `z-50 rounded-md border bg-popover text-popover-foreground outline-hidden ${fadeAndZoom} ${slideFromSide}`

export const cornerClose =
  "absolute top-4 right-4 cursor-pointer rounded-xs opacity-70 ring-offset-background transition-opacity hover:opacity-100 focus:outline-hidden focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-offset-2 disabled:pointer-events-none data-[state=open]:bg-secondary [&_svg]:pointer-events-none [&_svg]:shrink-0 [&_svg:not([class*='size-'])]:size-4"

const menuRow =
  "relative flex cursor-default items-center gap-2 rounded-sm text-sm outline-hidden select-none focus:bg-accent focus:text-accent-foreground data-[disabled]:pointer-events-none data-[disabled]:opacity-50"

/** Dropdown menu, context menu and menubar are one menu behind three triggers. */
export const menu = {
  content: `${popover} min-w-[8rem] overflow-x-hidden overflow-y-auto p-1 shadow-md`,
  subContent: `${popover} min-w-[8rem] overflow-hidden p-1 shadow-lg`,
  item: `${menuRow} px-2 py-1.5 data-[inset]:pl-8 data-[variant=destructive]:text-destructive data-[variant=destructive]:focus:bg-destructive/10 data-[variant=destructive]:focus:text-destructive dark:data-[variant=destructive]:focus:bg-destructive/20 ${iconSize} [&_svg:not([class*='text-'])]:text-muted-foreground data-[variant=destructive]:*:[svg]:text-destructive!`,
  choice: `${menuRow} py-1.5 pr-2 pl-8 ${iconSize}`,
  indicator: "pointer-events-none absolute left-2 flex size-3.5 items-center justify-center",
  subTrigger: `${menuRow} px-2 py-1.5 data-[inset]:pl-8 data-[state=open]:bg-accent data-[state=open]:text-accent-foreground ${iconSize} [&_svg:not([class*='text-'])]:text-muted-foreground`,
  label: "px-2 py-1.5 text-sm font-medium data-[inset]:pl-8",
  separator: "-mx-1 my-1 h-px bg-border",
  shortcut: "ml-auto text-xs tracking-widest text-muted-foreground",
} as const
