import { BellRing, FileCheck2, Languages, Lock, type LucideIcon, Search, Users } from "lucide-react";
import { site } from "@/lib/site";

export const features: { icon: LucideIcon; title: string; text: string }[] = [
  { icon: FileCheck2, title: "Decisions, not transcripts", text: "One page a meeting: what was decided, by whom, and what is still open." },
  { icon: BellRing, title: "Follows up for you", text: "Each task gets an owner and a date. A gentle nudge arrives the day before." },
  { icon: Search, title: "Ask your past", text: "“Why did we drop the beta?” gets an answer with the minute it was said." },
  { icon: Languages, title: "Speaks 32 languages", text: "Everyone talks in theirs. The notes come out in yours." },
  { icon: Lock, title: "Private by design", text: "Audio is deleted after a minute. Nothing trains a model, ever." },
  { icon: Users, title: "Works where you meet", text: "In video calls, on the phone, or from a laptop in the middle of the table." },
];

export const plans = [
  {
    name: "Solo",
    monthly: 0,
    text: "For trying it out on your own.",
    points: ["5 meetings a month", "Decisions and tasks", "Search your last 30 days"],
  },
  {
    name: "Team",
    monthly: 12,
    text: "For teams that meet too often.",
    points: ["Unlimited meetings", "Reminders and owners", "Search everything", "Slack and calendar"],
    popular: true,
  },
  {
    name: "Company",
    monthly: 24,
    text: "For many teams and careful lawyers.",
    points: ["Everything in Team", "Single sign-on", "Your own retention rules", "A person to call"],
  },
];

export const questions = [
  {
    question: "When will I get in?",
    answer: "We invite a few hundred people every week, in the order they joined. You see your place as soon as you sign up.",
  },
  {
    question: "Does it join calls as a bot?",
    answer: `No. ${site.name} runs on your own device, so nobody has to admit a stranger to the room.`,
  },
  {
    question: "What happens to the recordings?",
    answer: "They are turned into text on your device and deleted a minute later. Only the notes are kept, encrypted.",
  },
  {
    question: "Can I take my notes with me?",
    answer: "Any time, as Markdown or PDF. One click, no questions, no waiting.",
  },
];

export const voices = [
  { quote: "I stopped taking notes and started listening. My team noticed before I did.", name: "Priya Raman", role: "Head of Product, Fold" },
  { quote: "Our Monday meeting went from an hour to twenty minutes.", name: "Jonas Weber", role: "Founder, Kiesel" },
  { quote: "It remembers who promised what. That alone is worth it.", name: "Amélie Roux", role: "Studio lead, Nord" },
];
