export const site = {
  name: "Cinemo",
  headline: "Number one this week",
  description: "Films and series worth staying up for.",
  nav: [
    { label: "Home", href: "/" },
    { label: "My list", href: "/my-list" },
  ],
};
