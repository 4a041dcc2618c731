export default function Home() {
  return (
    <main className="grid min-h-svh place-items-center p-6">
      <div className="flex flex-col items-center gap-5 text-center">
        <div className="flex gap-1.5" aria-hidden="true">
          <span className="size-2 animate-pulse rounded-full bg-foreground/70" />
          <span className="size-2 animate-pulse rounded-full bg-foreground/70 [animation-delay:200ms]" />
          <span className="size-2 animate-pulse rounded-full bg-foreground/70 [animation-delay:400ms]" />
        </div>
        <h1 className="text-lg font-medium tracking-tight">Your app appears here</h1>
        <p className="max-w-xs text-sm text-balance text-muted-foreground">
          The first screen is shown as soon as it is written.
        </p>
      </div>
    </main>
  )
}
