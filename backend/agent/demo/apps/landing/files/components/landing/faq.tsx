import { Accordion, AccordionContent, AccordionItem, AccordionTrigger } from "@/components/ui/accordion";
import { questions } from "@/lib/landing/content";

export function Faq() {
  return (
    <section id="faq" className="mx-auto grid w-full max-w-6xl scroll-mt-20 gap-8 px-4 py-20 md:grid-cols-[1fr_2fr] md:px-6">
      <div>
        <p className="text-sm font-medium text-primary">FAQ</p>
        <h2 className="mt-2 text-3xl font-semibold tracking-tight md:text-4xl">Fair questions</h2>
      </div>
      <Accordion type="single" collapsible defaultValue={questions[0]?.question}>
        {questions.map(({ question, answer }) => (
          <AccordionItem key={question} value={question}>
            <AccordionTrigger className="text-base">{question}</AccordionTrigger>
            <AccordionContent className="text-base leading-relaxed text-muted-foreground">{answer}</AccordionContent>
          </AccordionItem>
        ))}
      </Accordion>
    </section>
  );
}
