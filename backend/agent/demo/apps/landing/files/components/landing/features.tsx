import { Card, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { features, voices } from "@/lib/landing/content";

export function Features() {
  return (
    <section id="features" className="mx-auto w-full max-w-6xl scroll-mt-20 px-4 py-20 md:px-6">
      <p className="text-sm font-medium text-primary">Features</p>
      <h2 className="mt-2 max-w-xl text-3xl font-semibold tracking-tight text-balance md:text-4xl">
        Everything after “let’s wrap up”, done.
      </h2>
      <div className="mt-10 grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {features.map(({ icon: Icon, title, text }) => (
          <Card key={title} className="transition hover:-translate-y-0.5 hover:border-primary/40 hover:shadow-md">
            <CardHeader>
              <span className="mb-3 grid size-11 place-items-center rounded-xl bg-primary/10 text-primary">
                <Icon className="size-5" />
              </span>
              <CardTitle className="text-lg">{title}</CardTitle>
              <CardDescription className="text-base leading-relaxed">{text}</CardDescription>
            </CardHeader>
          </Card>
        ))}
      </div>
      <div className="mt-16 grid gap-8 md:grid-cols-3">
        {voices.map(({ quote, name, role }) => (
          <figure key={name} className="border-l-2 border-primary/40 pl-5">
            <blockquote className="text-lg leading-snug text-pretty">“{quote}”</blockquote>
            <figcaption className="mt-3 text-sm text-muted-foreground">
              <span className="font-medium text-foreground">{name}</span>, {role}
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}
