import * as React from "react"

import { disabledControl, focusRing, invalidRing } from "@/components/ui/styles"
import { cn } from "@/lib/utils"

function Textarea({ className, ...props }: React.ComponentProps<"textarea">) {
  return (
    <textarea
      data-slot="textarea"
      className={cn(
        "flex field-sizing-content min-h-16 w-full rounded-md border border-input bg-transparent px-3 py-2 text-base shadow-xs transition-[color,box-shadow] placeholder:text-muted-foreground md:text-sm dark:bg-input/30",
        focusRing,
        invalidRing,
        disabledControl,
        className
      )}
      {...props}
    />
  )
}

export { Textarea }
