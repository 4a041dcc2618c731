import { format, parseISO, subDays } from "date-fns";

export type Day = { date: string; label: string; revenue: number; orders: number; visitors: number; refunds: number };

export const channels = ["Search", "Social", "Email", "Direct"] as const;
export type Channel = (typeof channels)[number];

/** The same numbers on the server and in the browser, for every reload. */
function noise(seed: number) {
  const x = Math.sin(seed * 127.1 + 311.7) * 43758.5453;
  return x - Math.floor(x);
}

/** The last `count` days up to `today` (yyyy-MM-dd), oldest first. */
export function lastDays(today: string, count: number): Day[] {
  return Array.from({ length: count }, (_, index) => {
    const ago = count - 1 - index;
    const date = subDays(parseISO(today), ago);
    const weekend = [0, 6].includes(date.getDay()) ? 0.72 : 1;
    const growth = 1 + (180 - ago) / 300;
    const visitors = Math.round((1450 + noise(ago) * 620) * weekend * growth);
    const orders = Math.round(visitors * (0.026 + noise(ago + 500) * 0.012));
    const revenue = Math.round(orders * (58 + noise(ago + 900) * 26));
    const refunds = Math.round(revenue * noise(ago + 1300) * 0.05);
    return { date: format(date, "yyyy-MM-dd"), label: format(date, "MMM d"), revenue, orders, visitors, refunds };
  });
}

export function byChannel(days: Day[]) {
  const shares: Record<Channel, number> = { Search: 0.41, Social: 0.24, Email: 0.2, Direct: 0.15 };
  return days.map(({ label, visitors }, index) => {
    const row: { label: string } & Partial<Record<Channel, number>> = { label };
    channels.forEach((channel, n) => {
      row[channel] = Math.round(visitors * shares[channel] * (0.8 + noise(index * 7 + n) * 0.4));
    });
    return row;
  });
}

export const pages = [
  { path: "/", views: 48210, seconds: 64 },
  { path: "/collections/autumn", views: 21876, seconds: 92 },
  { path: "/products/merino-crew", views: 17340, seconds: 118 },
  { path: "/journal/how-we-dye", views: 9312, seconds: 201 },
  { path: "/products/field-jacket", views: 8745, seconds: 105 },
];

export type Status = "Paid" | "Shipped" | "Pending" | "Refunded";
export type Order = { id: string; customer: string; email: string; product: string; status: Status; amount: number };

export const orders: Order[] = [
  { id: "#4821", customer: "Olivia Martin", email: "olivia@hey.com", product: "Field jacket", status: "Paid", amount: 189 },
  { id: "#4820", customer: "Jackson Lee", email: "jackson@fastmail.com", product: "Merino crew", status: "Shipped", amount: 96 },
  { id: "#4819", customer: "Isabella Nguyen", email: "bella@proton.me", product: "Canvas tote", status: "Pending", amount: 42.5 },
  { id: "#4818", customer: "William Kim", email: "will@kim.dev", product: "Wool beanie", status: "Paid", amount: 28 },
  { id: "#4817", customer: "Sofia Davis", email: "sofia@davis.co", product: "Field jacket", status: "Refunded", amount: 189 },
  { id: "#4816", customer: "Ethan Brown", email: "ethan@brown.io", product: "Linen shirt", status: "Shipped", amount: 84 },
  { id: "#4815", customer: "Amara Okafor", email: "amara@okafor.ng", product: "Merino crew", status: "Paid", amount: 96 },
  { id: "#4814", customer: "Lucas Moreau", email: "lucas@moreau.fr", product: "Canvas tote", status: "Shipped", amount: 85 },
  { id: "#4813", customer: "Hana Sato", email: "hana@sato.jp", product: "Linen shirt", status: "Pending", amount: 168 },
  { id: "#4812", customer: "Noah Fischer", email: "noah@fischer.de", product: "Wool beanie", status: "Paid", amount: 56 },
];

export const customers = [
  { name: "Olivia Martin", email: "olivia@hey.com", country: "United States", orders: 14, spent: 1842, plan: "Gold" },
  { name: "Hana Sato", email: "hana@sato.jp", country: "Japan", orders: 11, spent: 1510, plan: "Gold" },
  { name: "Lucas Moreau", email: "lucas@moreau.fr", country: "France", orders: 9, spent: 1127, plan: "Silver" },
  { name: "Amara Okafor", email: "amara@okafor.ng", country: "Nigeria", orders: 8, spent: 968, plan: "Silver" },
  { name: "Jackson Lee", email: "jackson@fastmail.com", country: "Canada", orders: 6, spent: 702, plan: "Silver" },
  { name: "Noah Fischer", email: "noah@fischer.de", country: "Germany", orders: 4, spent: 388, plan: "New" },
  { name: "Sofia Davis", email: "sofia@davis.co", country: "United Kingdom", orders: 3, spent: 341, plan: "New" },
  { name: "Ethan Brown", email: "ethan@brown.io", country: "Australia", orders: 2, spent: 168, plan: "New" },
];
