"use client";

import { useSyncExternalStore } from "react";
import { Laptop, Moon, RotateCcw, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { cn } from "@/lib/utils";

const themes = [
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
  { value: "system", label: "System", icon: Laptop },
];

const never = () => () => {};

function startOver() {
  try {
    window.localStorage.clear();
  } finally {
    window.location.assign("/");
  }
}

export function SettingsForm() {
  const { theme, setTheme } = useTheme();
  const ready = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return (
    <div className="mt-8 grid gap-4">
      <Card>
        <CardHeader>
          <CardTitle>Appearance</CardTitle>
          <CardDescription>System follows your device as it changes.</CardDescription>
        </CardHeader>
        <CardContent className="grid grid-cols-3 gap-3" role="group" aria-label="Appearance">
          {themes.map(({ value, label, icon: Icon }) => (
            <button
              key={value}
              type="button"
              aria-pressed={ready && theme === value}
              onClick={() => setTheme(value)}
              className={cn(
                "grid place-items-center gap-2 rounded-xl border p-4 text-sm transition-colors outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring",
                ready && theme === value && "border-primary bg-primary/5 text-primary",
              )}
            >
              <Icon className="size-5" />
              {label}
            </button>
          ))}
        </CardContent>
      </Card>
      <Card>
        <CardHeader>
          <CardTitle>Data</CardTitle>
          <CardDescription>Forget what was saved in this browser, and begin with the sample data again.</CardDescription>
        </CardHeader>
        <CardContent>
          <Button variant="outline" onClick={startOver}>
            <RotateCcw /> Start over
          </Button>
        </CardContent>
      </Card>
    </div>
  );
}
