import { Sparkles } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { site } from "@/lib/site";
import { ProductPreview } from "./product-preview";
import { WaitlistForm } from "./waitlist-form";

export function Hero() {
  return (
    <section className="relative overflow-hidden px-4 pt-16 pb-20 text-center md:px-6 md:pt-24">
      <div className="absolute inset-0 -z-20 bg-[linear-gradient(to_right,var(--border)_1px,transparent_1px),linear-gradient(to_bottom,var(--border)_1px,transparent_1px)] mask-[radial-gradient(ellipse_60%_50%_at_50%_0%,black,transparent)] bg-size-[56px_56px] opacity-60" />
      <Badge variant="outline" className="gap-1.5 rounded-full bg-background px-3 py-1 text-muted-foreground">
        <Sparkles className="text-primary" /> Private beta, new invitations every week
      </Badge>
      <h1 className="mx-auto mt-6 max-w-3xl text-4xl font-semibold tracking-tight text-balance sm:text-5xl md:text-7xl md:leading-[1.05]">
        {site.headline}
      </h1>
      <p className="mx-auto mt-6 max-w-xl text-lg leading-relaxed text-balance text-muted-foreground">
        {site.name}: {site.description}
      </p>
      <div id="join" className="mt-8 scroll-mt-24">
        <WaitlistForm id="hero-email" />
      </div>
      <div className="mt-14">
        <ProductPreview />
      </div>
    </section>
  );
}
