import { Check, CircleDot, Mic } from "lucide-react";

const bars = [30, 62, 44, 80, 52, 92, 38, 70, 48, 86, 58, 34, 76, 50, 66, 40, 88, 54, 72, 36];

const notes = [
  { label: "Decided", text: "Ship the new onboarding on the 14th", who: "Everyone", done: true },
  { label: "Decided", text: "Keep the free plan as it is", who: "Priya", done: true },
  { label: "To do", text: "Rewrite the welcome email", who: "Jonas, by Thursday", done: false },
  { label: "Open", text: "Who talks to the Lisbon team?", who: "Nobody yet", done: false },
];

/** The product, drawn: a meeting on the left, what remains of it on the right. */
export function ProductPreview() {
  return (
    <div className="relative mx-auto max-w-4xl">
      <div className="absolute -inset-x-24 -inset-y-16 -z-10 bg-[radial-gradient(closest-side,color-mix(in_oklab,var(--primary)_28%,transparent),transparent)]" />
      <div className="grid overflow-hidden rounded-2xl border bg-card text-left shadow-2xl md:grid-cols-[2fr_3fr]">
        <div className="border-b bg-muted/40 p-6 md:border-r md:border-b-0">
          <p className="flex items-center gap-2 text-sm font-medium">
            <span className="relative flex size-2.5">
              <span className="absolute size-full animate-ping rounded-full bg-rose-500 opacity-60" />
              <span className="size-2.5 rounded-full bg-rose-500" />
            </span>
            Product weekly
          </p>
          <p className="mt-1 text-xs text-muted-foreground">24:08, five people</p>
          <div className="mt-6 flex h-24 items-center gap-1" aria-hidden="true">
            {bars.map((height, n) => (
              <span
                key={n}
                className="flex-1 rounded-full bg-primary"
                style={{ height: `${height}%`, opacity: n < 13 ? 0.85 : 0.25 }}
              />
            ))}
          </div>
          <p className="mt-6 flex items-start gap-2 text-sm text-muted-foreground">
            <Mic className="mt-0.5 size-4 shrink-0" />
            “…so we go on the fourteenth, and Jonas takes the email?”
          </p>
        </div>
        <div className="p-6">
          <p className="text-sm font-medium">What stays</p>
          <ul className="mt-4 grid gap-3">
            {notes.map(({ label, text, who, done }, n) => (
              <li
                key={text}
                className="flex animate-in items-start gap-3 rounded-xl border bg-background p-3 fill-mode-both fade-in slide-in-from-bottom-2"
                style={{ animationDelay: `${300 + n * 250}ms`, animationDuration: "500ms" }}
              >
                <span
                  className={`mt-0.5 grid size-5 shrink-0 place-items-center rounded-full ${done ? "bg-primary text-primary-foreground" : "border text-muted-foreground"}`}
                >
                  {done ? <Check className="size-3" /> : <CircleDot className="size-3" />}
                </span>
                <span className="min-w-0 flex-1">
                  <span className="block text-sm font-medium">{text}</span>
                  <span className="text-xs text-muted-foreground">{who}</span>
                </span>
                <span className="text-xs text-muted-foreground">{label}</span>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  );
}
