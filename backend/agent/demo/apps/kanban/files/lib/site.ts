export const site = {
  name: "Flowboard",
  headline: "Sprint 14",
  description: "Plan, prioritise and ship together. Drag a card to move it along.",
  nav: [{ label: "Board", href: "/" }],
};
