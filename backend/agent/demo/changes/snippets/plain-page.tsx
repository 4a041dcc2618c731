import type { Metadata } from "next";
import Link from "next/link";
import { ArrowLeft } from "lucide-react";
import { Shell } from "@/components/{{app}}/shell";
import { Button } from "@/components/ui/button";
import { site } from "@/lib/site";

export const metadata: Metadata = { title: `{{title}} · ${site.name}` };

export default function {{component}}Page() {
  return (
    <Shell>
      <main className="mx-auto flex w-full max-w-3xl flex-1 flex-col items-start px-4 py-12 md:px-6 md:py-16">
        <p className="text-sm font-medium text-primary">{site.name}</p>
        <h1 className="mt-2 text-4xl font-semibold tracking-tight">{{title}}</h1>
        <p className="mt-4 text-lg leading-relaxed text-muted-foreground">
          A new page, ready for its content. Say what should stand here.
        </p>
        <Button asChild variant="outline" className="mt-8">
          <Link href="/">
            <ArrowLeft /> Back
          </Link>
        </Button>
      </main>
    </Shell>
  );
}
