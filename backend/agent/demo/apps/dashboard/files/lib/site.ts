export const site = {
  name: "Northstar",
  headline: "Good to see you, Jordan",
  description: "Here is how the shop is doing.",
  nav: [
    { label: "Overview", href: "/" },
    { label: "Customers", href: "/customers" },
    { label: "Traffic", href: "/traffic" },
  ],
};
