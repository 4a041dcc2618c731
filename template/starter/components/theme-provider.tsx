"use client"

import * as React from "react"
import { ThemeProvider as NextThemesProvider } from "next-themes"

// The server's markup sets the theme before the first paint. React warns of a script that it renders in the browser, where it never runs.
const scriptProps = typeof window === "undefined" ? undefined : { type: "application/json" }

function ThemeProvider({ children, ...props }: React.ComponentProps<typeof NextThemesProvider>) {
  return (
    <NextThemesProvider
      attribute="class"
      defaultTheme="system"
      enableSystem
      disableTransitionOnChange
      scriptProps={scriptProps}
      {...props}
    >
      {children}
    </NextThemesProvider>
  )
}

export { ThemeProvider }
