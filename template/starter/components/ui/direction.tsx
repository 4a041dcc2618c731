"use client"

import * as React from "react"
import { Direction } from "radix-ui"

/** Accepts `direction` as another name of `dir`. */
function DirectionProvider({
  dir,
  direction,
  children,
}: Omit<React.ComponentProps<typeof Direction.DirectionProvider>, "dir"> & {
  dir?: "ltr" | "rtl"
  direction?: "ltr" | "rtl"
}) {
  return <Direction.DirectionProvider dir={direction ?? dir ?? "ltr"}>{children}</Direction.DirectionProvider>
}

const useDirection = Direction.useDirection

export { DirectionProvider, useDirection }
