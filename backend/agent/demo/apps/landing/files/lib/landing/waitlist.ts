import { z } from "zod";

export const waitlistSchema = z.object({
  email: z.email("That does not look like an email address"),
});

export type WaitlistInput = z.infer<typeof waitlistSchema>;

export const joinedSchema = z.object({ position: z.number(), again: z.boolean() });
