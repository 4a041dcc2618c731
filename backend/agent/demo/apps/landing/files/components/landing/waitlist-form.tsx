"use client";

import { useState } from "react";
import { zodResolver } from "@hookform/resolvers/zod";
import { ArrowRight, PartyPopper } from "lucide-react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Spinner } from "@/components/ui/spinner";
import { joinedSchema, type WaitlistInput, waitlistSchema } from "@/lib/landing/waitlist";

export function WaitlistForm({ id }: { id: string }) {
  const [joined, setJoined] = useState<{ position: number; again: boolean } | null>(null);
  const form = useForm<WaitlistInput>({ resolver: zodResolver(waitlistSchema), defaultValues: { email: "" } });
  const { errors, isSubmitting } = form.formState;
  const message = errors.email?.message ?? errors.root?.message;

  const join = async (values: WaitlistInput) => {
    try {
      const response = await fetch("/api/waitlist", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(values),
      });
      if (!response.ok) throw new Error(`The server answered ${response.status}`);
      setJoined(joinedSchema.parse(await response.json()));
    } catch {
      form.setError("root", { message: "That did not work. Check your connection and try again." });
    }
  };

  if (joined) {
    return (
      <div
        role="status"
        className="mx-auto flex w-full max-w-md animate-in items-center gap-4 rounded-2xl border bg-card p-4 text-left shadow-sm fade-in zoom-in-95"
      >
        <span className="grid size-11 shrink-0 place-items-center rounded-full bg-primary/15 text-primary">
          <PartyPopper className="size-5" />
        </span>
        <div>
          <p className="font-medium">{joined.again ? "You are already in" : "You are on the list"}</p>
          <p className="text-sm text-muted-foreground">
            Number {joined.position.toLocaleString("en-US")} in line. We will write to {form.getValues("email")}.
          </p>
        </div>
      </div>
    );
  }

  return (
    <form onSubmit={form.handleSubmit(join)} noValidate className="mx-auto w-full max-w-md">
      <div className="flex flex-col gap-2 sm:flex-row">
        <Input
          id={id}
          type="email"
          autoComplete="email"
          aria-label="Email address"
          placeholder="you@company.com"
          aria-invalid={!!message}
          aria-describedby={`${id}-message`}
          className="h-11 rounded-full bg-background px-5"
          {...form.register("email")}
        />
        <Button type="submit" className="h-11 rounded-full px-6" disabled={isSubmitting}>
          {isSubmitting ? <Spinner /> : null}
          Get early access
          <ArrowRight />
        </Button>
      </div>
      <p id={`${id}-message`} role={message ? "alert" : undefined} className="mt-2 min-h-5 text-sm text-muted-foreground">
        {message ? <span className="text-destructive">{message}</span> : "Free while in beta. No spam, ever."}
      </p>
    </form>
  );
}
