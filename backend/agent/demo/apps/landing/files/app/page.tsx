import { Faq } from "@/components/landing/faq";
import { Features } from "@/components/landing/features";
import { Hero } from "@/components/landing/hero";
import { Pricing } from "@/components/landing/pricing";
import { Shell } from "@/components/landing/shell";
import { WaitlistForm } from "@/components/landing/waitlist-form";

export default function Page() {
  return (
    <Shell>
      <main className="flex-1">
        <Hero />
        <Features />
        <Pricing />
        <Faq />
        <section className="mx-auto max-w-6xl px-4 pb-20 md:px-6">
          <div className="rounded-3xl border bg-linear-to-br from-primary/15 via-background to-fuchsia-500/10 px-6 py-14 text-center">
            <h2 className="text-3xl font-semibold tracking-tight text-balance md:text-4xl">Your next meeting could be shorter.</h2>
            <div className="mt-8">
              <WaitlistForm id="footer-email" />
            </div>
          </div>
        </section>
      </main>
    </Shell>
  );
}
