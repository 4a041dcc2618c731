import type { Metadata } from "next";
import { Heart, ShieldCheck, Zap } from "lucide-react";
import { Shell } from "@/components/{{app}}/shell";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { site } from "@/lib/site";

export const metadata: Metadata = { title: `{{title}} · ${site.name}` };

const values = [
  { icon: Zap, title: "Fast by default", text: "Every screen answers at once. Waiting is a bug." },
  { icon: ShieldCheck, title: "Yours alone", text: "What you enter stays in your browser until you decide otherwise." },
  { icon: Heart, title: "Made with care", text: "Small details, readable words, and room to think." },
];

export default function {{component}}Page() {
  return (
    <Shell>
      <main className="mx-auto w-full max-w-4xl flex-1 px-4 py-12 md:px-6 md:py-16">
        <p className="text-sm font-medium text-primary">{{title}}</p>
        <h1 className="mt-2 text-4xl font-semibold tracking-tight text-balance">The idea behind {site.name}</h1>
        <p className="mt-4 max-w-2xl text-lg leading-relaxed text-muted-foreground">{site.description}</p>
        <div className="mt-12 grid gap-4 sm:grid-cols-3">
          {values.map(({ icon: Icon, title, text }) => (
            <Card key={title}>
              <CardHeader>
                <span className="mb-2 grid size-10 place-items-center rounded-lg bg-primary/10 text-primary">
                  <Icon className="size-5" />
                </span>
                <CardTitle>{title}</CardTitle>
                <CardDescription className="leading-relaxed">{text}</CardDescription>
              </CardHeader>
            </Card>
          ))}
        </div>
        <Card className="mt-4 bg-primary text-primary-foreground">
          <CardContent className="flex flex-wrap items-center justify-between gap-4">
            <p className="text-lg font-medium">Questions, ideas, or something that annoys you?</p>
            <a href="mailto:hello@example.com" className="font-medium underline underline-offset-4">
              hello@example.com
            </a>
          </CardContent>
        </Card>
      </main>
    </Shell>
  );
}
