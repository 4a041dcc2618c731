import type { Metadata } from "next";
import { SettingsForm } from "@/components/settings-form";
import { Shell } from "@/components/{{app}}/shell";
import { site } from "@/lib/site";

export const metadata: Metadata = { title: `{{title}} · ${site.name}` };

export default function {{component}}Page() {
  return (
    <Shell>
      <main className="mx-auto w-full max-w-2xl flex-1 px-4 py-12 md:px-6">
        <h1 className="text-3xl font-semibold tracking-tight">{{title}}</h1>
        <p className="mt-2 text-muted-foreground">Make {site.name} yours.</p>
        <SettingsForm />
      </main>
    </Shell>
  );
}
