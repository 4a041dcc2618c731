import { NextResponse } from "next/server";
import { waitlistSchema } from "@/lib/landing/waitlist";

const FIRST_POSITION = 1284;

/** Kept in memory: connect a database before you launch. */
const emails: string[] = [];

export async function GET() {
  return NextResponse.json({ waiting: FIRST_POSITION - 1 + emails.length });
}

export async function POST(request: Request) {
  const body: unknown = await request.json().catch(() => null);
  const input = waitlistSchema.safeParse(body);
  if (!input.success) {
    return NextResponse.json({ error: input.error.issues[0]?.message ?? "Invalid input" }, { status: 400 });
  }
  const email = input.data.email.toLowerCase();
  const again = emails.includes(email);
  if (!again) emails.push(email);
  return NextResponse.json({ position: FIRST_POSITION + emails.indexOf(email), again }, { status: again ? 200 : 201 });
}
