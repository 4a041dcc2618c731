"use client";

import { useState } from "react";
import { Check } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardFooter, CardHeader, CardTitle } from "@/components/ui/card";
import { plans } from "@/lib/landing/content";
import { cn } from "@/lib/utils";

export function Pricing() {
  const [yearly, setYearly] = useState(true);
  return (
    <section id="pricing" className="scroll-mt-16 border-y bg-muted/40">
      <div className="mx-auto max-w-6xl px-4 py-20 md:px-6">
        <div className="flex flex-wrap items-end justify-between gap-6">
          <div>
            <p className="text-sm font-medium text-primary">Pricing</p>
            <h2 className="mt-2 text-3xl font-semibold tracking-tight md:text-4xl">Cheaper than one meeting.</h2>
          </div>
          <div className="flex items-center gap-3">
            <div className="flex rounded-full border bg-background p-1" role="group" aria-label="How to pay">
              {[false, true].map((value) => (
                <button
                  key={String(value)}
                  type="button"
                  aria-pressed={yearly === value}
                  onClick={() => setYearly(value)}
                  className={cn(
                    "rounded-full px-4 py-1.5 text-sm text-muted-foreground transition-colors outline-none focus-visible:ring-2 focus-visible:ring-ring",
                    yearly === value && "bg-primary font-medium text-primary-foreground",
                  )}
                >
                  {value ? "Yearly" : "Monthly"}
                </button>
              ))}
            </div>
            <Badge variant="secondary">Two months free</Badge>
          </div>
        </div>
        <div className="mt-10 grid gap-4 lg:grid-cols-3">
          {plans.map(({ name, monthly, text, points, popular }) => (
            <Card key={name} className={cn("relative", popular && "border-primary shadow-lg")}>
              {popular && <Badge className="absolute -top-2.5 left-6">Most chosen</Badge>}
              <CardHeader>
                <CardTitle className="text-lg">{name}</CardTitle>
                <CardDescription>{text}</CardDescription>
              </CardHeader>
              <CardContent className="flex-1">
                <p className="flex items-baseline gap-1">
                  <span className="text-4xl font-semibold tracking-tight tabular-nums">
                    ${yearly ? Math.round((monthly * 10) / 12) : monthly}
                  </span>
                  <span className="text-sm text-muted-foreground">a person, a month</span>
                </p>
                <ul className="mt-6 grid gap-2.5 text-sm">
                  {points.map((point) => (
                    <li key={point} className="flex items-center gap-2">
                      <Check className="size-4 text-primary" /> {point}
                    </li>
                  ))}
                </ul>
              </CardContent>
              <CardFooter>
                <Button asChild className="w-full rounded-full" variant={popular ? "default" : "outline"}>
                  <a href="#join">Join the waitlist</a>
                </Button>
              </CardFooter>
            </Card>
          ))}
        </div>
      </div>
    </section>
  );
}
