export const site = {
  name: "Pennywell",
  headline: "Your spending",
  description: "Know where the money goes, and what is left this month.",
  nav: [{ label: "Overview", href: "/" }],
};
