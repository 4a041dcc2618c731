export const site = {
  name: "Lumen",
  headline: "Meetings end. Decisions stay.",
  description: "Listens in, writes down what was decided and who does what, and reminds them. You just talk.",
  nav: [
    { label: "Features", href: "/#features" },
    { label: "Pricing", href: "/#pricing" },
    { label: "FAQ", href: "/#faq" },
  ],
};
